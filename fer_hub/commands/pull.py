"""Fetch a model from the Hub for use offline, and print the folder it lies in."""

import argparse

from fer_hub.hub.references import resolve


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.epilog = "Example: %(prog)s owner/name@main"
    parser.add_argument("model", metavar="owner/name[@revision]", help="a repository, at a branch, tag or commit")


def run(options: argparse.Namespace) -> None:
    """Print the folder that a model lies in, once it does."""
    print(resolve(options.model))
