"""Whatever a stranger wrote, none of it is HTML on the page."""

import re
from dataclasses import replace
from datetime import date
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from markupsafe import Markup

from fer_hub import ExpressionRecognizer
from fer_hub.demo.state.evaluations import LoadedEvaluation
from fer_hub.demo.state.examples import EXAMPLES
from fer_hub.demo.state.live_stream import LiveMoment, LivePerson
from fer_hub.demo.state.photos import PhotoResults, RecognizedPhoto
from fer_hub.demo.state.watched_video import WatchedVideo
from fer_hub.demo.views import evaluation_report as report_view
from fer_hub.demo.views import faces, live, messages, model_comparison, model_list, templating, timeline
from fer_hub.demo.views.sharing import result_picture
from fer_hub.evaluation.report import EvaluationReport
from fer_hub.hub.references import resolve
from fer_hub.recognizer import FaceExpression
from fer_hub.video.timeline import Moment, Timeline
from fer_hub.video.tracking import TrackedFace
from fer_hub.vision.detection import Face
from fer_hub.vision.images import EXAMPLE
from tests.conftest import REPOSITORY
from tests.videos import walking, write_video

HOSTILE = "<img src=x onerror=alert(1)>\" onload=alert(1) '{{7*7}}"
VIEWS = REPOSITORY / "fer_hub" / "demo" / "views"


@pytest.fixture(scope="module")
def face(photo) -> FaceExpression:
    """A face whose model calls an expression what no expression is called."""
    (found,) = ExpressionRecognizer.from_pretrained("fer-live")(photo)
    return replace(found, probabilities={HOSTILE: 0.9, "happy": 0.1})


@pytest.fixture(scope="module")
def report() -> EvaluationReport:
    """A report in which every text is hostile; reading it from a file would have refused it."""
    whole = resolve("fer-live").evaluation
    names = {label: f"{HOSTILE}{label}" for label in whole.labels}
    return replace(
        whole,
        model=HOSTILE,
        dataset=HOSTILE,
        split=HOSTILE,
        labels=list(names.values()),
        per_class={names[label]: row for label, row in whole.per_class.items()},
        robustness={f"{HOSTILE} {HOSTILE}": 0.5},
    )


def pages(face: FaceExpression, report: EvaluationReport, clip: Path) -> dict[str, Markup]:
    """Every page that can hold a stranger's words."""
    recognized = RecognizedPhoto(HOSTILE, str(EXAMPLE), []).with_face(face, face.crop)
    results = PhotoResults((HOSTILE,), (recognized, recognized))
    video = WatchedVideo(str(clip), HOSTILE, Timeline(0.4, 0.2, tuple(face.probabilities), ()), (HOSTILE,))
    tracked = TrackedFace(1, (0, 0, 9, 9), face.probabilities)
    moments = (Moment(0.0, (tracked,)), Moment(0.2, (tracked,)))
    evaluation = LoadedEvaluation(report, lacking=HOSTILE)
    other = (HOSTILE, evaluation)
    model = {"reference": HOSTILE, "architecture": HOSTILE, "parameters": 1, "accuracy": 0.5, "dataset": HOSTILE}
    model["purpose"] = HOSTILE
    return {
        "alert": messages.alert(HOSTILE),
        "notes": messages.notes([HOSTILE]),
        "heading": messages.heading(HOSTILE, HOSTILE),
        "stage": faces.stage(results, 1, 1),
        "summary": faces.summary(results, 0, [HOSTILE]),
        "cards": faces.cards(results, 0),
        "chosen face": faces.chosen_face(recognized, 1),
        "what if": faces.chosen_face(recognized, 1, (face, face.crop)),
        "explanation": faces.explanation(face, face.crop, 1, np.ones((8, 8)), False, [HOSTILE, HOSTILE]),
        "live": live.live_people(LiveMoment(1.0, [LivePerson(1, face, [(0.5, tracked)])], 5.0)),
        "timeline": timeline.timeline_html(
            replace(video, timeline=Timeline(0.4, 0.2, tuple(face.probabilities), moments))
        ),
        "log": live.live_log(Timeline(0.4, 0.2, tuple(face.probabilities), moments)),
        "headline": report_view.headline(report),
        "matrix": report_view.matrix(report, shares=True),
        "confused": report_view.most_confused(report),
        "cell": report_view.cell(evaluation, 0, 1),
        "per class": report_view.per_class(report),
        "robustness": report_view.robustness(report),
        "foot": report_view.foot(report, HOSTILE),
        "compared faces": model_comparison.compared_faces({HOSTILE: [face], "b": [face]}, [face.crop]),
        "compared photo": model_comparison.photo_notes(1, 12, HOSTILE),
        "matrices": model_comparison.matrices([evaluation]),
        "pair": model_comparison.pair(other, other, 0),
        "models": model_list.models_table([model]),
    }


