import pytest
from pydantic import BaseModel, Field, ValidationError, model_validator

from fer_hub.errors import first_line, first_problem


class Inner(BaseModel, extra="forbid"):
    size: int = Field(ge=16)
    kind: str = "grey"


class Outer(BaseModel):
    crop: Inner
    share: float = Field(default=0.5, allow_inf_nan=False)

    @model_validator(mode="after")
    def _agrees(self) -> "Outer":
        if self.crop.size > 100 * self.share:
            raise ValueError("the crop is too large for its share")
        return self


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"crop": {"size": 8}}, "crop.size is 8; it should be greater than or equal to 16"),
        (
            {"crop": {"size": "big"}},
            "crop.size is 'big'; it should be a valid integer",
        ),
        ({"crop": {"size": 16, "kind": ["grey"]}}, "crop.kind: input should be a valid string"),
        ({"crop": {"size": 16, "colour": 1}}, "crop.colour: unknown key"),
        ({}, "crop: field required"),
        ({"crop": {"size": 64}}, "the crop is too large for its share"),
        ({"crop": {"size": 16}, "share": float("nan")}, "share is nan; it should be a finite number"),
    ],
)
def test_the_first_problem_of_a_form_is_said_with_its_place_and_value(values, sentence):
    with pytest.raises(ValidationError) as refused:
        Outer.model_validate(values)
    assert first_problem(refused.value) == sentence


def test_places_are_spelled_as_the_user_knows_them_and_values_are_made_harmless():
    with pytest.raises(ValidationError) as refused:
        Outer.model_validate({"crop": {"size": "\x1b[2J<b>" + "9" * 500 + "x"}})
    said = first_problem(refused.value, lambda place: "--" + place.rpartition(".")[2])
    assert said.startswith("--size is '??2J?b?999")
    assert "\x1b" not in said
    assert len(said) < 200


def test_what_a_library_says_is_one_line_that_can_be_printed():
    assert first_line(ValueError("don't know what type: \x0f.\nmore")) == r"don't know what type: \x0f"
    assert first_line(KeyError()) == "KeyError"
