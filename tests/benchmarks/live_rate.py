"""Answers a second on the demo's Live tab, in headless Chromium whose camera shows the bundled photo, moving.

python tests/benchmarks/live_rate.py [--seconds 20] [--model NAME]

The page sends pictures of 320 pixels, one at a time, and the demo runs in a process of its own: browser and demo share
the cores, as on a visitor's own machine. The load average stands beside the figure; on a busy machine it says how busy,
not how fast.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[2])

from fer_hub import open_image
from tests.benchmarks.demo_start import EXAMPLE, REPOSITORY, free_port, wait_for_page
from tests.browser.conftest import chromium
from tests.videos import walking, write_video

WARM_UP_SECONDS = 5
COUNT = """seconds => new Promise(resolve => {
    let answers = 0, faces = 0;
    document.addEventListener('fer-live', () => {
        answers += 1;
        faces += document.querySelector('#live section') !== null;
    });
    setTimeout(() => resolve([answers, faces]), 1000 * seconds);
})"""


def measure(address: str, film: Path, seconds: float) -> tuple[int, int]:
    """Answers in so many seconds, and those in which a face was seen."""
    with chromium(film) as browser:
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        page.goto(f"{address}?tab=live")
        page.get_by_role("button", name="Start", exact=True).click(timeout=60_000)
        page.get_by_role("region", name="Person 1").wait_for(timeout=60_000)
        page.wait_for_timeout(1000 * WARM_UP_SECONDS)
        answers, faces = page.evaluate(COUNT, seconds)
        return answers, faces


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--model", default="fer-live", help="reference of a model (default: fer-live)")
    options = parser.parse_args()
    port = free_port()
    address = f"http://127.0.0.1:{port}/"
    environment = os.environ | {"GRADIO_SERVER_PORT": str(port), "NO_PROXY": "127.0.0.1"}
    serve = f"from fer_hub.demo.app import build_demo, launch; launch(build_demo([{options.model!r}]))"
    with tempfile.TemporaryDirectory() as folder:
        there = walking(open_image(EXAMPLE), 30, 640, 480)
        film = write_video(Path(folder, "camera.mjpeg"), [*there, *there[::-1]], rate=30, codec="mjpeg")
        demo = subprocess.Popen(
            [sys.executable, "-c", serve], cwd=REPOSITORY, env=environment, stdout=subprocess.DEVNULL
        )
        try:
            wait_for_page(address, demo)
            answers, faces = measure(address, film, options.seconds)
        finally:
            demo.terminate()
            demo.wait(timeout=30)
    rate = answers / options.seconds
    print(f"{rate:.1f} answers a second with {options.model}, over {options.seconds:.0f} s")
    print(f"a face in {faces} of {answers}; {os.cpu_count()} cores, load average {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