class Tags(HTMLParser):
    """The attributes of every tag of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[dict[str, str | None]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.found.append(dict(attributes))


@pytest.fixture(scope="module")
def clip(photo, tmp_path_factory) -> Path:
    return write_video(tmp_path_factory.mktemp("clips") / "walk.mp4", walking(photo, 4))


def test_what_a_stranger_wrote_is_text(face, report, clip):
    for name, page in pages(face, report, clip).items():
        for attributes in Tags(page).found:
            assert not [attribute for attribute in attributes if attribute.startswith("on")], name
            assert (attributes.get("src") or "data:").startswith(("data:", "gradio_api/file=")), name
            assert (attributes.get("href") or "?").startswith(("?", "data:")), name


def test_every_template_is_filled_by_a_view_or_another_template():
    texts = [file.read_text() for file in (*VIEWS.parent.rglob("*.py"), *VIEWS.rglob("*.html"))]
    for file in (VIEWS / "templates").rglob("*.html"):
        name = file.relative_to(VIEWS / "templates").as_posix()
        assert any(f'"{name.removesuffix(".html")}"' in text or f'"{name}"' in text for text in texts), name


def test_no_html_is_written_in_python():
    for file in (REPOSITORY / "fer_hub" / "demo").rglob("*.py"):
        assert not re.search(r"</?(p|h\d|div|span|b|small|table|section|img|a|li|figure)\b[^>]*>", file.read_text()), (
            file
        )
        assert "html import escape" not in file.read_text(), file


def test_the_summary_counts_and_says_what_went_wrong(face):
    example = PhotoResults((), (RecognizedPhoto("A portrait", "portrait", [face], [], EXAMPLES[0]),))
    assert "This is an example" in faces.summary(example, 0, [])
    empty = PhotoResults((), (RecognizedPhoto("a.jpg", "a.jpg", []),))
    assert "No face found" in faces.summary(empty, 0, [])
    assert "&lt;b&gt;.png is damaged" in faces.summary(empty, 0, ["<b>.png is damaged"])


def test_a_strong_map_looks_strong_and_a_weak_one_weak(face):
    grey = np.full((64, 64, 3), 128, np.uint8)
    weak, strong = (np.asarray(faces.tinted(grey, np.full((8, 8), value))).astype(int) for value in (0.05, 1.0))
    assert np.abs(weak - 128).max() < 10
    assert np.abs(strong - 128).max() > 60


@pytest.mark.parametrize(
    ("points", "said"), [(0.004, "No single place"), (0.01, "takes 1 point from"), (0.3, "takes 30 points")]
)
def test_points_are_counted_in_words(face, points, said):
    assert said in faces.explanation(face, face.crop, 1, np.full((8, 8), points), False)


@pytest.mark.parametrize(
    ("valence", "arousal", "place"),
    [
        (0.0, 0.0, (100, 60)),
        (0.5, -0.25, (120, 70)),  # pleasant is right, active is up
        (-1.2, 0.0, (60, 60)),  # beyond the circle: on its rim
        (6.0, 2.0, None),  # another scale
        (0.5, None, None),
        ({"low": 0.2, "high": 0.8}, 0.5, None),
    ],
)
def test_valence_and_arousal_are_a_point_on_the_circle(face, valence, arousal, place):
    heads = {"valence": valence, **({} if arousal is None else {"arousal": arousal})}
    answered = replace(face, heads=heads)
    page = faces.chosen_face(RecognizedPhoto("a.jpg", str(EXAMPLE), [answered]), 1)
    points = [tag for tag in Tags(page).found if tag.get("class") == "fer-point"]
    assert [(float(tag["cx"] or 0), float(tag["cy"] or 0)) for tag in points] == ([] if place is None else [place])
    assert ('role="img" aria-label="Valence' in page) == (place is not None)
    assert answered.further in page  # the numbers are there in any case


def test_not_sure_is_said_in_one_way():
    close = {"happy": 0.45, "neutral": 0.4, "sad": 0.15}
    face = FaceExpression(Face((0, 0, 50, 50), 1.0, np.zeros((5, 2))), close, np.zeros((8, 8, 3), np.uint8))
    assert templating.said(face) == "happy or neutral?"
    small = replace(face, probabilities={"happy": 0.9, "sad": 0.1}, face=replace(face.face, box=(0, 0, 9, 9)))
    assert templating.said(small) == "happy?"
    assert templating.said(replace(small, face=face.face)) == "happy"
    photo = RecognizedPhoto("a.jpg", str(EXAMPLE), [face])
    assert "fer-unsure" in faces.stage(PhotoResults((), (photo,)), 0, 0)
    assert "happy or neutral?" in faces.chosen_face(photo, 1)


def test_the_picture_to_share_says_what_which_model_and_when(face):
    photo = np.zeros((300, 400, 3), np.uint8)
    sheet = result_picture(photo, [face], ["fer-live"], "1.0", date(2026, 1, 2))
    other = result_picture(photo, [face], ["simple_cnn"], "1.0", date(2026, 1, 2))
    scale = sheet.width / 400
    assert sheet.height > 300 * scale + 40
    assert (
        sheet.crop((0, round(300 * scale), *sheet.size)).tobytes()
        != other.crop((0, round(300 * scale), *other.size)).tobytes()
    )


@pytest.mark.parametrize("name", ["demo.css", "about.md", "scripts/cell_clicks.js"])
def test_other_files_are_read_once(name):
    assert templating.asset(name) is templating.asset(name)
    assert templating.asset(name) == Path(VIEWS, name).read_text()
