"""What the values of a label column, or the names of class folders, mean: their expressions."""

import csv
import json
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from fer_hub.data.raw.tables import delimiter_of
from fer_hub.errors import InputError, first_line
from fer_hub.expressions import EIGHT_EXPRESSIONS, expression_of

LEFT_OUT = ("", "-", "skip", "ignore")
"""What a label can be said to mean so that its pictures are left out."""

_SHOWN = 10


@dataclass(frozen=True)
class LabelMeanings:
    """How a user says what labels mean, where they are no words that we know."""

    names: tuple[str, ...] = ()
    """What whole numbers mean, in their order, counted from the lowest (--label-names)."""
    mapping: Mapping[str, str] = field(default_factory=dict)
    """Label as it stands in the data -> word (--label-map)."""
    vocabulary: tuple[str, ...] = ()
    """The labels, where they are other words than `EIGHT_EXPRESSIONS` (--vocabulary)."""
    of_model: tuple[str, ...] = ()
    """The labels that a model names, where data is read for one."""

    @property
    def known(self) -> tuple[str, ...]:
        """All that a label can mean, in order."""
        return self.vocabulary or EIGHT_EXPRESSIONS

    def word(self, label: str) -> str | None:
        """Which of `known` a label names, in any case; None for none of them."""
        expression, own = expression_in(label), re.sub(r"[\s_-]+", " ", label.strip().lower())
        found = next((word for word in self.vocabulary if re.sub(r"[\s_-]+", " ", word) == own), expression)
        return found if found in self.known else None

    def of(self, counts: Mapping[str, int], where: str) -> dict[str, str]:
        """Label -> expression, "" where its pictures are to be left out, for labels with their numbers of pictures.

        Raises InputError which lists the labels that mean nothing.
        """
        numbers = {label: number for label in counts if (number := whole_number(label)) is not None}
        first = self._first_number(list(numbers.values()), where) if self.names else 0
        meanings: dict[str, str] = {}
        unknown: list[str] = []
        for label in counts:
            word = self.mapping.get(label.strip())
            if word is None and self.names and label in numbers:
                word = self.names[numbers[label] - first]
            expression = self.word(label if word is None else word)
            if expression is not None:
                meanings[label] = expression
            elif word is not None and word.strip().lower() in LEFT_OUT:
                meanings[label] = ""
            else:
                unknown.append(label)
        if unknown:
            shown = _shown(unknown, counts)
            if self.of_model:
                raise InputError(
                    f"the model names {', '.join(self.of_model)}, and these labels in {where}, with their numbers of "
                    f"pictures, mean none of them: {shown}; rename them, or take a model that was trained on them."
                )
            if self.vocabulary:
                raise InputError(
                    f"labels in {where} are not in --vocabulary {' '.join(self.vocabulary)}: {shown}; add them to it, "
                    "or leave it out where all are expressions."
                )
            raise InputError(_unknown(unknown, counts, where, all(label in numbers for label in unknown)))
        return meanings

    def _first_number(self, numbers: list[int], where: str) -> int:
        low, high = min(numbers, default=0), max(numbers, default=0)
        if low == 0 and high < len(self.names):
            return 0
        if low == 1 and high == len(self.names):
            return 1
        raise InputError(
            f"the labels in {where} are numbers from {low} to {high}, and --label-names names {len(self.names)}; give "
            "as many names as there are numbers, or say which is which with --label-map FILE."
        )


def meanings_for(labels: tuple[str, ...]) -> LabelMeanings:
    """How a dataset is read for a model that names these: by its own words, where they are not all expressions."""
    return LabelMeanings(vocabulary=() if set(labels) <= set(EIGHT_EXPRESSIONS) else labels, of_model=labels)


def expression_in(word: str) -> str | None:
    """`expression_of`, also with a number before or after the word ("0_angry") or "face" behind it.

    File systems may hold letters and accents apart (macOS).
    """
    word = unicodedata.normalize("NFC", word)
    bare = re.sub(r"^[\W\d_]+|[\W\d_]+$", "", re.sub(r"[\W_]+(faces?|expressions?)$", "", word, flags=re.IGNORECASE))
    return expression_of(word) or expression_of(bare)


def read_label_map(file: Path) -> dict[str, str]:
    """Label -> word from a JSON or YAML mapping or list, or a CSV of two columns.

    A mapping of words to numbers (`label2id`) is read the other way round. Raises InputError.
    """
    try:
        text = file.read_text(encoding="utf-8-sig")
        if file.suffix.lower() in (".csv", ".tsv", ".txt"):
            table = [
                [cell.strip() for cell in row] for row in csv.reader(text.splitlines(), delimiter=delimiter_of(text))
            ]
            if any(len(row) != 2 for row in table if row):
                raise InputError(f"{file.name} must hold two columns: a label and what it means.")
            pairs: list[tuple[Any, Any]] = [(row[0], row[1]) for row in table if row]
            if pairs and expression_in(pairs[0][1]) is None and pairs[0][1].lower() not in LEFT_OUT:
                pairs = pairs[1:]  # the names of the columns
        else:
            loaded = json.loads(text) if file.suffix.lower() == ".json" else yaml.safe_load(text)
            pairs = list(enumerate(loaded)) if isinstance(loaded, list) else list(loaded.items())
    except InputError:
        raise
    except (OSError, UnicodeDecodeError, ValueError, AttributeError, yaml.YAMLError, csv.Error) as error:
        reason = first_line(error)
        raise InputError(
            f"--label-map {str(file)!r} cannot be read ({reason}); give a JSON, YAML or CSV file such as "
            '{"0": "angry", "1": "happy"}.'
        ) from None
    if pairs and all(isinstance(value, int) for _, value in pairs):
        pairs = [(value, label) for label, value in pairs]
    return {str(label).strip(): "" if word is None else str(word) for label, word in pairs}


def whole_number(label: str) -> int | None:
    """ "3" and "3.0", which pandas makes of it, -> 3."""
    text = label.strip().removesuffix(".0")
    return int(text) if text.isdecimal() and len(text) < 10 else None


def _unknown(labels: list[str], counts: Mapping[str, int], where: str, numbers: bool) -> str:
    shown = _shown(labels, counts)
    if numbers:
        return (
            f"the labels in {where} are numbers, which say nothing about what they mean ({shown}); prepare "
            "RAF-DB, AffectNet and FER-2013 as rafdb, affectnet and fer2013, and of others look up what they mean and "
            "name them in their order with train/prepare_data.py folder --label-names "
            f"{','.join(EIGHT_EXPRESSIONS[:3])},..."
        )
    return (
        f"these labels in {where}, with their numbers of pictures, are not known: {shown}; rename them to "
        f"{', '.join(EIGHT_EXPRESSIONS)}, or to their words in one of eleven languages, or say what they mean with "
        "train/prepare_data.py folder --label-map FILE (- leaves a label out). Labels of your own are learnt with "
        "--vocabulary, as in --vocabulary engaged bored."
    )


def _shown(labels: list[str], counts: Mapping[str, int]) -> str:
    more = f" and {len(labels) - _SHOWN} others" if len(labels) > _SHOWN else ""
    return ", ".join(f"{label!r} ({counts[label]:,})" for label in sorted(labels)[:_SHOWN]) + more
