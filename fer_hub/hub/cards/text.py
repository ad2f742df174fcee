"""The text of a model card. A configuration or an evaluation may be a stranger's: all their text is made plain."""

import shlex
from typing import Any

import torch

from fer_hub.errors import plain
from fer_hub.evaluation.report import EvaluationReport
from fer_hub.files import MATRIX_PICTURE, RELIABILITY_PICTURE
from fer_hub.hub.cards.origin import licence_text, recorded, training_text
from fer_hub.models import ModelConfig, build_network, count_macs, count_parameters


def card_text(config: ModelConfig, report: EvaluationReport) -> str:
    """The card below its metadata."""
    with torch.device("meta"):  # counts without allocating
        network = build_network(config)
        macs = count_macs(network, torch.empty(1, config.channels, config.input_size, config.input_size))
    twice = " and as many for its mirror image" if config.mirror else ""
    return f"""# {plain(report.model)}

Names the expression that a face shows: {", ".join(config.labels)}. An expression is what a face shows; it is not what
a person feels, and this model says nothing about feelings.

- Network: `{plain(config.architecture)}`, {count_parameters(network):,} parameters, {macs / 1e6:,.0f} million
  multiply-adds a face{twice}, {config.input_size} px, {"grey" if config.grey else "colour"}
- Trained on: `{recorded(config, "dataset")}`, started from {recorded(config, "started_from")}
- Names **{report.accuracy:.1%}** of the pictures of `{plain(report.split)}` as they are labelled

## How far to trust it

{_trust(report)}

![Confusion matrix: rows are what pictures are labelled as, columns what the model named]({MATRIX_PICTURE})

{_matrix_table(report)}

{_per_class_table(report)}

Precision: of the pictures named so, how many are labelled so. Recall: of the pictures labelled so, how many were named
so. F1 is both in one number.
{_calibration(report)}{_robustness(report)}
## Training

{training_text(config)}

## Use

With the code of FER Hub. Where the model lies in a folder, the folder's path stands for its name.

{_use(report)}

## Limits and responsible use

Labels of such datasets are the opinion of few annotators about posed and found pictures, mostly of adults and
unevenly over groups of people; the model repeats their mistakes. Turned heads, covered or dark faces, and
expressions that mix several, are named worse than the accuracy above says. {_weakest(report)}

Do not use it to judge, select or watch people. In the European Union, inferring emotions of people at work and in
education is forbidden (Regulation 2024/1689, Article 5(1)(f)), and people must be told when such a system looks at
them (Article 50(3)).

## Licence

{licence_text(config)}
"""


def _trust(report: EvaluationReport) -> str:
    low, high = report.accuracy_ci95
    commonest = max(row["support"] for row in report.per_class.values())
    sentences = [
        f"On the {report.images:,} pictures of `{plain(report.dataset)}`, split `{plain(report.split)}`:",
        f"accuracy **{report.accuracy:.1%}** (95% interval {low:.1%} to {high:.1%}),",
        f"balanced accuracy {report.balanced_accuracy:.1%}, macro F1 {report.macro_f1:.3f}, log loss",
        f"{report.log_loss:.3f}. Always naming the commonest expression would reach {commonest / report.images:.1%}.",
    ]
    if report.images_without_face is not None:
        sentences.append(f"No face was found in {report.images_without_face:,} of them, which counts as wrong.")
    if report.accuracy_unseen is not None:
        sentences.append(
            f"\n\n{report.images_seen_in_training:,} of these pictures are copies of pictures it was trained or chosen "
            f"on; on the others the accuracy is **{report.accuracy_unseen:.1%}**."
        )
    mistakes = ", ".join(f"{plain(true)} for {plain(named)} ({n:,})" for true, named, n in report.most_confused())
    if mistakes:
        sentences.append(
            f"\n\nWhat it takes most often for something else: {mistakes.replace(' for ', ' taken for ')}."
        )
    return " ".join(sentences).replace(" \n", "\n").replace("\n ", "\n")


def _matrix_table(report: EvaluationReport) -> str:
    labels = [plain(label) for label in report.labels]
    rows = [(f"**{name}**", *row) for name, row in zip(labels, report.confusion_matrix, strict=True)]
    return _table(["labelled, named:", *labels], rows)


def _per_class_table(report: EvaluationReport) -> str:
    rows = [
        (plain(name), f"{row['precision']:.1%}", f"{row['recall']:.1%}", f"{row['f1']:.3f}", f"{row['support']:,}")
        for name, row in report.per_class.items()
    ]
    return _table(["Expression", "Precision", "Recall", "F1", "Pictures"], rows)


def _calibration(report: EvaluationReport) -> str:
    picture = (
        f"\n![How often the model is right when it is so sure]({RELIABILITY_PICTURE})\n" if report.reliability else ""
    )
    return f"""
### Its probabilities

They are off by {100 * report.expected_calibration_error:.1f} points on average (expected calibration error, 15 bins),
after temperature {report.temperature:.2f}.
{picture}"""


def _robustness(report: EvaluationReport) -> str:
    if not report.robustness:
        return ""
    found: dict[str, dict[str, float]] = {}
    for key, accuracy in report.robustness.items():
        corruption, _, strength = plain(key).rpartition(" ")
        found.setdefault(corruption, {})[strength] = accuracy
    strengths = sorted({strength for row in found.values() for strength in row})
    rows = [
        (name, *(f"{row[strength]:.1%}" if strength in row else "" for strength in strengths))
        for name, row in found.items()
    ]
    return f"""
### Harder pictures

Accuracy on the same pictures, changed in growing strength:

{_table(["", *strengths], rows)}
"""


def _use(report: EvaluationReport) -> str:
    # Where a card names the model, push puts the repository's name (fer_hub/hub/upload.py).
    name, shell_name = plain(report.model), shlex.quote(plain(report.model))
    robustness = " --robustness" if report.robustness else ""
    data, split = (shlex.quote(plain(text, 300)) for text in (report.dataset, report.split))
    return f"""```python
from fer_hub import ExpressionRecognizer

recognizer = ExpressionRecognizer.from_pretrained("{name}")
for face in recognizer("photo.jpg"):
    print(face.expression, face.probabilities, face.box)
```

On the command line, in the demo, and to measure the accuracy above again:

```
python -m fer_hub recognize photo.jpg --model {shell_name}
FER_HUB_MODELS={shell_name} python app.py
python train/evaluate.py --model {shell_name} --dataset {data} --split {split} --output report.json{robustness}
```

From a program, over the demo's API:

```python
from gradio_client import Client, handle_file

client = Client("http://127.0.0.1:7860")
annotated, faces = client.predict(handle_file("photo.jpg"), ["{name}"], api_name="/recognize")
```"""


def _weakest(report: EvaluationReport) -> str:
    """What the report says is named worst."""
    occurring = {name: row for name, row in report.per_class.items() if row["support"]}
    name, row = min(occurring.items(), key=lambda item: item[1]["recall"])
    sentence = f"Least recognised is {plain(name)}: {row['recall']:.1%} of {row['support']:,} pictures."
    if not report.robustness:
        return sentence
    corruption, accuracy = min(report.robustness.items(), key=lambda item: item[1])
    return f"{sentence} Of the changes that were tried, `{plain(corruption)}` costs most: {accuracy:.1%} are left."


def _table(header: list[str], rows: list[tuple[Any, ...]]) -> str:
    lines = [f"| {' | '.join(header)} |", "|---" * len(header) + "|"]
    return "\n".join([*lines, *(f"| {' | '.join(map(str, row))} |" for row in rows)])
