"""What a run begins with: its dataset and splits, the model they will make, and the record of where it comes from."""

import logging
from typing import Any

from pydantic import TypeAdapter, ValidationError

from fer_hub.data.crop_check import refuse_photos
from fer_hub.data.geometry import measure_geometry
from fer_hub.data.preparation.faces import faces_of
from fer_hub.data.preparation.prepare import Settings
from fer_hub.data.raw.forms import Reading
from fer_hub.data.raw.table_columns import TableColumns
from fer_hub.data.reference import Dataset
from fer_hub.data.split import Split
from fer_hub.data.splits import load_splits
from fer_hub.data.vocabulary.labels import LabelMeanings
from fer_hub.errors import InputError, first_problem
from fer_hub.models import ModelConfig, find_architecture
from fer_hub.models.config import Head, HeadName
from fer_hub.training.config.finetune import FinetuneConfig
from fer_hub.training.config.flags import command_line
from fer_hub.training.config.groups import DataConfig, NetworkConfig, RunConfig, TargetsConfig
from fer_hub.training.initial_weights import InitialWeights
from fer_hub.versions import versions

logger = logging.getLogger(__name__)


def open_dataset(data: DataConfig, targets: TargetsConfig) -> Dataset:
    """The dataset, with all that is learnt of it.

    Whole photos become the faces in them where `crop` says how. Otherwise InputError refuses them, unless it is "none".
    """
    reference, meanings = data.dataset, LabelMeanings(vocabulary=data.vocabulary)
    reading = Reading(meanings, TableColumns(data.image_column, data.label_column))
    if data.crop in ("landmarks", "box"):
        settings = Settings(crop=data.crop, classes=8, keep=targets.further, vocabulary=data.vocabulary)
        reference, reading = str(faces_of(reference, reading, settings)), Reading(meanings)
    votes = targets.targets == "votes"
    dataset = Dataset(
        reference, auxiliary_columns=targets.auxiliary, value_columns=targets.values, votes=votes, reading=reading
    )
    if votes and "votes" not in dataset.rows[dataset.split_names[0]].column_names:
        raise InputError(
            f"--targets votes: {data.dataset} has no column 'votes'; prepare FER+ with train/prepare_data.py ferplus, "
            "or leave --targets out."
        )
    if data.crop is None:
        refuse_photos(dataset, dataset.split_names[0])
    return dataset


def read_splits(dataset: Dataset, data: DataConfig, start: InitialWeights, seed: int) -> tuple[Split, Split, Split]:
    """Train, validation and test, in no more detail than the network takes or the pictures have.

    Grey pictures are held as one channel.
    """
    side, grey = dataset.look()
    size, channels = min(side, start.input_size), 1 if grey else start.channels
    return load_splits(dataset, size, channels, data.validation_share, seed, data.max_train_images)


def describe_model(
    network: NetworkConfig, start: InitialWeights, train: Split, seed: int, record: dict[str, Any]
) -> ModelConfig:
    """What the weights will need beside themselves, with `record` of where they come from.

    Crop geometry, and normalisation unless the initial weights have one, are measured on the training pictures.
    """
    heads = describe_heads(train)
    geometry, found, looked_at = measure_geometry(train, seed, record.get("dataset_revision", "unknown"))
    logger.info("Crop geometry: the face detector works on %d of %d training pictures.", found, looked_at)
    mean, std = train.pixel_statistics()
    native_dropout = find_architecture(network.architecture).native_dropout
    return ModelConfig(
        architecture=network.architecture,
        backbone=None if start.backbone is None else dict(start.backbone),
        dropout=native_dropout if network.dropout is None else network.dropout,
        labels=train.label_names,
        input_size=start.input_size,
        channels=start.channels,
        grey=len(mean) == 1,
        mean=start.mean or tuple(round(value, 4) for value in mean.expand(start.channels).tolist()),
        std=start.std or tuple(round(value, 4) for value in std.clamp(min=1e-3).expand(start.channels).tolist()),
        crop=geometry,
        mirror=network.tta_flip,
        heads=heads,
        training={**record, "geometry_measured_on": found},
    )


def describe_heads(train: Split) -> dict[str, Head]:
    """The further heads that a training split's columns ask for. Raises InputError where a model cannot have one."""
    heads: dict[str, Head] = {}
    for column, known in train.auxiliary.items():
        names = train.auxiliary_names.get(column, ())
        said = known[known >= 0] if names else known[known.isfinite()].double()
        if len(said.unique()) < 2:
            raise InputError(f"column {column!r} says the same of all pictures to train on; there is nothing to learn.")
        try:
            if names:
                heads[column] = Head(classes=names)
            else:
                heads[column] = Head(mean=float(f"{said.mean():.6g}"), std=float(f"{said.std():.6g}"))
            TypeAdapter(HeadName).validate_python(column)
        except ValidationError as error:
            raise InputError(f"column {column!r} cannot be learnt: {first_problem(error)}.") from None
    return heads


def provenance(
    config: FinetuneConfig, dataset: Dataset, start: InitialWeights, train: Split, planned: list[int]
) -> dict[str, Any]:
    """Where the weights come from, as their model folder records it: enough to make them again.

    `planned` are the epochs that each call of the run was to come to: more than one number where it was extended.
    """
    return {
        "command": command_line(config),
        "config": config.replace(resume=False, push=None, public=False).settings(),
        "dataset": config.data.dataset,
        "dataset_revision": dataset.revision,
        "splits": dataset.split_names,
        "images": len(train),
        "started_from": start.source,
        "versions": versions(),
        **({"planned_epochs": planned} if len(planned) > 1 else {}),
    }


def run_identity(config: FinetuneConfig, dataset: Dataset) -> dict[str, Any]:
    """What two runs must share for one to continue the other: all that leads to their weights, but for when it ends."""
    elsewhere = {"dataset", "crop", "epochs", "stopping_patience", *RunConfig.model_fields} - {"seed"}
    settings = {name: value for name, value in config.settings().items() if name not in elsewhere}
    return {**settings, "dataset_revision": dataset.revision}
