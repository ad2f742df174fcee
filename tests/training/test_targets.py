import datasets
import numpy as np
import pytest
import torch
from torch import nn

from fer_hub import EXPRESSIONS, ExpressionClassifier, InputError
from fer_hub.data.annotations import auxiliary_classes, vote_shares
from fer_hub.data.reference import Dataset
from fer_hub.data.split import Split
from fer_hub.data.vocabulary.columns import FERPLUS_VOTES
from fer_hub.models.ensemble import Ensemble
from fer_hub.training.config.groups import TargetsConfig
from fer_hub.training.loss import Loss
from fer_hub.training.targets import class_weights, training_targets
from tests.faces import draw_face
from tests.models.test_models import config_of
from train import finetune

CPU = torch.device("cpu")
LABELS = torch.tensor([0, 1, 1, 1])


def some_split(**extra) -> Split:
    pictures = torch.randint(0, 256, (4, 1, 48, 48), dtype=torch.uint8)
    return Split("train", pictures, LABELS, ("happy", "sad"), np.arange(4), np.arange(4), **extra)


def test_labels_are_the_targets_unless_something_softer_is_asked():
    assert training_targets(some_split(), TargetsConfig(), CPU).values is LABELS


def test_votes_are_the_targets_where_there_are_any():
    votes = torch.tensor([[0.5, 0.5], [0, 0], [0.2, 0.8], [0, 1]])
    targets = training_targets(some_split(votes=votes), TargetsConfig(targets="votes"), CPU).values
    assert targets.tolist() == [[0.5, 0.5], [0, 1], pytest.approx([0.2, 0.8]), [0, 1]]


def test_a_teacher_shares_the_target(model_folder):
    config = TargetsConfig(teacher=(str(model_folder),), distillation=0.75)
    split = some_split()
    targets = training_targets(split, config, CPU).values
    classifier = ExpressionClassifier.load(model_folder)
    answers = classifier.probabilities(split.pictures)[:, [EXPRESSIONS.index("happy"), EXPRESSIONS.index("sad")]]
    answers /= answers.sum(1, keepdim=True)
    assert torch.allclose(targets[:, 0], 0.75 * answers[:, 0].float() + 0.25 * (LABELS == 0), atol=1e-6)
    assert torch.allclose(targets.sum(1), torch.ones(4))
    twice = TargetsConfig(teacher=(str(model_folder), str(model_folder)), distillation=0.75)
    assert torch.allclose(training_targets(split, twice, CPU).values, targets)


def test_a_pupil_that_answers_as_its_teacher_has_nothing_to_learn(model_folder):
    config = TargetsConfig(teacher=(str(model_folder),), distillation=1.0, logit_adjustment=0.4)
    split = some_split()
    targets = training_targets(split, config, CPU)
    names = ("happy", "sad")
    answers = Ensemble([ExpressionClassifier.load(model_folder)], names).probabilities(split.pictures).float()
    logits = answers.log().requires_grad_()
    loss = Loss(config, config_of("simple_cnn", labels=names), targets, CPU)
    loss(nn.Identity(), logits, targets.values, {})[0].backward()
    assert logits.grad is not None
    assert logits.grad.abs().max() < 1e-6
    assert (targets.values - answers).abs().max() > 0.01  # what is common is expected more often in training


def test_a_teacher_must_know_the_labels(model_folder):
    split = Split("train", some_split().pictures, LABELS, ("contempt", "sad"), np.arange(4), np.arange(4))
    with pytest.raises(InputError, match="cannot name contempt"):
        training_targets(split, TargetsConfig(teacher=(str(model_folder),)), CPU)


def test_class_weights_let_every_expression_count_alike():
    weights = class_weights(some_split())
    assert weights.tolist() == pytest.approx([2.0, 2 / 3])
    assert weights[LABELS].mean() == pytest.approx(1)


def test_balance_weighs_the_loss_or_the_draw():
    plain, weighed, drawn = (
        training_targets(some_split(), TargetsConfig(balance=balance), CPU)
        for balance in ("none", "weights", "sampling")
    )
    assert (plain.class_weights, plain.sampling_weights) == (None, None)
    assert weighed.class_weights is not None
    assert weighed.class_weights.tolist() == pytest.approx([2.0, 2 / 3])
    assert weighed.sampling_weights is None
    assert drawn.sampling_weights is not None
    assert drawn.sampling_weights.tolist() == pytest.approx([2.0, 2 / 3, 2 / 3, 2 / 3])
    assert plain.log_prior.exp().tolist() == pytest.approx([0.25, 0.75])


