"""A model folder -> one commit of a repository on the Hub."""

import os
import re
import shlex
import warnings
from pathlib import Path

from huggingface_hub import CommitOperationAdd, HfApi, ModelCard

from fer_hub.errors import InputError
from fer_hub.evaluation.report import EvaluationReport
from fer_hub.files import CARD_FILE, CARD_PICTURES, EVALUATION_FILE, MODEL_FILES, model_file
from fer_hub.hub.client import LIBRARY, first_line, full_name, talking_to_hub
from fer_hub.hub.endpoint import endpoint_files
from fer_hub.models import ModelConfig
from fer_hub.models.classifier import ExpressionClassifier


def push_model(folder: Path, repository: str, private: bool = False) -> str:
    """Publish a model folder as [owner/]name, in one commit of our own files, and return its address.

    Its card then tells how to load it from there. The repository is made where it is missing; its owner is whoever is
    logged in, where none is given. Raises InputError before anything is sent where the folder is not whole; where the
    push fails, the folder stays as it is and the message says how to repeat it.
    """
    files = check_folder(folder)
    repository = full_name(repository)
    command = f"python -m fer_hub push {shlex.quote(str(folder))} {repository}{' --private' if private else ''}"
    hub = HfApi()
    with talking_to_hub(f"{folder} could not be pushed to {repository}", f"`{command}` repeats the push alone"):
        address = create_repository(hub, repository, "model", private)
        card = name_model(files.pop(CARD_FILE).read_text(encoding="utf-8"), repository)
        operations = [CommitOperationAdd(CARD_FILE, card.encode())]
        operations += [CommitOperationAdd(name, file) for name, file in files.items()]
        operations += [CommitOperationAdd(name, content) for name, content in endpoint_files().items()]
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "It seems that you are about to commit a data file")
            hub.create_commit(repository, operations, commit_message=f"Push {folder.resolve().name} with FER Hub")
    return address


def create_repository(hub: HfApi, repository: str, kind: str, private: bool) -> str:
    """Make a repository where it is missing, and return its address. Raises InputError where it should be private
    but is there, and public."""
    address = hub.create_repo(repository, repo_type=kind, private=private, exist_ok=True)
    if private and not hub.repo_info(repository, repo_type=kind).private:
        raise InputError(f"{repository} exists and is public; give another name, or make it private first.")
    return str(address)


def name_model(card: str, reference: str) -> str:
    """A card (fer_hub/hub/cards/text.py) whose code and commands load the model by this reference."""
    card = re.sub(r'(from_pretrained\(|\("photo\.jpg"\), \[)"[^"\n]*"', rf'\1"{reference}"', card)
    return re.sub(r"(--model |FER_HUB_MODELS=)('[^'\n]*'|[^\s'`]+)", rf"\1{reference}", card)


def check_folder(folder: Path) -> dict[str, Path]:
    """Return a model folder's files. Raises InputError where it is not whole, or cannot be loaded or found."""
    if not folder.is_dir():
        raise InputError(f"there is no folder {folder}.")
    pictures = [name for name in CARD_PICTURES if os.path.lexists(folder / name)]
    files = {name: model_file(folder, name) for name in (*MODEL_FILES, *pictures)}
    read_report(folder, ExpressionClassifier.load(folder).config)
    try:
        library = ModelCard.load(files[CARD_FILE]).data.library_name
    except Exception as error:  # YAML and the card's own checks raise many kinds
        raise InputError(f"{files[CARD_FILE]} is not a model card: {first_line(error)}.") from None
    if library != LIBRARY:
        raise InputError(
            f"{files[CARD_FILE]} has library_name {library!r}; it must be {LIBRARY}, by which models are found."
        )
    return files


def read_report(folder: Path, config: ModelConfig) -> EvaluationReport:
    """Read a model folder's evaluation. Raises InputError where it is of another model than `config`."""
    file = model_file(folder, EVALUATION_FILE)
    report = EvaluationReport.from_json(file.read_bytes())
    if set(report.labels) != set(config.labels):
        raise InputError(
            f"{file} is of another model: its labels are {', '.join(report.labels)}, the network's "
            f"{', '.join(config.labels)}."
        )
    return report
