"""From the command line to the demo."""

from fer_hub.demo.security.proxies import reach_this_machine
from fer_hub.errors import run_command


def main() -> int:
    """Open the demo and stay until it is stopped; the exit status."""
    return run_command(_launch)


def _launch() -> None:
    reach_this_machine()
    from fer_hub.demo.app import build_demo, launch  # noqa: PLC0415 Gradio tries the proxies at its import

    launch(build_demo())
