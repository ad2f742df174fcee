"""The files that let a model repository run on Hugging Face Inference Endpoints.

An endpoint installs the repository's requirements.txt and runs its handler.py, but it cannot install this package,
which is on no package index. So the repository carries a copy of the package's code (about 100 KB, no
weights): it needs no other address, and it is the code that the model was pushed with.
"""

from pathlib import Path

from fer_hub import __version__

_PACKAGE = Path(__file__).parents[1]
_COPIED = ("*.py", "vision/*.py", "models/*.py", "models/*/*.py", "hub/*.py", "evaluation/*.py")
# Of these, what only commands need: publishing, lists of models, and the measuring of whole datasets.
_LEFT_OUT = (
    "__main__",
    "catalogue",
    "endpoint",
    "handler",
    "upload",
    "charts",
    "comparison",
    "inference",
    "robustness",
)

# Lower bounds as in the project's requirements.txt; a test compares. Gradio and the training's packages are not needed.
REQUIREMENTS = """\
torch>=2.11
torchvision>=0.26
facenet-pytorch==2.5.3
huggingface_hub>=2.4
safetensors>=0.8
pydantic>=2.12
numpy>=2.3
pillow>=12.1
"""


# So that `pip install git+ADDRESS` of the repository gives the copied code.
_PROJECT = """\
[project]
name = "fer-hub"
version = "{version}"
description = "Name the expression on a face: what a model of FER Hub needs to run."
license = "Apache-2.0"
requires-python = ">=3.11"
dependencies = [{requirements}]

[build-system]
requires = ["setuptools>=77"]
build-backend = "setuptools.build_meta"

[tool.setuptools.packages.find]
include = ["fer_hub*"]
"""


def endpoint_files() -> dict[str, bytes]:
    """Path in the repository -> content, to be committed beside the files of the model folder."""
    found = (path for pattern in _COPIED for path in sorted(_PACKAGE.glob(pattern)))
    requirements = ", ".join(f'"{line}"' for line in REQUIREMENTS.splitlines())
    modules = [path for path in found if path.stem not in _LEFT_OUT]
    return {
        "handler.py": Path(__file__).with_name("handler.py").read_bytes(),
        "requirements.txt": REQUIREMENTS.encode(),
        "pyproject.toml": _PROJECT.format(version=__version__, requirements=requirements).encode(),
        **{f"fer_hub/{path.relative_to(_PACKAGE).as_posix()}": path.read_bytes() for path in modules},
    }
