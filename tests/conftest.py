"""What several test modules share: drawn data, and one small model trained on it with the real command."""

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import settings

# Before any library reads them: no test reaches the network, and caches stay out of the home folder.
os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"

from fer_hub import open_image
from fer_hub.training import preparation
from fer_hub.vision.geometry import FER2013_GEOMETRY
from fer_hub.vision.images import EXAMPLE
from tests.faces import write_dataset
from tests.hub_server.running import Client, RunningHub, start_hub
from train import finetune

settings.register_profile("shared machines", deadline=None)  # nothing is timed where others run too
settings.load_profile("shared machines")

REPOSITORY = Path(__file__).parents[1]
SHARED = REPOSITORY.parent / "shared"


@pytest.fixture(scope="session")
def dataset_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Drawn faces: 40 of each expression to train on, 10 to test on."""
    return write_dataset(tmp_path_factory.mktemp("data") / "faces", {"train": 40, "test": 10})


@pytest.fixture(scope="session")
def trained(dataset_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The output folder of a short real training run on the drawn faces."""
    output = tmp_path_factory.mktemp("runs") / "tiny"
    finetune.main(
        f"--dataset {dataset_folder} --output {output} --epochs 12 --batch-size 16 --device cpu --dropout 0 "
        "--no-flip --rotation 5 --shear 0 --zoom 0.05".split()
    )
    return output


@pytest.fixture
def known_geometry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Spares training the face detector's time, where what is tested does not depend on it."""
    monkeypatch.setattr(preparation, "measure_geometry", lambda *_: (FER2013_GEOMETRY, 0, 0))


@pytest.fixture(scope="session")
def model_folder(trained: Path) -> Path:
    return trained / "model"


@pytest.fixture(scope="session")
def running_hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHub]:
    with start_hub(tmp_path_factory.mktemp("hub")) as running:
        yield running


@pytest.fixture(scope="session")
def running_client(running_hub: RunningHub) -> Iterator[Client]:
    client = Client(running_hub)
    yield client
    client.close()


@pytest.fixture
def hub(running_hub: RunningHub) -> RunningHub:
    """A running test Hub without any repository or fault."""
    running_hub.store.clear()
    running_hub.faults.clear()
    return running_hub


@pytest.fixture
def client(hub: RunningHub, running_client: Client) -> Client:
    """A child process with the real client, whose Hub is the test Hub; its cache is filled by all tests."""
    return running_client


@pytest.fixture
def repository(request: pytest.FixtureRequest) -> str:
    """A name on the test Hub that no other test has."""
    return f"tester/{request.node.originalname[:60]}-{hashlib.md5(request.node.nodeid.encode()).hexdigest()[:8]}"


@pytest.fixture(scope="session")
def photo() -> np.ndarray:
    """A real photo with one face, HWC uint8 RGB."""
    return open_image(EXAMPLE)


@pytest.fixture(scope="session")
def media() -> Path:
    """Real photos that lie beside the repository on the developers' machines only."""
    folder = SHARED / "media"
    if not folder.is_dir():
        pytest.skip("the shared photos are not on this machine")
    return folder
