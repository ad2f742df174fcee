"""The datasets that can be prepared: a registry, one file for each."""

from train.sources.affectnet import AFFECTNET
from train.sources.expw import EXPW
from train.sources.fer2013 import FER2013
from train.sources.ferplus import FERPLUS
from train.sources.folder import FOLDER
from train.sources.rafdb import RAFDB
from train.sources.row import Row, Source

__all__ = ["SOURCES", "Row", "Source"]

SOURCES: dict[str, Source] = {
    "expw": EXPW,
    "fer2013": FER2013,
    "ferplus": FERPLUS,
    "rafdb": RAFDB,
    "affectnet": AFFECTNET,
    "folder": FOLDER,
}
