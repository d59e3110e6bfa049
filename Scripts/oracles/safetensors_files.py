"""Files of Tests/Golden/checkpoints that the safetensors package writes, and what PyTorch reads from them.

`types.safetensors` holds a tensor of each type; `types.json` its values as the bits of the f32 (or as the f64 or integers) that they
are converted to. `written.safetensors` is what our writer must produce byte for byte from `written.json`.
"""

import json
import pathlib

import torch
from safetensors.torch import save_file

FOLDER = pathlib.Path(__file__).resolve().parents[2] / "Tests" / "Golden" / "checkpoints"


def patterns(bits, count):
    """Bit patterns: the special ones, and others all over the range."""
    top = 1 << bits
    special = [0, 1, 2, 3, top - 1, top - 2, top // 2 - 1, top // 2, top // 2 + 1]
    return torch.tensor(sorted({*special, *(i * 2654435761 % top for i in range(count))}))


def narrow(values, dtype):
    size = torch.tensor([], dtype=dtype).element_size()
    unsigned = {1: torch.uint8, 2: torch.uint16}[size]
    return values.to(torch.int32).to(unsigned).view(dtype)


def types():
    found = {
        "bool": torch.tensor([True, False, False, True, True]),
        "u8": torch.arange(256).to(torch.uint8),
        "i8": torch.arange(-128, 128).to(torch.int8),
        "i16": torch.tensor([-32768, -1, 0, 7, 32767], dtype=torch.int16),
        "u16": torch.tensor([0, 1, 32768, 65535], dtype=torch.uint16),
        "i32": torch.tensor([[-(2**31), 2**31 - 1], [0, -5]], dtype=torch.int32),
        "u32": torch.tensor([0, 2**32 - 1, 2**31], dtype=torch.uint32),
        "i64": torch.tensor([-(2**63), 2**63 - 1, 0]),
        "u64": torch.tensor([0, 5, 2**63 - 1], dtype=torch.uint64),
        "f64": torch.tensor([0.1, -1e300, 5e-324, float("inf"), float("nan")], dtype=torch.float64),
        "f32": torch.tensor([0.1, -3e38, 1e-45, float("-inf"), float("nan"), -0.0]),
        "scalar": torch.tensor(2.5),
        "nothing": torch.zeros(3, 0, 2),
    }
    for dtype in (torch.float16, torch.bfloat16):
        found[str(dtype)[6:]] = narrow(patterns(16, 400), dtype)
    for name in ("float8_e4m3fn", "float8_e5m2", "float8_e4m3fnuz", "float8_e5m2fnuz", "float8_e8m0fnu"):
        found[name] = narrow(torch.arange(256), getattr(torch, name))
    save_file(found, FOLDER / "types.safetensors", metadata={"format": "pt", "name": "é"})
    expected = {}
    for name, value in found.items():
        kind = {"f64": "f64", "bool": "bool", "i32": "i32"}.get(name, "f32" if value.is_floating_point() else "i64")
        if kind == "f32":
            data = value.float().view(torch.int32).flatten().tolist() if value.numel() else []
        elif kind == "f64":
            data = value.view(torch.int64).tolist()
        else:
            data = [int(v) for v in value.flatten().tolist()]
        expected[name] = {"dtype": kind, "shape": list(value.shape), "data": data}
    (FOLDER / "types.json").write_text(json.dumps(expected) + "\n")


def written():
    tensors = {
        "b": torch.arange(6, dtype=torch.float32).reshape(2, 3) / 4,
        "a": torch.tensor([1.5]),
        "ids": torch.tensor([3, 1, -4]),
        "é \"quoted\" \\ name": torch.tensor([[7.0]], dtype=torch.float64),
        "mask": torch.tensor([True, False, True]),
        "small": torch.tensor([1, 2], dtype=torch.int32),
        "none": torch.zeros(0, 4),
    }
    save_file(tensors, FOLDER / "written.safetensors", metadata={"format": "pt"})


if __name__ == "__main__":
    FOLDER.mkdir(parents=True, exist_ok=True)
    types()
    written()
