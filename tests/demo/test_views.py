"""Whatever a stranger wrote, none of it is HTML on the page."""

import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from markupsafe import Markup

from fer_hub import ExpressionRecognizer
from fer_hub.demo.state.evaluations import LoadedEvaluation
from fer_hub.demo.state.live_stream import LiveMoment, LivePerson
from fer_hub.demo.state.photos import RecognizedPhoto
from fer_hub.demo.views import evaluation_report as report_view
from fer_hub.demo.views import faces, messages, model_comparison, model_list, templating, timeline
from fer_hub.evaluation.report import EvaluationReport
from fer_hub.hub.references import resolve
from fer_hub.recognizer import FaceExpression
from fer_hub.video.timeline import Moment, Timeline
from fer_hub.video.tracking import TrackedFace
from tests.conftest import REPOSITORY

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


def pages(face: FaceExpression, report: EvaluationReport) -> dict[str, Markup]:
    """Every page that can hold a stranger's words."""
    recognized = RecognizedPhoto(HOSTILE, "a.jpg", [face])
    tracked = TrackedFace(1, (0, 0, 9, 9), face.probabilities)
    moments = (Moment(0.0, (tracked,)), Moment(0.2, (tracked,)))
    evaluation = LoadedEvaluation(report, lacking=HOSTILE)
    other = (HOSTILE, evaluation)
    model = {"reference": HOSTILE, "architecture": HOSTILE, "parameters": 1, "accuracy": 0.5, "dataset": HOSTILE}
    return {
        "alert": messages.alert(HOSTILE),
        "notes": messages.notes([HOSTILE]),
        "heading": messages.heading(HOSTILE, HOSTILE),
        "summary": faces.summary([recognized], [HOSTILE], is_example=False),
        "cards": faces.photo_cards([recognized, recognized]),
        "explanation": faces.explanation(face, 1, np.ones((8, 8)), False, [HOSTILE, HOSTILE]),
        "what if": faces.what_if_card(face, face.probabilities),
        "live": timeline.live_people(LiveMoment(1.0, [LivePerson(1, face, [(0.5, tracked)])], 5.0)),
        "timeline": timeline.timeline_html(Timeline(0.4, 0.2, tuple(face.probabilities), moments)),
        "headline": report_view.headline(report),
        "matrix": report_view.matrix(report, shares=True),
        "confused": report_view.most_confused(report),
        "cell": report_view.cell(evaluation, 0, 1),
        "per class": report_view.per_class(report),
        "robustness": report_view.robustness(report),
        "foot": report_view.foot(report, HOSTILE),
        "compared faces": model_comparison.compared_faces({HOSTILE: [face], "b": [face]}),
        "compared photo": model_comparison.photo_notes(HOSTILE, 1, 12, is_example=True),
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


def test_what_a_stranger_wrote_is_text(face, report):
    for name, page in pages(face, report).items():
        for attributes in Tags(page).found:
            assert not [attribute for attribute in attributes if attribute.startswith("on")], name
            assert (attributes.get("src") or "data:").startswith("data:"), name
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


def test_the_summary_counts_and_says_what_went_wrong():
    assert "example" in faces.summary([], [], is_example=True)
    assert "No face was found" in faces.summary([RecognizedPhoto("a.jpg", "a.jpg", [])], [], is_example=False)
    assert "&lt;b&gt;.png is damaged" in faces.summary([], ["<b>.png is damaged"], is_example=False)


@pytest.mark.parametrize("name", ["demo.css", "about.md", "scripts/cell_clicks.js"])
def test_other_files_are_read_once(name):
    assert templating.asset(name) is templating.asset(name)
    assert templating.asset(name) == Path(VIEWS, name).read_text()
