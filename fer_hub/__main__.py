"""fer-hub COMMAND, and python -m fer_hub COMMAND: the same commands, see fer_hub/commands."""

import argparse
import sys
from importlib import import_module
from pathlib import Path

from fer_hub import __version__
from fer_hub.arguments import ArgumentParser, nearest
from fer_hub.commands import COMMANDS
from fer_hub.errors import InputError, plain, run_command


def main(arguments: list[str] | None = None) -> None:
    """Run the command that the arguments name. Raises InputError where they name none."""
    arguments = sys.argv[1:] if arguments is None else arguments
    program = "fer-hub" if Path(sys.argv[0]).stem == "fer-hub" else "python -m fer_hub"
    given = arguments[0] if arguments else ""
    if given in COMMANDS:
        command = import_module(f"fer_hub.commands.{given}")
        parser = ArgumentParser(prog=f"{program} {given}", description=command.__doc__)
        command.add_arguments(parser)
        command.run(parser.parse_args(arguments[1:]))
    elif given.startswith("-"):
        _overview(program).parse_args(arguments)
    else:
        wrong = f"there is no command {plain(given)!r}{nearest(given, COMMANDS)}" if given else "no command is given"
        raise InputError(f"{wrong}; the commands are {', '.join(COMMANDS)}, and {program} --help says what they do.")


def console() -> int:
    """Run the command that was typed and return its exit status."""
    return run_command(main)


def _overview(program: str) -> ArgumentParser:
    """What answers --help and --version."""
    width = max(map(len, COMMANDS))
    lines = "\n".join(f"  {name:{width}}  {does}" for name, does in COMMANDS.items())
    parser = ArgumentParser(
        prog=program,
        usage=f"{program} COMMAND ...",
        description=f"Name the expression that a face shows (which is not what a person feels).\n\ncommands:\n{lines}",
        epilog=f"{program} COMMAND --help shows a command's own arguments.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"FER Hub {__version__}", help="show the version")
    return parser


if __name__ == "__main__":
    sys.exit(console())
