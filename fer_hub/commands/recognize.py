"""Find the faces in pictures and name each one's expression, or write the timeline of a video."""

import argparse
import json
from pathlib import Path

from tqdm import tqdm

from fer_hub.errors import InputError, printable
from fer_hub.hub.references import DEFAULT_MODEL
from fer_hub.recognizer import ExpressionRecognizer, FaceExpression

VIDEO_SUFFIXES = (".mp4", ".m4v", ".mov", ".webm", ".mkv", ".avi", ".ts")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.epilog = "Examples: %(prog)s *.jpg --json; %(prog)s clip.mp4 --output clip.csv"
    parser.add_argument(
        "pictures",
        nargs="+",
        metavar="PICTURE",
        help="photo of any usual format; or, with --output, one video",
    )
    parser.add_argument(
        "--model",
        action="append",
        default=[],
        metavar="REF",
        help=f"bundled name, model folder, or owner/name[@revision]; repeat for an ensemble (default: {DEFAULT_MODEL})",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON list instead of text")
    parser.add_argument(
        "--output", type=Path, metavar="FILE.csv", help="for one video: where the table of who shows what when goes"
    )


def run(options: argparse.Namespace) -> None:
    """Print the faces of each picture, and then which cannot be read; or write the timeline of a video."""
    if options.output is not None:
        _write_timeline(options)
    else:
        _print_faces(options)


def _print_faces(options: argparse.Namespace) -> None:
    recognizer = ExpressionRecognizer.from_pretrained(*options.model)
    results, refused = [], []
    for picture in options.pictures:
        try:
            _refuse_video(picture)
            faces = recognizer(picture)
        except InputError as error:
            refused.append(str(error))
            continue
        results.append({"picture": picture, "faces": [face.to_dict() for face in faces]})
        if not options.json:
            print(f"{printable(picture)}: {_count(len(faces))}")
            for number, face in enumerate(faces, 1):
                print(f"  {number}. {_line(face)}")
    if options.json:
        print(json.dumps(results, indent=2))
    if refused:
        raise InputError(" ".join(refused))


def _write_timeline(options: argparse.Namespace) -> None:
    if len(options.pictures) != 1 or not _is_video(options.pictures[0]):
        raise InputError(f"--output is for one video ({', '.join(VIDEO_SUFFIXES)}); pictures are printed, see --json.")
    if options.output.suffix.lower() in VIDEO_SUFFIXES:
        raise InputError(
            f"--output is a table of who shows what when; {options.output.with_suffix('.csv').name} names one."
        )
    if not options.output.parent.is_dir():
        raise InputError(f"there is no folder {printable(str(options.output.parent))} for {options.output.name}.")
    from fer_hub.video.watching import write_timeline_csv  # noqa: PLC0415  PyAV is for videos only

    recognizer = ExpressionRecognizer.from_pretrained(*options.model)
    with tqdm(desc="watched", unit=" s", bar_format="{desc}: {n:.0f} s of the video, {elapsed}", disable=None) as bar:
        summary = write_timeline_csv(
            options.pictures[0], recognizer, options.output, progress=lambda seconds: bar.update(seconds - bar.n)
        )
    count = "1 person" if summary.people == 1 else f"{summary.people} people"
    print(f"{printable(str(options.output))}: {count} in {summary.looks} looks")


def _is_video(file: str) -> bool:
    return Path(file).suffix.lower() in VIDEO_SUFFIXES


def _refuse_video(file: str) -> None:
    if _is_video(file):
        name = printable(Path(file).name)
        raise InputError(f"{name} is a video; recognize {name} --output {Path(name).stem}.csv writes its timeline.")


def _count(faces: int) -> str:
    return "no face found" if faces == 0 else "1 face" if faces == 1 else f"{faces} faces"


def _line(face: FaceExpression) -> str:
    (first, likely), (second, next_likely) = sorted(face.probabilities.items(), key=lambda item: -item[1])[:2]
    left, top, right, bottom = (round(value) for value in face.box)
    then = f" (then {second} {next_likely:.0%})" if next_likely >= 0.005 else ""
    doubt = f"; not sure: {face.doubt}" if face.doubt else ""
    further = f"; {face.further}" if face.further else ""
    return f"{first} {likely:.0%}{then}, at x {left}-{right}, y {top}-{bottom} px{doubt}{further}"
