"""Publish a model folder on the Hub, in one commit, and print its address."""

import argparse
from pathlib import Path

from fer_hub.hub.upload import push_model


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.epilog = "Example: %(prog)s runs/mine/model you/mine"
    parser.add_argument("folder", type=Path, metavar="DIR", help="the model folder, such as runs/mine/model")
    parser.add_argument("repository", metavar="[owner/]name", help="made where it is missing; owner: you by default")
    parser.add_argument("--public", action="store_true", help="everybody can see it (default: only you)")
    parser.add_argument("--private", action="store_true", help=argparse.SUPPRESS)  # what is done anyway, since 0.2


def run(options: argparse.Namespace) -> None:
    """Publish a model folder and print its address."""
    print(f"Pushed: {push_model(options.folder, options.repository, public=options.public)}")
