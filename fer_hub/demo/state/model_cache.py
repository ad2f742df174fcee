"""Networks in memory: those used least recently go when all together are too large."""

from collections import OrderedDict
from threading import Lock

from fer_hub.demo.security.deadline import heed_deadlines
from fer_hub.hub.model_folder import ModelFolder
from fer_hub.models import count_parameters
from fer_hub.models.classifier import ExpressionClassifier


class ModelCache:
    """Classifiers by folder, with at most `most` parameters in all, or one that is larger alone."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._loaded: OrderedDict[ModelFolder, ExpressionClassifier] = OrderedDict()
        self._lock, self._loading = Lock(), Lock()

    def get(self, folder: ModelFolder) -> ExpressionClassifier:
        """The classifier of a model folder, read when first asked for; one at a time, so that none is read twice."""
        if (known := self._find(folder)) is not None:
            return known
        with self._loading:
            if (known := self._find(folder)) is not None:
                return known
            classifier = folder.load()
            heed_deadlines(classifier.network)
            with self._lock:
                self._loaded[folder] = classifier
                while len(self._loaded) > 1 and self.parameters > self._most:
                    self._loaded.popitem(last=False)
            return classifier

    @property
    def parameters(self) -> int:
        """Of all that is loaded; each takes four bytes."""
        return sum(count_parameters(classifier.network) for classifier in self._loaded.values())

    def _find(self, folder: ModelFolder) -> ExpressionClassifier | None:
        with self._lock:
            if folder in self._loaded:
                self._loaded.move_to_end(folder)
            return self._loaded.get(folder)
