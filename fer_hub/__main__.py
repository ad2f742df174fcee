"""python -m fer_hub recognize | models"""

import argparse
import json
import sys
from dataclasses import asdict

from fer_hub.errors import InputError, run_command
from fer_hub.hub import list_models
from fer_hub.recognizer import ExpressionRecognizer, FaceExpression


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

    command = commands.add_parser("models", help="list the models that ship with FER Hub")
    command.add_argument("--json", action="store_true", help="print one JSON list instead of text")
    command.set_defaults(run=models)

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
    """Print the list of models."""
    summaries = list_models()
    if options.json:
        print(json.dumps([asdict(model) for model in summaries], indent=2))
        return
    for model in summaries:
        accuracy = "not evaluated" if model.accuracy is None else f"{model.accuracy:.1%} on {model.dataset}"
        print(f"{model.reference}: {model.architecture}, {model.parameters:,} parameters, {accuracy}")


def _count(faces: int) -> str:
    return "no face found" if faces == 0 else "1 face" if faces == 1 else f"{faces} faces"


def _line(face: FaceExpression) -> str:
    (first, likely), (second, next_likely) = sorted(face.probabilities.items(), key=lambda item: -item[1])[:2]
    left, top, right, bottom = (round(value) for value in face.box)
    return f"{first} {likely:.0%} (then {second} {next_likely:.0%}), at x {left}-{right}, y {top}-{bottom} px"


if __name__ == "__main__":
    sys.exit(run_command(main))
