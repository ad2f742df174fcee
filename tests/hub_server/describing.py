"""What the Hub tells of a repository and of a file."""

import json
import re
import struct
from contextlib import suppress
from typing import Any

import yaml

from tests.hub_server.access import Hub
from tests.hub_server.store import Commit, File, Repository


def describe(hub: Hub, repository: Repository, commit: Commit, wanted: Any) -> dict[str, Any]:
    """What the Hub tells of a repository; `wanted` are the query's parameters."""
    card = {}
    if "README.md" in commit.files:
        with suppress(yaml.YAMLError):
            card = front_matter(hub.store.blob(commit.files["README.md"]).read_bytes())
    # As on the Hub, the library and the task of a card are tags too.
    tags = [*(card.get("tags") or []), card.get("library_name"), card.get("pipeline_tag")]
    siblings = [{"rfilename": path, **blob_entry(file, wanted)} for path, file in commit.files.items()]
    info = {
        "id": repository.id,
        "modelId": repository.id,
        "author": repository.owner,
        "sha": commit.oid,
        "lastModified": commit.date,
        "createdAt": next(iter(repository.commits.values())).date,
        "private": repository.private,
        "gated": "auto" if repository.gated else False,
        "disabled": False,
        "downloads": 0,
        "likes": 0,
        "tags": [tag for tag in tags if tag],
        "cardData": card,
        "siblings": siblings,
        "usedStorage": sum(file.size for file in commit.files.values()),
    }
    weights = commit.files.get("model.safetensors")
    if weights is not None and hub.store.blob(weights).is_file():
        info["safetensors"] = safetensors_summary(hub.store.blob(weights).read_bytes())
    expand = wanted.getlist("expand")
    always = ("id", "modelId", "tags", "lastModified") if expand else info
    return {name: value for name, value in info.items() if name in always or name in expand}


def blob_entry(file: File, wanted: Any) -> dict[str, Any]:
    if "blobs" not in wanted:
        return {}
    lfs = {"sha256": file.sha256, "size": file.size, "pointerSize": 134} if file.sha256 else None
    return {"size": file.size, "blobId": file.oid, **({"lfs": lfs} if lfs else {})}


def tree_entry(path: str, file: File) -> dict[str, Any]:
    lfs = {"oid": file.sha256, "size": file.size, "pointerSize": 134} if file.sha256 else None
    return {"type": "file", "path": path, "size": file.size, "oid": file.oid, **({"lfs": lfs} if lfs else {})}


def front_matter(card: bytes) -> dict[str, Any]:
    """The YAML at the top of a card."""
    block = re.match(rb"---\r?\n(.*?)\r?\n---", card, re.DOTALL)
    found = yaml.safe_load(block[1]) if block else {}
    # As JSON sees it: dates are text, and what is no number is null.
    return json.loads(json.dumps(found, default=str), parse_constant=lambda _: None) if isinstance(found, dict) else {}


def safetensors_summary(content: bytes) -> dict[str, Any] | None:
    """Numbers of values by type, as the Hub reads them from a file's header."""
    try:
        header = json.loads(content[8 : 8 + struct.unpack("<Q", content[:8])[0]])
        header.pop("__metadata__", None)
        counts: dict[str, int] = {}
        for tensor in header.values():
            size = 1
            for side in tensor["shape"]:
                size *= side
            counts[tensor["dtype"]] = counts.get(tensor["dtype"], 0) + size
    except (ValueError, KeyError, TypeError, struct.error, AttributeError):
        return None
    return {"parameters": counts, "total": sum(counts.values())}
