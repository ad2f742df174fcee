"""The webcam's film and everybody in front of it, as HTML."""

from markupsafe import Markup

from fer_hub.demo.state.live_stream import KEPT_EVERY, SHOWN_SECONDS, LiveMoment
from fer_hub.demo.views.templating import render, said
from fer_hub.demo.views.timeline import csv_of, lanes
from fer_hub.expressions import COLOURS, OTHER_COLOUR
from fer_hub.video.timeline import Timeline


def camera(every: float) -> Markup:
    """The webcam's film, which sends a picture at most every so many seconds."""
    return render("video/camera", every=every)


def live_blank() -> Markup:
    """What stands in place of the people before the webcam is started."""
    return render("video/live_blank")


def live_people(moment: LiveMoment) -> Markup:
    """Everybody in front of the webcam, with the last half minute, and the boxes that are drawn over the film."""
    people = [
        (
            person,
            lanes(person.history, person.face.probabilities, moment.time - SHOWN_SECONDS, moment.time, KEPT_EVERY),
        )
        for person in moment.people
    ]
    width, height = moment.size
    boxes = []
    for person in moment.people:
        left, top, right, bottom = person.face.box
        boxes.append(
            {
                "left": left / width,
                "top": top / height,
                "width": (right - left) / width,
                "height": (bottom - top) / height,
                "words": f"{person.number} {said(person.face)}",
                "unsure": bool(person.face.doubt),
                "colour": COLOURS.get(person.face.expression, OTHER_COLOUR),
            }
        )
    return render("video/live", people=people, rate=moment.rate, boxes=boxes, at=f"{moment.time:.3f}")


def live_log(seen: Timeline) -> Markup:
    """A link that saves what was seen; nothing where nothing was."""
    return render("video/live_log", csv=csv_of(seen), duration=seen.duration) if seen.people else Markup()
