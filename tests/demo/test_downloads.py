import base64
import csv
import io
import json
import re
from dataclasses import replace

import pytest

from fer_hub import EXPRESSIONS, ExpressionRecognizer
from fer_hub.demo.views.downloads import as_csv, as_json, face_links
from fer_hub.recognizer import FaceExpression


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


def test_the_objects_are_those_of_the_command_line(face):
    assert json.loads(as_json([("a.jpg", [face])])) == [{"picture": "a.jpg", "faces": [face.to_dict()]}]


def test_links_hold_the_files_themselves(face):
    pictures = [("a.jpg", [face])]
    found = re.findall(r'download="([^"]+)" href="data:[^;]+;charset=utf-8;base64,([^"]+)"', face_links(pictures))
    assert {name: base64.b64decode(data).decode() for name, data in found} == {
        "faces.csv": as_csv(pictures),
        "faces.json": as_json(pictures),
    }


def test_nothing_is_offered_where_there_is_nothing():
    assert face_links([("a.jpg", [])]) == ""
