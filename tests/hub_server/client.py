"""A child process that stays: runs commands with the real client, one after the other, without starting anew for each.

It reads a call a line, as JSON, and answers with its exit status, stdout and stderr; what the call returns is printed.
"""

import contextlib
import importlib
import io
import json
import logging
import os
import sys
import traceback
from collections.abc import Callable
from functools import partial
from typing import Any

from huggingface_hub import constants

from fer_hub.errors import run_command


def call(function: Callable[..., Any], arguments: list[Any], keywords: dict[str, Any]) -> None:
    result = function(*arguments, **keywords)
    if result is not None:
        print(result)


def main() -> None:
    answers, sys.stdout = sys.stdout, sys.stderr
    logging.getLogger("huggingface_hub").setLevel(logging.ERROR)
    for line in sys.stdin:
        request = json.loads(line)
        module, function = request["function"].split(":")
        called = getattr(importlib.import_module(module), function)
        constants.HF_HUB_OFFLINE = request["offline"]
        os.environ.pop("HF_TOKEN", None)
        if request["token"]:
            os.environ["HF_TOKEN"] = request["token"]
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            try:
                status = run_command(partial(call, called, request["arguments"], request["keywords"]))
            except Exception:
                status = 1
                traceback.print_exc()
        print(json.dumps([status, out.getvalue(), err.getvalue()]), file=answers, flush=True)


if __name__ == "__main__":
    main()
