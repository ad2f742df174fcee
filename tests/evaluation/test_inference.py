import numpy as np
import pytest

from fer_hub import InputError
from fer_hub.evaluation.inference import predict


def test_label_and_answer_of_a_picture_stay_together():
    batches = [([4, 2], ["sad", "happy"], [0.1, 0.9]), ([7], ["sad"], [0.4])]
    found = predict(batches, lambda pictures: [[share, 1 - share] for share in pictures], ("happy", "sad"))
    assert found.index.tolist() == [4, 2, 7]
    assert found.labels.tolist() == [1, 0, 1]
    assert np.allclose(found.probabilities, [[0.1, 0.9], [0.9, 0.1], [0.4, 0.6]])


def test_labels_that_cannot_be_answered_and_no_pictures_are_refused():
    with pytest.raises(InputError, match="cannot name: contempt"):
        predict([([0], ["contempt"], [0.5])], lambda pictures: [[0.5, 0.5]], ("happy", "sad"))
    with pytest.raises(InputError, match="no picture"):
        predict([], lambda pictures: [], ("happy", "sad"))
