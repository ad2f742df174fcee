import numpy as np
import pytest
from PIL import Image

from fer_hub import InputError
from fer_hub.data.crop_check import CropCheck
from fer_hub.data.preparation.cropping import Cutting, FaceCutter, cut_box
from fer_hub.vision.alignment import align_face
from fer_hub.vision.detection import FaceDetector
from fer_hub.vision.geometry import FER2013_GEOMETRY
from tests.raw_data import noise


def test_the_crop_is_the_recognizers(photo):
    crop, cut = FaceCutter(Cutting("landmarks", 48, 0.1)).cut(photo, (180, 65, 266, 173))
    assert (cut, crop.shape) == ("landmarks", (48, 48, 3))
    theirs = align_face(photo, FaceDetector().detect(photo)[0].landmarks, FER2013_GEOMETRY)
    # Searched at another scale, the landmarks differ by a pixel of the photo.
    assert np.abs(crop.astype(int) - theirs).mean() < 10


def test_of_two_faces_each_box_gets_its_own(photo):
    person = photo[20:220, 120:320]
    both = np.concatenate([person, person[:, ::-1] // 2], axis=1)  # the second mirrored and darker
    cutter = FaceCutter(Cutting("landmarks", 48, 0.1))
    left, right = (cutter.cut(both, box)[0].astype(int) for box in ((55, 40, 150, 160), (250, 40, 345, 160)))
    assert right.mean() < 0.6 * left.mean()
    assert np.abs(left[:, ::-1] // 2 - right).mean() < 10
    assert cutter.cut(both, (150, 40, 250, 160))[1] == "box"  # between them


def test_without_a_face_the_box_is_left():
    photo = noise(0, 120, 160)
    crop, cut = FaceCutter(Cutting("landmarks", 48, 0.25)).cut(photo, (20, 30, 60, 90))
    assert cut == "box"
    assert (crop == photo[15:105, 10:70]).all()


def test_boxes_end_with_the_photo():
    photo = noise(0, 50, 40)
    assert (cut_box(photo, (-10, -10, 20, 20), 0.1) == photo[:23, :23]).all()
    assert (cut_box(photo, (30, 40, 90, 90), 0.0) == photo[40:, 30:]).all()
    for outside in ((40, 0, 50, 10), (-10, 0, 0, 10), (0, 50, 10, 60)):
        with pytest.raises(ValueError, match="outside"):
            cut_box(photo, outside, 0.5)


def test_without_a_box_the_largest_face_is_cut_out(photo):
    person = Image.fromarray(photo[20:220, 120:320])
    whole = Image.fromarray(noise(0, 700, 1400))
    whole.paste(person, (100, 100))
    whole.paste(Image.fromarray(photo[20:220, 120:320] // 2).resize((400, 400)), (800, 200))
    crop, cut = FaceCutter(Cutting("landmarks", 48, 0.1)).cut(np.asarray(whole), None)
    assert cut == "landmarks"
    darker = FaceCutter(Cutting("landmarks", 48, 0.1)).cut(photo // 2, (180, 65, 266, 173))[0]
    assert np.abs(crop.astype(int) - darker).mean() < 10
    crop, cut = FaceCutter(Cutting("box", 48, 0)).cut(np.asarray(whole), None)
    assert cut == "box"
    assert 150 < crop.shape[0] < 260  # of the photo's own pixels


def test_a_small_face_in_a_large_photo_is_found(photo):
    whole = Image.fromarray(noise(0, 2400, 3200))
    whole.paste(Image.fromarray(photo[20:220, 120:320]), (1500, 1000))
    crop, _ = FaceCutter(Cutting("landmarks", 48, 0.1)).cut(np.asarray(whole), None)
    near = FaceCutter(Cutting("landmarks", 48, 0.1)).cut(photo, (180, 65, 266, 173))[0]
    assert np.abs(crop.astype(int) - near).mean() < 8


def test_a_photo_without_a_face_is_no_face():
    for how in ("landmarks", "box"):
        with pytest.raises(ValueError, match="no face found"):
            FaceCutter(Cutting(how, 48, 0.1)).cut(noise(0, 120, 160), None)
    assert FaceCutter(Cutting("none", 48, 0.1)).cut(noise(0, 120, 160), None)[1] == "whole"


@pytest.mark.parametrize(
    ("boxes", "found", "how"),
    [
        (True, None, "landmarks"),
        (False, "whole photos", "landmarks"),
        (False, "face crops", "none"),
        (False, "pictures", "none"),
    ],
)
def test_auto_decides_by_what_is_found(boxes, found, how):
    check = {None: None, "whole photos": CropCheck(9, 9, 9, 0.1), "face crops": CropCheck(9, 9, 0, 0.8)}.get(
        found, CropCheck(9, 0, 0, 0)
    )
    assert Cutting("auto", 96, 0.1).decide(boxes, check).how == how
    assert Cutting("box", 96, 0.1).decide(boxes, check).how == "box"


def test_marked_faces_are_cut_out():
    with pytest.raises(InputError, match="--crop none would keep the photos around the marked faces"):
        Cutting("none", 96, 0.1).decide(True, None)


def test_impossible_settings_are_refused():
    with pytest.raises(InputError, match="--size is 8; it must be between 16 and 512"):
        Cutting("landmarks", 8, 0.1)
    with pytest.raises(InputError, match="--margin is -1; it must be between 0 and 2"):
        Cutting("box", 96, -1)
