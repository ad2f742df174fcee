"""Make or update the Space that the Spacefile describes, wait until it runs, and print its address."""

import argparse
from pathlib import Path

from fer_hub.space.deploy import deploy


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--dry-run", action="store_true", help="print what would be done, and do nothing")
    parser.add_argument("--renew-secrets", action="store_true", help="set the secrets that the Space has already, too")
    parser.add_argument(
        "--spacefile", type=Path, default=Path("Spacefile"), metavar="FILE", help="(default: the one here)"
    )


def run(options: argparse.Namespace) -> None:
    """Carry out the plan, or print it."""
    deploy(options.spacefile, options.dry_run, options.renew_secrets, say=print)