def test_votes_are_matched_by_name_and_single_ones_are_outliers():
    ten = [0] * 10
    ten[FERPLUS_VOTES.index("happiness")], ten[FERPLUS_VOTES.index("sadness")] = 6, 2
    ten[FERPLUS_VOTES.index("fear")], ten[FERPLUS_VOTES.index("NF")] = 1, 1
    shares = vote_shares([ten, [0] * 9 + [10]], EXPRESSIONS, ("fear", "happy", "sad"), "d")
    assert shares.tolist() == [[0, 0.75, 0.25], [0, 0, 0]]
    assert vote_shares([[1, 0, 1]], ("happy", "fear", "sad"), ("fear", "happy", "sad"), "d").tolist() == [[0, 0.5, 0.5]]
    with pytest.raises(InputError, match="the votes of d are 4 numbers; expected one for each of the 7 classes"):
        vote_shares([[1, 2, 3, 4]], EXPRESSIONS, EXPRESSIONS, "d")
    with pytest.raises(InputError, match="the votes of d are not lists of numbers"):
        vote_shares([[1] * 7, None], EXPRESSIONS, EXPRESSIONS, "d")


def test_a_column_of_votes_that_nobody_asked_for_is_left_alone(tmp_path):
    rng = np.random.default_rng(0)
    rows = {"image": [draw_face("sad", rng), draw_face("happy", rng)], "label": ["sad", "happy"], "votes": [3, 4]}
    features = datasets.Features(
        {"image": datasets.Image(), "label": datasets.Value("string"), "votes": datasets.Value("int64")}
    )
    datasets.Dataset.from_dict(rows, features=features).to_parquet(str(tmp_path / "train.parquet"))
    assert Dataset(str(tmp_path)).read("train", 48, 1).votes is None
    with pytest.raises(InputError, match="are not lists of numbers"):
        Dataset(str(tmp_path), votes=True).read("train", 48, 1)


@pytest.mark.parametrize(
    ("values", "message"),
    [(["a"] * 6, "has 1 different values"), ([0.5] * 6, "expected classes: a ClassLabel, words or whole numbers")],
)
def test_columns_that_are_no_classes_are_refused(values, message):
    rows = datasets.DatasetDict({"train": datasets.Dataset.from_dict({"age": values})})
    with pytest.raises(InputError, match=message):
        auxiliary_classes(rows, "age")


@pytest.fixture(scope="module")
def voted(tmp_path_factory):
    """Drawn faces with votes, and with two further label columns, one of them known for some only."""
    rng, rows = np.random.default_rng(0), []
    for number in range(140):
        expression = EXPRESSIONS[number % 7]
        votes = [8 if name == expression else 0 for name in EXPRESSIONS]
        votes[(number + 1) % 7] = 2
        size = "wide" if number % 2 else "narrow"
        age = None if number % 3 == 0 else 20 + 10 * (number % 4)
        rows.append(
            {"image": draw_face(expression, rng), "label": number % 7, "votes": votes, "size": size, "age": age}
        )
    features = datasets.Features(
        {
            "image": datasets.Image(),
            "label": datasets.ClassLabel(names=list(EXPRESSIONS)),
            "votes": datasets.List(datasets.Value("uint8")),
            "size": datasets.Value("string"),
            "age": datasets.Value("int64"),
        }
    )
    folder = tmp_path_factory.mktemp("voted")
    datasets.Dataset.from_list(rows, features=features).to_parquet(str(folder / "train.parquet"))
    return folder


def test_votes_and_further_columns_come_with_the_pictures(voted):
    dataset = Dataset(str(voted), auxiliary_columns=("age", "size"), votes=True)
    split = dataset.read("train", 48, 1).take(np.array([1, 3]))
    assert split.auxiliary_names == {"age": ("20", "30", "40", "50"), "size": ("narrow", "wide")}
    assert split.auxiliary["age"].tolist() == [1, -1]
    assert split.auxiliary["size"].tolist() == [1, 1]
    assert split.votes is not None
    assert split.votes[0].tolist() == pytest.approx([0, 0.8, 0.2, 0, 0, 0, 0])


def test_training_learns_from_votes_teachers_mixtures_and_further_columns(voted, model_folder, tmp_path):
    start = f"--dataset {voted} --epochs 1 --batch-size 16 --validation-share 0.2 --device cpu --output".split()
    finetune.main(
        [*start, str(tmp_path / "a"), *["--targets", "votes", "--auxiliary", "age", "size", "--balance", "weights"]]
    )
    history = (tmp_path / "a" / "history.json").read_text()
    assert "validation_age_accuracy" in history
    assert "validation_size_accuracy" in history
    config = ExpressionClassifier.load(tmp_path / "a" / "model").config
    assert "--auxiliary age size" in config.training["command"]
    assert config.heads["size"].classes == ("narrow", "wide")
    finetune.main([*start, str(tmp_path / "b"), "--teacher", str(model_folder), "--mixup", "0.2"])
    assert ExpressionClassifier.load(tmp_path / "b" / "model").config.labels == EXPRESSIONS
