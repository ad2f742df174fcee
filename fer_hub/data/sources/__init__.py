"""The datasets that can be prepared: a registry, one file for each."""

from fer_hub.data.sources.affectnet import AFFECTNET
from fer_hub.data.sources.expw import EXPW
from fer_hub.data.sources.fer2013 import FER2013
from fer_hub.data.sources.ferplus import FERPLUS
from fer_hub.data.sources.folder import FOLDER
from fer_hub.data.sources.rafdb import RAFDB
from fer_hub.data.sources.source import Source

__all__ = ["SOURCES", "Source"]

SOURCES: dict[str, Source] = {
    "expw": EXPW,
    "fer2013": FER2013,
    "ferplus": FERPLUS,
    "rafdb": RAFDB,
    "affectnet": AFFECTNET,
    "folder": FOLDER,
}
