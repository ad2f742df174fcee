"""Command-line arguments whose errors are one line that names the nearest right word."""

import argparse
import sys
from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from typing import Any, NoReturn

from fer_hub.errors import InputError, plain


class ArgumentParser(argparse.ArgumentParser):
    """argparse's parser, except that it raises InputError where that one prints a usage and ends the program."""

    def error(self, message: str) -> NoReturn:
        raise InputError(f"{message}; see {self.prog} --help.")

    def parse_args(self, args: Sequence[str] | None = None, namespace: Any = None) -> Any:  # type: ignore[override]
        """Parse all arguments. A flag that does not exist is named first, whatever else may be missing."""
        args = sys.argv[1:] if args is None else list(args)
        shown = [flag for action in self._actions if action.help != argparse.SUPPRESS for flag in action.option_strings]
        for word in args[: args.index("--") if "--" in args else None]:
            flag = word.partition("=")[0]
            if flag.startswith("--") and not any(known.startswith(flag) for known in self._option_string_actions):
                self.error(f"there is no flag {plain(flag)}{nearest(flag, shown)}")
        options, further = self.parse_known_args(args, namespace)
        if further:
            self.error(f"{plain(further[0])!r} is one argument too many")
        return options


def nearest(word: str, known: Iterable[str]) -> str:
    """` (did you mean X?)` for the known word that is most like this one; empty where none is like it."""
    spelled = {each.lower().lstrip("-"): each for each in known}  # the dashes would make all flags alike
    alike = get_close_matches(word.lower().lstrip("-"), spelled, n=1)
    return f" (did you mean {spelled[alike[0]]}?)" if alike else ""
