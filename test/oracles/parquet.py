"""Small Parquet files of every compression and shape that datasets are published in, written by pyarrow.

    python test/oracles/parquet.py

Writes test/fixtures/parquet: chats-CODEC.parquet (nested lists of messages, two row groups), plain.parquet (types and nulls).
"""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

folder = Path(__file__).resolve().parents[1] / "fixtures" / "parquet"
folder.mkdir(parents=True, exist_ok=True)

message = pa.struct([("role", pa.string()), ("content", pa.string())])
chats = pa.table(
    {
        "messages": pa.array(
            [
                [{"role": "user", "content": f"question {i}"}, {"role": "assistant", "content": f"answer é {i}"}]
                for i in range(6)
            ],
            pa.list_(message),
        ),
        "source": pa.array(["a", None, "b", "b", "a", "a"]),
    }
)
for codec in ["none", "snappy", "gzip", "zstd", "brotli"]:
    pq.write_table(chats, folder / f"chats-{codec}.parquet", compression=codec, row_group_size=4)

plain = pa.table(
    {
        "text": pa.array(["one", None, "three"]),
        "n": pa.array([1, 2**60, None], pa.int64()),
        "share": pa.array([0.5, None, 1.0]),
        "good": pa.array([True, False, None]),
        "day": pa.array([0, 86400000, None], pa.timestamp("ms")),
        "raw": pa.array([b"\x00\xff", None, b""], pa.binary()),
        "tags": pa.array([["x", "y"], [], None], pa.list_(pa.string())),
    }
)
pq.write_table(plain, folder / "plain.parquet", compression="snappy")
