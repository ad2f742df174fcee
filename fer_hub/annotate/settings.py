"""What the rows of a run depend on beside the pictures: models, device, versions, and what is asked for."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

from pydantic import BaseModel

import fer_hub
from fer_hub.files import CONFIG_FILE, WEIGHTS_FILE, model_file
from fer_hub.hub.references import bundled_models, resolve
from fer_hub.recognizer import ExpressionRecognizer
from fer_hub.versions import ANNOTATING, versions


class UsedModel(BaseModel, frozen=True, extra="forbid"):
    """One of the models that name the expressions."""

    reference: str
    """Bundled name, path of a folder, or owner/name@commit: the same weights wherever it is resolved."""
    commit: str
    """The Hub's commit; of a model that comes from elsewhere `sha256:` and a digest of its files."""

    @property
    def name(self) -> str:
        """What the tables say, which may be published: of a folder its name, or its run's, and no more of its path."""
        path = Path(self.reference)
        if not path.is_absolute():
            return self.reference.partition("@")[0]
        return path.parent.name if path.name == "model" else path.name


class Settings(BaseModel, frozen=True, extra="forbid"):
    """All that makes two runs over the same pictures give the same rows."""

    models: tuple[UsedModel, ...]
    labels: tuple[str, ...]
    """The expressions that the models name, in order."""
    crops: bool
    """Whether the faces' pixels are written too."""
    device: str
    """`cpu` or `cuda`; probabilities differ in their last digits."""
    versions: dict[str, str]

    @property
    def digest(self) -> str:
        """Short name of these settings."""
        return hashlib.blake2b(self.model_dump_json().encode(), digest_size=8).hexdigest()

    @property
    def model(self) -> str:
        """What the tables say in `model`."""
        return " + ".join(model.name for model in self.models)

    @property
    def commit(self) -> str:
        return " + ".join(model.commit for model in self.models)

    def recognizer(self) -> ExpressionRecognizer:
        """Load the models."""
        return ExpressionRecognizer.from_pretrained(*(model.reference for model in self.models), device=self.device)


def settle(references: Sequence[str], crops: bool, device: str) -> Settings:
    """Resolve the models, by default `DEFAULT_MODEL`, and load them once: better before the work than in it.

    Raises InputError where that fails.
    """
    models = tuple(_pinned(reference) for reference in references or bundled_models()[:1])
    recognizer = ExpressionRecognizer.from_pretrained(*(model.reference for model in models), device=device)
    labels = tuple(recognizer.labels)
    described = {"fer-hub": fer_hub.__version__, **versions(ANNOTATING)}
    return Settings(models=models, labels=labels, crops=crops, device=device, versions=described)


def _pinned(reference: str) -> UsedModel:
    """The reference with the commit that it means now."""
    folder = resolve(reference)
    if folder.commit:
        return UsedModel(reference=f"{reference.partition('@')[0]}@{folder.commit}", commit=folder.commit)
    if reference not in bundled_models():
        reference = str(Path(reference).resolve())
    return UsedModel(reference=reference, commit=_files_digest(folder.path))


def _files_digest(folder: Path) -> str:
    digest = hashlib.sha256()
    for name in (CONFIG_FILE, WEIGHTS_FILE):
        with model_file(folder, name).open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return f"sha256:{digest.hexdigest()[:16]}"
