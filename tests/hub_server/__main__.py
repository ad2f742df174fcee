"""python -m tests.hub_server FOLDER: a Hub to try things out by hand."""

import sys
import time
from pathlib import Path

from tests.hub_server.access import WRITE_TOKEN
from tests.hub_server.running import start_hub

if __name__ == "__main__":
    with start_hub(Path(sys.argv[1])) as hub:
        print(f"HF_ENDPOINT={hub.endpoint} HF_TOKEN={WRITE_TOKEN} HF_HUB_DISABLE_XET=1")
        try:
            while True:
                time.sleep(1)
        except KeyboardInterrupt:
            pass
