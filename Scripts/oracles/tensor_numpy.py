#!/usr/bin/env python3
"""Writes Tests/Golden/tensor_numpy.json: tensor operations as NumPy computes them.

Each case is {"name", "op", "inputs", "arguments", "output"}; tensors are {"dtype", "shape", "data"} with data in
row-major order and nan, inf, -inf as strings. Run it from the repository's root after adding a case.
"""
import json
import math
import pathlib

import numpy as np

random = np.random.default_rng(20)
NAMES = {"float32": "f32", "float64": "f64", "int64": "i64", "int32": "i32", "bool": "bool"}
cases = []


def number(x):
    if isinstance(x, (bool, np.bool_)):
        return int(x)
    if isinstance(x, (int, np.integer)):
        return int(x)
    x = float(x)
    if math.isnan(x):
        return "nan"
    if math.isinf(x):
        return "inf" if x > 0 else "-inf"
    return float(f"{x:.9g}")


def encode(array):
    array = np.asarray(array)
    return {"dtype": NAMES[array.dtype.name], "shape": list(array.shape),
            "data": [number(x) for x in array.reshape(-1)]}


def case(name, op, inputs, output, **arguments):
    cases.append({"name": name, "op": op, "inputs": [encode(x) for x in inputs], "arguments": arguments,
                  "output": encode(output)})


def floats(*shape):
    return np.round(random.uniform(-3, 3, shape), 3).astype(np.float32)


def integers(*shape, low=-9, high=10):
    return random.integers(low, high, shape).astype(np.int64)


# Arithmetic with Python's signs, on floats and integers.
nan, inf = float("nan"), float("inf")
for name, function in [("add", np.add), ("subtract", np.subtract), ("multiply", np.multiply), ("divide", np.divide),
                       ("floorDivide", np.floor_divide), ("remainder", np.remainder), ("minimum", np.minimum),
                       ("maximum", np.maximum)]:
    x, y = floats(3, 1, 4), floats(2, 1)
    case(f"{name} f32", name, [x, y], function(x, y))
    x, y = integers(2, 3), integers(3, low=1)
    y[1] = -4
    result = function(x, y)
    case(f"{name} i64", name, [x, y], result.astype(np.float32) if name == "divide" else result)
    x, y = integers(2, 3), floats(3)
    case(f"{name} mixed", name, [x, y], function(x.astype(np.float32), y))
    special = np.array([nan, inf, -inf, 0.0, -0.0, 1.5], dtype=np.float32)
    with np.errstate(all="ignore"):
        case(f"{name} special", name, [special[:, None], special], function(special[:, None], special))
x = np.array([2, -3, 0, 5], dtype=np.int64)
case("power i64", "power", [x, np.array([3, 3, 0, 1], dtype=np.int64)], x ** np.array([3, 3, 0, 1]))
x = np.array([2, 0.5, 0, 1.5], dtype=np.float32)
case("power f32", "power", [x, np.float32(-1.5)],
     np.array([2 ** -1.5, 0.5 ** -1.5, inf, 1.5 ** -1.5], dtype=np.float32))

# Reductions over every choice of axes.
x = floats(2, 3, 4)
for axes in [None, [0], [1], [2], [0, 1], [0, 2], [1, 2], [0, 1, 2]]:
    for keep in [False, True]:
        key = None if axes is None else tuple(axes)
        for name, function in [("sum", np.sum), ("mean", np.mean), ("max", np.max), ("min", np.min),
                               ("prod", np.prod)]:
            case(f"{name} {axes} {keep}", name, [x], np.asarray(function(x, axis=key, keepdims=keep), dtype=np.float32),
                 axes=axes, keep=keep)
    key = None if axes is None else tuple(axes)
    case(f"var {axes}", "variance", [x], np.asarray(x.astype(np.float64).var(axis=key, ddof=1), dtype=np.float32),
         axes=axes, keep=False)
i = integers(3, 4)
for axes in [None, [0], [1]]:
    key = None if axes is None else tuple(axes)
    for name, function in [("sum", np.sum), ("max", np.max), ("min", np.min), ("prod", np.prod)]:
        case(f"{name} i64 {axes}", name, [i], function(i, axis=key), axes=axes, keep=False)
    case(f"mean i64 {axes}", "mean", [i], np.asarray(i.mean(axis=key), dtype=np.float32), axes=axes, keep=False)
    b = i > 0
    case(f"any {axes}", "any", [b], np.any(b, axis=key), axes=axes, keep=False)
    case(f"all {axes}", "all", [b], np.all(b, axis=key), axes=axes, keep=False)
    case(f"sum bool {axes}", "sum", [b], np.sum(b, axis=key), axes=axes, keep=False)
broken = np.array([[1, nan, 3], [5, 5, 2]], dtype=np.float32)
case("max nan", "max", [broken], np.max(broken, axis=1), axes=[1], keep=False)
case("min nan", "min", [broken], np.min(broken, axis=1), axes=[1], keep=False)
case("argmax nan", "argmax", [broken], np.argmax(broken, axis=1), axis=1)
case("argmin nan", "argmin", [broken], np.argmin(broken, axis=1), axis=1)
for axis in [0, 1, 2, None]:
    case(f"argmax {axis}", "argmax", [x], np.argmax(x, axis=axis), axis=axis)
    case(f"argmin {axis}", "argmin", [x], np.argmin(x, axis=axis), axis=axis)
    if axis is not None:
        case(f"cumsum {axis}", "cumsum", [x], np.cumsum(x, axis=axis), axis=axis)
        case(f"sort {axis}", "sort", [x], np.sort(x, axis=axis), axis=axis)
        case(f"argsort {axis}", "argsort", [x], np.argsort(x, axis=axis, kind="stable"), axis=axis)
