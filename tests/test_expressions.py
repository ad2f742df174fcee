import pytest

from fer_hub.expressions import EXPRESSIONS, expression_of


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_every_expression_names_itself(expression):
    assert expression_of(expression) == expression


@pytest.mark.parametrize(
    ("word", "expression"),
    [("Happiness", "happy"), (" SADNESS ", "sad"), ("anger", "angry"), ("Fearful", "fear"), ("disgusted", "disgust")],
)
def test_words_of_other_datasets(word, expression):
    assert expression_of(word) == expression


def test_words_that_are_none_of_the_seven():
    assert expression_of("contempt") is None
    assert expression_of("") is None
