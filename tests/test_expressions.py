import pytest

from fer_hub.expressions import _SYNONYMS, EIGHT_EXPRESSIONS, EXPRESSIONS, expression_of


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_every_expression_names_itself(expression):
    assert expression_of(expression) == expression


@pytest.mark.parametrize(
    ("word", "expression"),
    [("Happiness", "happy"), (" SADNESS ", "sad"), ("anger", "angry"), ("Fearful", "fear"), ("disgusted", "disgust")],
)
def test_words_of_other_datasets(word, expression):
    assert expression_of(word) == expression


@pytest.mark.parametrize(
    ("word", "expression"),
    [
        ("Überraschung", "surprise"),
        ("en_colère", "angry"),
        ("Miedo", "fear"),
        ("felicità", "happy"),
        ("tristeza", "sad"),
        ("walging", "disgust"),
        ("НЕЙТРАЛЬНЫЙ", "neutral"),
        ("惊讶", "surprise"),
        ("怒り", "angry"),
        ("슬픔", "sad"),
        ("Verachtung", "contempt"),
    ],
)
def test_words_of_other_languages(word, expression):
    assert expression_of(word) == expression


def test_no_word_names_two_expressions():
    words = [word for expression, synonyms in _SYNONYMS.items() for word in (expression, *synonyms.split())]
    assert len(words) == len(set(words))
    assert set(_SYNONYMS) == set(EIGHT_EXPRESSIONS)


def test_contempt_is_the_eighth():
    assert expression_of("Contempt") == "contempt"
    assert "contempt" not in EXPRESSIONS


def test_words_that_name_none():
    assert expression_of("bored") is None
    assert expression_of("") is None
