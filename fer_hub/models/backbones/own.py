"""Networks of other packages, by entry point: the group `fer_hub.architectures` of whatever is installed.

A package says in its pyproject.toml

    [project.entry-points."fer_hub.architectures"]
    my_net = "my_package.networks:MyNet"

and `--architecture my_net` trains it. `MyNet` is an `nn.Module`, or a function that gives one, called with (channels,
input_size, classes, dropout); its attributes `native_channels` and `native_size` say what input it is made for.
"""

from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import entry_points

from torch import nn

from fer_hub.errors import InputError, first_line, plain
from fer_hub.models.pretrained import HubWeights, PretrainedWeights

GROUP = "fer_hub.architectures"


@dataclass(frozen=True)
class OwnArchitecture:
    """Somebody's builder, with the defaults of what it does not say."""

    build: Callable[[int, int, int, float], nn.Module]
    native_channels: int
    native_size: int
    native_dropout: float
    native_weights: PretrainedWeights | HubWeights | None

    def __call__(self, channels: int, input_size: int, classes: int, dropout: float) -> nn.Module:
        return self.build(channels, input_size, classes, dropout)


def own_architectures() -> list[str]:
    """The names that installed packages give."""
    return sorted(point.name for point in entry_points(group=GROUP))


def own_architecture(name: str) -> OwnArchitecture | None:
    """The builder of that name; None where no package has one. Raises InputError where it cannot be loaded."""
    for point in entry_points(group=GROUP, name=name):
        try:
            build = point.load()
            channels, size = int(build.native_channels), int(build.native_size)
        except Exception as error:  # it is anybody's code
            raise InputError(
                f"architecture {plain(name)} ({point.value}) cannot be used: {first_line(error)}."
            ) from None
        dropout, weights = getattr(build, "native_dropout", 0.0), getattr(build, "native_weights", None)
        return OwnArchitecture(build, channels, size, dropout, weights)
    return None
