import base64
import csv
import io
import json
from dataclasses import replace

import pytest

from fer_hub import EXPRESSIONS, ExpressionRecognizer, __version__
from fer_hub.demo.views.downloads import as_csv, as_json, face_files
from fer_hub.recognizer import CLOSE, SMALL_SIDE, FaceExpression


@pytest.fixture(scope="module")
def face(photo) -> FaceExpression:
    (face,) = ExpressionRecognizer.from_pretrained("fer-live")(photo)
    return face


def test_the_table_has_a_row_per_face(face):
    rows = list(csv.DictReader(io.StringIO(as_csv([("a, b.jpg", [face, face]), ("empty.png", []), ("c.png", [face])]))))
    assert [(row["picture"], row["face"]) for row in rows] == [("a, b.jpg", "1"), ("a, b.jpg", "2"), ("c.png", "1")]
    for row in rows:
        assert [float(row[side]) for side in ("x1", "y1", "x2", "y2")] == face.to_dict()["box"]
        assert sum(float(row[label]) for label in EXPRESSIONS) == pytest.approx(1, abs=1e-3)
        assert row["expression"] == face.expression
        assert row["doubt"] == (face.doubt or "")


@pytest.mark.parametrize("name", ["=1+1.jpg", "+1.jpg", "-a.jpg", "@a.jpg", "\tx.jpg", "\r=1.jpg"])
def test_no_cell_is_a_formula(face, name):
    hostile = replace(face, probabilities={"=HYPERLINK(1)": 0.9, "happy": 0.1})
    header, row = csv.reader(io.StringIO(as_csv([(name, [hostile])])))
    assert row[0] == f"'{name}"
    assert row[7] == header[9] == "'=HYPERLINK(1)"
    assert [float(value) for value in row[2:6]] == face.to_dict()["box"]


def test_the_objects_are_those_of_the_command_line_and_say_who_found_them(face):
    (found,) = json.loads(as_json([("a.jpg", [face])], ["fer-live"]))
    assert (found["picture"], found["faces"]) == ("a.jpg", [face.to_dict()])
    assert (found["models"], found["fer_hub"]) == (["fer-live"], __version__)
    assert found["not_sure_below"] == {"margin": CLOSE, "pixels": SMALL_SIDE}


def test_the_files_are_held_by_the_page_itself(face):
    pictures = [("a.jpg", [face])]
    files = {name: base64.b64decode(content).decode() for name, _, _, content in face_files(pictures, ["fer-live"])}
    assert files == {
        "faces.csv": as_csv(pictures, ["fer-live"]),
        "faces.json": as_json(pictures, ["fer-live"]),
    }


def test_nothing_is_offered_where_there_is_nothing():
    assert face_files([("a.jpg", [])], []) == []
