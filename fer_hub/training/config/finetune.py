"""FinetuneConfig: all groups of a training run together, and its settings by their names alone."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

from pydantic import ValidationError, model_validator

from fer_hub.arguments import nearest
from fer_hub.errors import InputError, first_problem, plain
from fer_hub.training.config.groups import (
    AugmentationConfig,
    DataConfig,
    Group,
    NetworkConfig,
    OptimisationConfig,
    RunConfig,
    TargetsConfig,
)

RENAMED = {
    "averaging": "ema_decay",
    "accumulation": "gradient_accumulation_steps",
    "gradient_clip": "max_grad_norm",
    "mirror": "tta_flip",
    "choose_by": "metric_for_best",
    "occlusion": "random_erasing",
    "start_size": "progressive_start_size",
}
"""Old name -> name of today. Old flags still work, and the configurations in old model folders have the old names."""


class FinetuneConfig(Group, frozen=True):
    """All groups. The defaults are the `report` recipe (recipes.py)."""

    data: DataConfig = DataConfig()
    network: NetworkConfig = NetworkConfig()
    optimisation: OptimisationConfig = OptimisationConfig()
    augmentation: AugmentationConfig = AugmentationConfig()
    targets: TargetsConfig = TargetsConfig()
    run: RunConfig = RunConfig()

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> Self:
        further = self.targets.further
        if self.augmentation.mixup and further:
            flag = "--auxiliary" if self.targets.auxiliary else "--values"
            raise InputError(f"--mixup blends expressions but cannot blend what {flag} learns; give one of them.")
        if len(set(further)) < len(further):
            raise InputError("--auxiliary and --values name a column twice; it is learnt as classes or as numbers.")
        return self

    @classmethod
    def from_settings(cls, settings: Mapping[str, Any]) -> Self:
        """Build the configuration from values by their fields' names, old or new, without their groups.

        Raises InputError that quotes the flag of the first value that cannot work.
        """
        grouped: dict[str, dict[str, Any]] = {name: {} for name in cls.model_fields}
        for given, value in settings.items():
            name = RENAMED.get(given, given)
            if name not in GROUP_OF:
                raise InputError(f"{plain(given)} is no setting of a training run{nearest(given, GROUP_OF)}.")
            grouped[GROUP_OF[name]][name] = value
        try:
            return cls.model_validate(grouped)
        except ValidationError as error:
            raise InputError(f"{first_problem(error, _flag_at)}.") from None

    def settings(self) -> dict[str, Any]:
        """Every value by its field's name, without the groups: what a model folder records."""
        return {name: value for group in self.model_dump().values() for name, value in group.items()}

    def replace(self, **settings: Any) -> Self:
        """The same configuration with other values for some fields; checked anew."""
        return self.from_settings({**self.settings(), **settings})

    @property
    def output_folder(self) -> Path:
        return Path(self.run.output or f"runs/{self.network.architecture}")


GROUPS: dict[str, type[Group]] = {name: type(getattr(FinetuneConfig(), name)) for name in FinetuneConfig.model_fields}
"""Name of each group -> its form."""

GROUP_OF = {field: name for name, group in GROUPS.items() for field in group.model_fields}
"""Name of each field -> name of its group; no two groups have a field of the same name."""


def flag_of(name: str) -> str:
    """A field's flag: --batch-size of batch_size."""
    return f"--{name.replace('_', '-')}"


def _flag_at(place: str) -> str:
    """The flag of a value at a place such as `targets.teacher.0`."""
    return flag_of(place.split(".")[1]) if "." in place else place
