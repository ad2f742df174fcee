"""The seven expressions, and the words other datasets use for them.

An expression is what a face shows; it is not what a person feels.
"""

EXPRESSIONS = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")
"""The seven expressions in FER-2013's order. Datasets and models order theirs freely: match by name."""

_SYNONYMS = {
    "angry": ("anger", "angriness", "mad"),
    "disgust": ("disgusted", "disgusting"),
    "fear": ("fearful", "afraid", "scared"),
    "happy": ("happiness", "joy", "joyful", "smile", "smiling"),
    "sad": ("sadness", "unhappy"),
    "surprise": ("surprised", "surprising"),
    "neutral": ("neutrality", "calm", "none"),
}
_EXPRESSION_OF_WORD = {
    word: expression for expression, synonyms in _SYNONYMS.items() for word in (expression, *synonyms)
}


def expression_of(word: str) -> str | None:
    """Return which of the seven expressions a label word names ("Happiness" -> "happy"), or None."""
    return _EXPRESSION_OF_WORD.get(word.strip().lower())
