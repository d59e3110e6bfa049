"""Writes Tests/Golden/parquet.json: small Parquet files as pyarrow writes them, and what is in them.

Needs pyarrow and numpy (made with pyarrow 26; other versions give other bytes with the same values).
"""

import base64
import datetime as dt
import io
import json
import math
import pathlib

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

TABLE = pa.table({
    "b": pa.array([True, None, False, True, True]),
    "i8": pa.array([1, -2, None, 4, 5], pa.int8()),
    "i16": pa.array([1, -2, 3, 4, 5], pa.int16()),
    "i32": pa.array([1, -2, 3, None, 5], pa.int32()),
    "i64": pa.array([1, -2, 2**62, 4, None]),
    "u8": pa.array([255, 0, 1, 2, 3], pa.uint8()),
    "u32": pa.array([2**32 - 1, 0, None, 2, 3], pa.uint32()),
    "u64": pa.array([2**63 - 1, 0, 1, 2, 3], pa.uint64()),
    "f16": pa.array(np.array([1.5, -2, 0.0001, 65504, np.inf], dtype=np.float16)),
    "f32": pa.array([1.5, None, math.nan, -0.0, 1e-30], pa.float32()),
    "f64": pa.array([0.1, None, math.nan, math.inf, -1e300]),
    "s": pa.array(["a", "", "é\n", None, "a"]),
    "large": pa.array(["x", "y", None, "z", "x"], pa.large_string()),
    "date": pa.array([dt.date(2026, 11, 29), dt.date(1, 1, 1), None, dt.date(9999, 12, 31), dt.date(1970, 1, 1)]),
    "ms": pa.array([dt.datetime(2026, 11, 29, 12, 0, 0, 5000), None, dt.datetime(1900, 1, 1), dt.datetime(1970, 1, 1),
                    dt.datetime(1969, 12, 31, 23, 59, 59)], pa.timestamp("ms")),
    "us": pa.array([dt.datetime(2026, 11, 29, 12, 0, 0, 5), None, dt.datetime(1900, 1, 1), dt.datetime(1970, 1, 1),
                    dt.datetime(1969, 12, 31, 23, 59, 59, 999999)], pa.timestamp("us", tz="UTC")),
    "ns": pa.array([dt.datetime(2026, 11, 29, 12, 0, 0, 5), None, dt.datetime(1900, 1, 1), dt.datetime(1970, 1, 1),
                    dt.datetime(1969, 12, 31, 23, 59, 59, 999999)], pa.timestamp("ns")),
    "ints": pa.array([[1, 2], [], None, [None, 3], [4]]),
    "words": pa.array([["a"], ["b", None], None, [], ["c", "d", "e"]]),
    "floats": pa.array([[0.5], [], [1.0], None, [2.0]], pa.list_(pa.float32())),
    "category": pa.array(["x", "y", "x", None, "y"]).dictionary_encode(),
    "null": pa.nulls(5),
})


def plain(value):
    if isinstance(value, (dt.datetime, np.datetime64)):
        value = value.replace(tzinfo=None)
        text = value.isoformat()
        return text[:-3] if "." in text and text.endswith("000") else text
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, (float, np.floating)):
        value = float(value)
        return value if math.isfinite(value) else str(value)
    if isinstance(value, list):
        return [plain(item) for item in value]
    return value


def packed(table, **options):
    sink = io.BytesIO()
    pq.write_table(table, sink, **options)
    return base64.b64encode(sink.getvalue()).decode()


def main():
    files = {}
    for codec in ["snappy", "zstd", "gzip", "none"]:
        for version in ["1.0", "2.0"]:
            files[f"{codec} {version}"] = packed(TABLE, compression=codec, data_page_version=version)
    files["plain"] = packed(TABLE, use_dictionary=False)
    files["groups"] = packed(TABLE, row_group_size=2)
    refused = {
        "decimals": packed(pa.table({"m": pa.array([1], pa.decimal128(5, 2))})),
        "records": packed(pa.table({"m": [{"a": 1}]})),
        "lists of lists": packed(pa.table({"m": [[[1]]]})),
        "maps": packed(pa.table({"m": pa.array([[("a", 1)]], pa.map_(pa.string(), pa.int64()))})),
        "BROTLI": packed(pa.table({"m": [1]}), compression="brotli"),
        "DELTA_BINARY_PACKED": packed(
            pa.table({"m": [1]}), use_dictionary=False, column_encoding={"m": "DELTA_BINARY_PACKED"}),
        "BYTE_STREAM_SPLIT": packed(
            pa.table({"m": [1.5]}), use_dictionary=False, column_encoding={"m": "BYTE_STREAM_SPLIT"}),
    }
    columns = {}
    for name in TABLE.column_names:
        if name == "ns":
            columns[name] = [plain(None if v is None else v.to_pydatetime()) for v in TABLE[name].to_pylist()]
        else:
            columns[name] = [plain(v) for v in TABLE[name].to_pylist()]
    text = json.dumps({"files": files, "columns": columns, "refused": refused}, indent=1, ensure_ascii=False)
    target = pathlib.Path(__file__).resolve().parents[2] / "Tests/Golden/parquet.json"
    target.write_text(text + "\n")


main()
