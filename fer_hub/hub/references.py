"""A model reference -> a ModelFolder: bundled name, local folder, or owner/name[@revision] on the Hub."""

import re
from pathlib import Path

from fer_hub.errors import InputError, plain
from fer_hub.expressions import EXPRESSIONS
from fer_hub.files import CONFIG_FILE
from fer_hub.hub.model_folder import ModelFolder, ModelSummary

BUNDLED = Path(__file__).parents[1] / "bundled"

_HUB_REFERENCE = re.compile(r"(?P<id>[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*)(@(?P<revision>\w[\w./-]*))?", re.ASCII)


DEFAULT_MODEL = "fer-live"
"""The bundled model that is used where none is named."""


def bundled_models() -> list[str]:
    """Names of the models that ship with the package: `DEFAULT_MODEL` first, then the most accurate ones.

    Models of other labels than the seven expressions come last: their accuracy says nothing beside the others'.
    """
    names = [path.parent.name for path in BUNDLED.glob(f"*/{CONFIG_FILE}")]
    return sorted(names, key=_rank)


def resolve(reference: str, *, token: bool | None = None) -> ModelFolder:
    """Return the model folder that a reference names, fetched from the Hub where it is not on this machine.

    A folder `owner/name` on this machine wins over the repository of that name. The Hub is asked with the user's own
    token, where logged in; `token=False` is for a reference that a visitor gave: it asks as nobody, and no folder of
    this machine is meant. Raises InputError for what is none of the three forms or cannot be had, FerHubError where
    the Hub fails.
    """
    on_hub = None if ".." in reference else _HUB_REFERENCE.fullmatch(reference)
    if token is False:
        if on_hub is None:
            raise InputError(f"{plain(reference)!r} is no owner/name[@revision] of a model on the Hub.")
        return _from_hub(on_hub, token)
    if re.fullmatch(r"[\w-][\w.-]*", reference) and (BUNDLED / reference / CONFIG_FILE).is_file():
        return ModelFolder(BUNDLED / reference)
    if reference and Path(reference).is_dir():
        return ModelFolder(Path(reference))
    if on_hub is not None:
        return _from_hub(on_hub, token)
    raise InputError(
        f"no model {reference!r}; give the name of a bundled model ({', '.join(bundled_models())}), the path of "
        "a model folder, or owner/name[@revision] on the Hub."
    )


def _from_hub(reference: re.Match[str], token: bool | None) -> ModelFolder:
    # The Hub's client takes half a second to import, which a model on this machine need not wait for.
    from fer_hub.hub.download import fetch  # noqa: PLC0415

    return ModelFolder(fetch(reference["id"], reference["revision"], token))


def list_models(references: list[str] | None = None) -> list[ModelSummary]:
    """Return summaries of the given models, or of the bundled ones."""
    return [resolve(reference).summary(reference) for reference in references or bundled_models()]


def _rank(name: str) -> tuple[bool, bool, float, str]:
    """A bundled model's place among the others; the lowest comes first."""
    folder = ModelFolder(BUNDLED / name)
    report = folder.evaluation if folder.is_evaluated else None
    others_labels = report is None or set(report.labels) != set(EXPRESSIONS)
    return name != DEFAULT_MODEL, others_labels, -report.accuracy if report else 0.0, name
