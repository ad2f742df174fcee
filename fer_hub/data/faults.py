"""Pictures of a dataset that cannot be used: a few are left out and counted, more are refused."""

import logging

from fer_hub.errors import InputError

logger = logging.getLogger(__name__)

MAX_FAULTY = 0.01
"""Share of the pictures that may be damaged or without a label."""

NO_PICTURE = "there is no picture"
NO_LABEL = "it has no label"


def leave_out(faults: dict[int, str], total: int, where: str) -> None:
    """Say which rows (with the reason) of so many cannot be used. Raises InputError where they are too many."""
    if not faults:
        return
    row, reason = min(faults.items())
    said = f"{len(faults):,} of {total:,} pictures of {where}, cannot be used; the first, row {row}: {reason}"
    if len(faults) > MAX_FAULTY * total:
        raise InputError(
            f"{said.removesuffix('.')}. Up to {MAX_FAULTY:.0%} are left out and counted; mend these, or have "
            "train/prepare_data.py folder make a dataset without them."
        )
    logger.warning("left out: %s", said)
