"""Tables -> parquet shards of a size that the Hub and its readers like."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

SHARD_BYTES = 300_000_000
"""A shard is closed once its pictures have this size: what the Hub's viewer and several readers like."""


class ShardWriter:
    """Writes the shards of one table, and names them once their number is known: `NAME-00000-of-00012.parquet`."""

    def __init__(self, folder: Path, name: str, schema: pa.Schema) -> None:
        self.folder, self.name, self.schema = folder, name, schema
        self.files: list[Path] = []
        self.open: pq.ParquetWriter | None = None
        self.size = 0

    def write(self, table: pa.Table) -> None:
        if self.open is None:
            self.files.append(self.folder / f"{self.name}-{len(self.files):05d}.parquet")
            self.open, self.size = pq.ParquetWriter(self.files[-1], self.schema), 0
        self.open.write_table(table)
        self.size += table.nbytes
        if self.size >= SHARD_BYTES:
            self._close_shard()

    def close(self) -> None:
        self._close_shard()
        for number, file in enumerate(self.files):
            file.rename(self.folder / f"{self.name}-{number:05d}-of-{len(self.files):05d}.parquet")

    def _close_shard(self) -> None:
        if self.open is not None:
            self.open.close()
            self.open = None
