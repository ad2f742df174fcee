"""python -m fer_hub recognize | models | pull | push | export | deploy"""

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path

from fer_hub.errors import InputError, run_command
from fer_hub.export.onnx_file import FORMATS, export_onnx
from fer_hub.hub.catalogue import ListedModel, models_here, models_on_hub
from fer_hub.hub.references import resolve
from fer_hub.hub.upload import push_model
from fer_hub.recognizer import ExpressionRecognizer, FaceExpression
from fer_hub.space.deploy import deploy


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        prog="python -m fer_hub",
        description="Name the expression that a face shows (which is not what a person feels).",
    )
    commands = parser.add_subparsers(title="commands", required=True)

    command = commands.add_parser("recognize", help="find the faces in pictures and name each one's expression")
    command.add_argument("pictures", nargs="+", metavar="PICTURE", help="JPEG, PNG or WebP file")
    command.add_argument(
        "--model",
        action="append",
        default=[],
        metavar="REF",
        help="bundled name, model folder, or owner/name[@revision]; repeat for an ensemble (default: the best bundled)",
    )
    command.add_argument("--json", action="store_true", help="print one JSON list instead of text")
    command.set_defaults(run=recognize)

    command = commands.add_parser("models", help="list the models that ship here, in the cache and on the Hub")
    command.add_argument("--json", action="store_true", help="print one JSON list instead of text")
    command.set_defaults(run=models)

    command = commands.add_parser("pull", help="fetch a model from the Hub for use offline, and print its folder")
    command.add_argument("model", metavar="owner/name[@revision]", help="a repository, at a branch, tag or commit")
    command.set_defaults(run=pull)

    command = commands.add_parser("push", help="publish a model folder on the Hub, in one commit")
    command.add_argument("folder", type=Path, metavar="DIR", help="the model folder, such as runs/mine/model")
    command.add_argument("repository", metavar="[owner/]name", help="made where it is missing; owner: you by default")
    command.add_argument("--private", action="store_true", help="only you can see it")
    command.set_defaults(run=push)

    command = commands.add_parser("export", help="write a model as one file that needs none of this code")
    command.add_argument("model", metavar="REF", help="bundled name, model folder, or owner/name[@revision]")
    command.add_argument("--format", choices=FORMATS, default="onnx", help="format of the file (default: onnx)")
    command.add_argument("--output", type=Path, metavar="FILE", help="where it goes (default: the model's name, here)")
    command.set_defaults(run=export)

    command = commands.add_parser("deploy", help="make or update the Space that the Spacefile describes")
    command.add_argument("--dry-run", action="store_true", help="print what would be done, and do nothing")
    command.add_argument("--renew-secrets", action="store_true", help="set the secrets that the Space has already, too")
    command.add_argument(
        "--spacefile", type=Path, default=Path("Spacefile"), metavar="FILE", help="(default: the one here)"
    )
    command.set_defaults(run=lambda given: deploy(given.spacefile, given.dry_run, given.renew_secrets))

    options = parser.parse_args(arguments)
    options.run(options)


def recognize(options: argparse.Namespace) -> None:
    """Print the faces of each picture; pictures that cannot be read are named at the end."""
    recognizer = ExpressionRecognizer.from_pretrained(*options.model)
    results, refused = [], []
    for picture in options.pictures:
        try:
            faces = recognizer(picture)
        except InputError as error:
            refused.append(str(error))
            continue
        results.append({"picture": picture, "faces": [face.to_dict() for face in faces]})
        if not options.json:
            print(f"{picture}: {_count(len(faces))}")
            for number, face in enumerate(faces, 1):
                print(f"  {number}. {_line(face)}")
    if options.json:
        print(json.dumps(results, indent=2))
    if refused:
        raise InputError(" ".join(refused))


def models(options: argparse.Namespace) -> None:
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


def pull(options: argparse.Namespace) -> None:
    """Print the folder that a model lies in, once it does."""
    print(resolve(options.model))


def push(options: argparse.Namespace) -> None:
    """Publish a model folder and print its address."""
    print(f"Pushed: {push_model(options.folder, options.repository, options.private)}")


def _facts(model: ListedModel) -> str:
    facts = [
        model.architecture,
        f"{model.parameters:,} parameters" if model.parameters else None,
        f"{model.bytes / 1e6:.1f} MB" if model.bytes else None,
        "not evaluated" if model.accuracy is None else f"{model.accuracy:.1%} on {model.dataset}",
        model.date,
    ]
    return ", ".join(fact for fact in facts if fact)


def export(options: argparse.Namespace) -> None:
    """Write a model in another format and say how far its answers are from ours."""
    file = options.output or Path(f"{Path(options.model.partition('@')[0]).name}.{options.format}")
    difference = export_onnx(options.model, file)
    compared = (
        "not compared with torch: pip install onnxruntime"
        if difference is None
        else f"largest difference from torch in a probability: {difference:.1g}"
    )
    print(f"{file}: {file.stat().st_size / 1e6:.1f} MB; {compared}.")


def _count(faces: int) -> str:
    return "no face found" if faces == 0 else "1 face" if faces == 1 else f"{faces} faces"


def _line(face: FaceExpression) -> str:
    (first, likely), (second, next_likely) = sorted(face.probabilities.items(), key=lambda item: -item[1])[:2]
    left, top, right, bottom = (round(value) for value in face.box)
    return f"{first} {likely:.0%} (then {second} {next_likely:.0%}), at x {left}-{right}, y {top}-{bottom} px"


if __name__ == "__main__":
    sys.exit(run_command(main))
