"""List the models that ship here, in the cache and on the Hub, with their accuracy."""

import argparse
import json
import sys
from dataclasses import asdict

from fer_hub.hub.catalogue import ListedModel, models_here, models_on_hub
from fer_hub.published_datasets import short_title


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print one JSON list instead of text")


def run(options: argparse.Namespace) -> None:
    """Print the list of models. Without the Hub, those on this machine."""
    listed = list(models_here())
    on_hub, missing = models_on_hub()
    listed += on_hub
    if missing:
        print(f"Only models on this machine are listed: {missing}.", file=sys.stderr)
    if options.json:
        print(json.dumps([asdict(model) for model in listed], indent=2))
        return
    width = max((len(model.reference) for model in listed), default=0)
    for model in listed:
        print(f"{model.place:7}  {model.reference:{width}}  {_facts(model)}")


def _facts(model: ListedModel) -> str:
    facts = [
        model.purpose,
        model.architecture,
        f"{model.parameters:,} parameters" if model.parameters else None,
        f"{model.bytes / 1e6:.1f} MB" if model.bytes else None,
        "not evaluated" if model.accuracy is None else f"{model.accuracy:.1%} on {short_title(str(model.dataset))}",
        model.date,
    ]
    return ", ".join(fact for fact in facts if fact)
