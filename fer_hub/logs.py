"""How a command shows what the library logs: as plain lines on stdout, above progress bars."""

import logging

from tqdm import tqdm

LIBRARY = "fer_hub"


class _PlainLines(logging.Handler):
    """Writes to what stdout is at that moment, and leaves progress bars whole."""

    def emit(self, record: logging.LogRecord) -> None:
        tqdm.write(self.format(record))


def log_to_stdout(level: int = logging.INFO) -> None:
    """Show what the library logs from this level on. Given again, only the level changes."""
    logger = logging.getLogger(LIBRARY)
    logger.setLevel(level)
    if not any(isinstance(handler, _PlainLines) for handler in logger.handlers):
        logger.addHandler(_PlainLines())