case("sort nan", "sort", [broken], np.sort(broken, axis=1), axis=1)
ties = integers(3, 40, low=0, high=4)
case("argsort ties", "argsort", [ties], np.argsort(ties, axis=1, kind="stable"), axis=1)

# Subscripts. Parts: number, [from, to, step], "new", "...", {"positions"}, {"mask"}.
x = np.arange(60, dtype=np.int64).reshape(3, 4, 5)
mask = np.array([True, False, True, True])
deep = x % 7 == 3


def part(p):
    if p is None:
        return "new"
    if p is Ellipsis:
        return "..."
    if isinstance(p, slice):
        return {"slice": [p.start, p.stop, p.step]}
    if isinstance(p, np.ndarray):
        return {"mask" if p.dtype == bool else "positions": encode(p)}
    return {"at": int(p)}


rows = np.array([2, 0, -1, 2])
grid = np.array([[0, 1], [3, -4]])
for index in [
    (0,), (-1, 2), (slice(None), 1), (slice(1, 3), slice(None, None, 2)), (slice(None, None, -1),),
    (Ellipsis, 0), (0, Ellipsis), (slice(None), slice(3, 0, -2), slice(-2, None)), (None, 1), (slice(None), None, 2),
    (Ellipsis, None), (slice(5, 9),), (slice(-100, 100),), (slice(2, 1),), (slice(None, None, 100),),
    (slice(-1, -100, -1),), (slice(100, None, -3),), (rows,), (slice(None), grid), (slice(None), slice(None), rows),
    (rows, np.array([0, 1, 2, 3])), (rows, slice(None), np.array([0, 1, 2, 3])), (slice(None), grid, grid % 5),
    (grid[:, :1] % 3, slice(1, 4), np.array([0, 2])), (0, grid), (rows, 0), (slice(None), mask), (deep,),
    (slice(None), mask, slice(0, 2)), (1, mask, 0), (np.zeros(0, dtype=np.int64),), (slice(None), ~mask & mask),
]:
    parts = [part(p) for p in index]
    numpy_index = index
    if (len(index) > 1 and any(isinstance(p, np.ndarray) for p in index)
            and any(isinstance(p, int) for p in index)):
        # Numbers are views here, taken before index tensors join; NumPy would broadcast them along.
        view, rest, axis = x, [], 0
        for p in index:
            if isinstance(p, int):
                view = np.take(view, p, axis=axis)
            else:
                rest.append(p)
                axis += 1
        result = view[tuple(rest)]
    else:
        result = x[numpy_index]
    case(f"x[{index}]".replace("\n", " "), "subscript", [x], result, index=parts)

# Products.
for a, b in [((3, 4), (4, 5)), ((4,), (4,)), ((3, 4), (4,)), ((4,), (4, 3)), ((2, 3, 4), (4, 5)), ((2, 3, 4), (2, 4, 5)),
             ((5, 1, 3, 4), (2, 4, 2)), ((4,), (2, 4, 3)), ((2, 3, 4), (4,)), ((0, 4), (4, 3)), ((3, 0), (0, 2)),
             ((1, 1), (1, 1)), ((20, 33), (33, 17)), ((17, 40), (40, 1))]:
    a, b = floats(*a), floats(*b)
    case(f"matmul {a.shape} {b.shape}", "matmul", [a, b], np.asarray(a @ b, dtype=np.float32))
a, b = integers(3, 4), integers(4, 2)
case("matmul i64", "matmul", [a, b], a @ b)
a, b = floats(3, 4).astype(np.float64), floats(2, 4, 2).astype(np.float64)
case("matmul f64", "matmul", [a, b], a @ b)

# Functions at their edges.
edges = np.array([nan, inf, -inf, 0.0, -0.0, 1.0, -1.0, 1e-30, 88.0, -88.0, 1e30, -1e30, 0.5, -0.5, 2.5, 1.5],
                 dtype=np.float32)
with np.errstate(all="ignore"):
    for name, function in [
        ("exp", np.exp), ("log", np.log), ("sqrt", np.sqrt), ("tanh", np.tanh), ("abs", np.abs), ("sign", np.sign),
        ("floor", np.floor), ("ceil", np.ceil), ("round", np.round), ("square", np.square), ("log1p", np.log1p),
        ("expm1", np.expm1), ("sigmoid", lambda v: 1 / (1 + np.exp(-v.astype(np.float64)))),
        ("relu", lambda v: np.where(np.isnan(v), v, np.maximum(v, 0))), ("arctan", np.arctan),
        ("softplus", lambda v: np.logaddexp(0, v.astype(np.float64))),
    ]:
        case(f"{name} edges", name, [edges], function(edges).astype(np.float32))
    moderate = np.array([nan, 0.0, -0.0, 1.0, -1.0, 1e-30, 88.0, -88.0, 0.5, -100.5, 2.5, 1.5], dtype=np.float32)
    case("sin edges", "sin", [moderate], np.sin(moderate.astype(np.float64)).astype(np.float32))
    case("cos edges", "cos", [moderate], np.cos(moderate.astype(np.float64)).astype(np.float32))

path = pathlib.Path("Tests/Golden/tensor_numpy.json")
path.parent.mkdir(parents=True, exist_ok=True)
header = json.dumps({"written by": "Scripts/oracles/tensor_numpy.py", "numpy": np.__version__, "seed": 20})
path.write_text('{"header": ' + header + ',\n"cases": [\n' + ",\n".join(json.dumps(c) for c in cases) + "\n]}\n")
print(f"{len(cases)} cases")
