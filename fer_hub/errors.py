"""The errors a user can meet, and how a command ends on them."""

import errno
import io
import os
import re
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # the errors are there before, and without, the libraries that raise some of them
    from pydantic import ValidationError

NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
"""What the system says where a disk, or what somebody may use of it, is full."""


class FerHubError(Exception):
    """Base of every error raised on purpose; its message says what was given, expected and to do."""


class InputError(FerHubError):
    """What the user gave cannot be used: a picture, a reference, a dataset, a setting."""


def plain(text: str, most: int = 80) -> str:
    """A stranger's text as part of a message: short, and nothing in it that a terminal or a browser would act on."""
    return re.sub(r"[^\w .,:;/@+()=-]", "?", text)[:most]


def printable(text: str) -> str:
    """A name as one line of a terminal: control characters, and bytes that are no UTF-8, written as `\\x1b`."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape", "surrogatepass").decode() for c in text)


def first_problem(error: "ValidationError", spell: Callable[[str], str] = plain) -> str:
    """The first of the problems that pydantic found, as the middle of a sentence, without a full stop.

    `spell` turns the place of the value (`crop.size`; empty for the whole) into how the user knows it, such as a flag.
    Says `size is 'big'; it should be a valid integer` of a value, `size: unknown key` of one that has no place.
    """
    problem = error.errors(include_url=False)[0]
    place = spell(".".join(map(str, problem["loc"])))
    given, said = problem["input"], problem["msg"].removeprefix("Value error, ").partition(", unable to parse")[0]
    if problem["type"] == "extra_forbidden":
        return f"{place}: unknown key"
    if said.startswith("Input should ") and not isinstance(given, dict | list | tuple):
        return f"{place or 'it'} is {_quoted(given)}; it {said.removeprefix('Input ')}"
    return f"{place}: {said[0].lower() + said[1:]}" if place else said


def _quoted(value: object) -> str:
    """A value as a message shows it: text in quotes, both short and harmless."""
    return f"'{plain(value)}'" if isinstance(value, str) else plain(str(value))


def first_line(error: BaseException) -> str:
    """What an exception of a library says, in one line that can be printed: its kind where it says nothing."""
    lines = str(error).strip().splitlines()
    return printable(lines[0]).rstrip(".:") if lines else type(error).__name__


def run_command(main: Callable[[], None], interrupted: str = "stopped.") -> int:
    """Run a command's main function and return its exit status: 0 done, 1 our failure, 2 the user's input.

    `interrupted` is said where the user stops it with Ctrl-C (status 130), unless the KeyboardInterrupt itself says
    something. What the console's encoding lacks is written as an escape: a name must not end a command whose other
    answers are good.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        main()
        sys.stdout.flush()
    except BrokenPipeError:  # the reader, such as `head`, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except InputError as error:
        print(f"error: {printable(str(error))}", file=sys.stderr)
        return 2
    except FerHubError as error:
        print(f"failed: {printable(str(error))}", file=sys.stderr)
        return 1
    except OSError as error:
        if error.errno not in NO_ROOM:
            raise
        print(f"failed: {os.strerror(error.errno).lower()}; make room, and give the command again.", file=sys.stderr)
        return 1
    except KeyboardInterrupt as error:
        print(str(error) or interrupted, file=sys.stderr)
        return 130
    return 0
