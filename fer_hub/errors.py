"""The errors a user can meet, and how a command ends on them."""

import os
import re
import sys
from collections.abc import Callable


class FerHubError(Exception):
    """Base of every error raised on purpose; its message says what was given, expected and to do."""


class InputError(FerHubError):
    """What the user gave cannot be used: a picture, a reference, a dataset, a setting."""


def plain(text: str, most: int = 80) -> str:
    """A stranger's text as part of a message: short, and nothing in it that a terminal or a browser would act on."""
    return re.sub(r"[^\w .,:;/@+()=-]", "?", text)[:most]


def run_command(main: Callable[[], None], interrupted: str = "stopped.") -> int:
    """Run a command's main function and return its exit status: 0 done, 1 our failure, 2 the user's input.

    `interrupted` is said where the user stops it with Ctrl-C (status 130).
    """
    try:
        main()
        sys.stdout.flush()
    except BrokenPipeError:  # the reader, such as `head`, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except InputError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except FerHubError as error:
        print(f"failed: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(interrupted, file=sys.stderr)
        return 130
    return 0
