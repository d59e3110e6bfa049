"""Tests/Golden/tensor_ops.json: PyTorch's values and gradients of tensor operations."""

import itertools

import torch
import torch.nn.functional as F

from golden import Randomness, differentiated, write

random = Randomness(1)
cases = []


def add(name, function, **rest):
    options = rest.pop("options", {})
    cases.append(differentiated(name, function, rest, random, options))


def elementwise():
    anywhere = random.normal(3, 5, scale=1.5)
    positive = random.uniform(0.1, 4.0, 3, 5)
    unary = {
        "negate": torch.neg,
        "exp": torch.exp,
        "sin": torch.sin,
        "cos": torch.cos,
        "tanh": torch.tanh,
        "sigmoid": torch.sigmoid,
        "relu": torch.relu,
        "silu": F.silu,
        "softplus": F.softplus,
        "gelu": F.gelu,
        "gelu_tanh": lambda x: F.gelu(x, approximate="tanh"),
        "abs": torch.abs,
        "square": torch.square,
        "expm1": torch.expm1,
        "erf": torch.erf,
        "clamp": lambda x: x.clamp(-1.0, 0.75),
    }
    for name, function in unary.items():
        options = {"op": name} | ({"low": -1.0, "high": 0.75} if name == "clamp" else {})
        add(name, lambda x, f=function: f(x), x=anywhere, options=options)
    for name, function in {
        "log": torch.log,
        "log1p": torch.log1p,
        "sqrt": torch.sqrt,
        "rsqrt": torch.rsqrt,
        "reciprocal": torch.reciprocal,
    }.items():
        add(name, lambda x, f=function: f(x), x=positive, options={"op": name})
    # The ends of the range, where a naive formula overflows or loses everything.
    far = torch.tensor([-1e4, -100.0, -88.5, -30.0, -1e-6, 0.0, 1e-6, 30.0, 88.0, 100.0]).double()
    for name in ("tanh", "sigmoid", "softplus"):
        add(f"{name}_far", lambda x, f=unary[name]: f(x), x=far, options={"op": name})


def broadcasting():
    shapes = {
        "same": ((3, 4), (3, 4)),
        "row": ((3, 4), (4,)),
        "column": ((3, 4), (3, 1)),
        "outer": ((3, 1), (1, 4)),
        "number": ((3, 4), ()),
        "number_left": ((), (3, 4)),
        "deeper": ((2, 3, 4), (3, 1)),
        "deeper_left": ((4,), (2, 3, 4)),
        "middle": ((2, 1, 4), (2, 3, 1)),
        "empty": ((0, 4), (4,)),
    }
    operations = {
        "add": torch.add,
        "subtract": torch.sub,
        "multiply": torch.mul,
        "divide": torch.div,
        "maximum": torch.maximum,
        "minimum": torch.minimum,
        "power": torch.pow,
    }
    for (name, function), (kind, (left, right)) in itertools.product(
        operations.items(), shapes.items()
    ):
        x = random.uniform(0.2, 3.0, *left)
        y = random.uniform(0.3, 2.0, *right)
        if name not in ("divide", "power"):
            x, y = x - 1.5, y - 1.1
        x, y = x.float().double(), y.float().double()
        add(f"{name}_{kind}", lambda x, y, f=function: f(x, y), x=x, y=y, options={"op": name})
    x, y = random.integers(-2, 3, 3, 4), random.integers(-2, 3, 4)
    for name in ("eq", "ne", "lt", "le", "gt", "ge"):
        function = getattr(torch, name)
        add(f"compare_{name}", lambda x, y, f=function: f(x, y), x=x, y=y, options={"op": name})
    add(
        "where",
        lambda condition, x, y: torch.where(condition, x, y),
        condition=random.integers(0, 2, 3, 4).bool(),
        x=random.normal(3, 4),
        y=random.normal(4),
        options={"op": "where"},
    )


def reductions():
    x = random.normal(2, 3, 4)
    operations = {
        "sum": lambda x, axis, keep: x.sum(axis, keepdim=keep),
        "mean": lambda x, axis, keep: x.mean(axis, keepdim=keep),
        "variance": lambda x, axis, keep: x.var(axis, correction=0, keepdim=keep),
        "norm": lambda x, axis, keep: torch.linalg.vector_norm(x, dim=axis, keepdim=keep),
        "logsumexp": lambda x, axis, keep: torch.logsumexp(x, axis, keepdim=keep),
        "max": lambda x, axis, keep: x.amax(axis, keepdim=keep),
        "min": lambda x, axis, keep: x.amin(axis, keepdim=keep),
    }
    for name, function in operations.items():
        for axis, keep in ((0, False), (1, True), (-1, False), ((0, 2), False), ((0, 1, 2), False)):
            label = "all" if axis == (0, 1, 2) else str(axis).strip("()").replace(", ", "_")
            add(
                f"{name}_axis_{label}" + ("_keep" if keep else ""),
                lambda x, f=function, a=axis, k=keep: f(x, a, k),
                x=x,
                options={"op": name, "axes": list(axis) if isinstance(axis, tuple) else [axis], "keep": keep},
            )
    for axis in (0, 1, -1):
        for name in ("argmax", "argmin"):
            function = getattr(torch, name)
            options = {"op": name, "axes": [axis]}
            add(f"{name}_axis_{axis}", lambda x, f=function, a=axis: f(x, a), x=x, options=options)
        for name in ("softmax", "log_softmax"):
            function = getattr(F, name)
            options = {"op": name, "axes": [axis]}
            add(f"{name}_axis_{axis}", lambda x, f=function, a=axis: f(x, a), x=x, options=options)
    options = {"op": "cumulative_sum", "axes": [1]}
    add("cumulative_sum", lambda x: x.cumsum(1), x=x, options=options)
    large = torch.tensor([[1000.0, 1001.0, 999.0], [-1000.0, -1001.0, -5.0]]).double()
    for name in ("softmax", "log_softmax"):
        function = getattr(F, name)
        options = {"op": name, "axes": [-1]}
        add(f"{name}_large", lambda x, f=function: f(x, -1), x=large, options=options)
    add("logsumexp_large", lambda x: torch.logsumexp(x, -1), x=large,
        options={"op": "logsumexp", "axes": [-1], "keep": False})


def products():
    shapes = {
        "square": ((4, 4), (4, 4)),
        "wide": ((3, 17), (17, 5)),
        "thin": ((1, 6), (6, 1)),
        "vector_right": ((3, 4), (4,)),
        "vector_left": ((4,), (4, 3)),
        "vectors": ((5,), (5,)),
        "batched": ((2, 3, 4), (2, 4, 5)),
        "batched_shared_right": ((2, 3, 4), (4, 5)),
        "batched_shared_left": ((3, 4), (2, 4, 5)),
        "batched_broadcast": ((2, 1, 3, 4), (3, 4, 2)),
        "inner_empty": ((2, 0), (0, 3)),
        "odd": ((33, 19), (19, 35)),
    }
    for kind, (left, right) in shapes.items():
        add(f"matmul_{kind}", lambda x, y: x @ y, x=random.normal(*left), y=random.normal(*right),
            options={"op": "matmul"})


def shaping():
    x = random.normal(2, 3, 4)
    add("reshape", lambda x: x.reshape(4, 6), x=x, options={"op": "reshape", "shape": [4, 6]})
    add("transpose", lambda x: x.transpose(0, 2), x=x, options={"op": "transpose", "axes": [0, 2]})
    add("permute", lambda x: x.permute(1, 2, 0), x=x, options={"op": "permute", "axes": [1, 2, 0]})
    add("expand", lambda x: x.expand(5, 2, 3, 4), x=x, options={"op": "expand", "shape": [5, 2, 3, 4]})
    slices = {
        "range": [[0, 2, 1], [1, 3, 1], [0, 4, 1]],
        "step": [[0, 2, 1], [0, 3, 2], [1, 4, 2]],
        "one": [[1, 2, 1], [0, 3, 1], [2, 3, 1]],
        "none": [[0, 2, 1], [1, 1, 1], [0, 4, 1]],
    }
    for kind, parts in slices.items():
        index = tuple(slice(*part) for part in parts)
        add(f"slice_{kind}", lambda x, i=index: x[i], x=x, options={"op": "slice", "slices": parts})
    add("select", lambda x: x[:, -1], x=x, options={"op": "select", "axis": 1, "index": -1})
    for axis in (0, 1, 2):
        other = [2, 3, 4]
        other[axis] = 2
        add(f"concatenate_axis_{axis}", lambda x, y, a=axis: torch.cat([x, y], a),
            x=x, y=random.normal(*other), options={"op": "concatenate", "axis": axis})
    for axis in (0, 1, -1):
        add(f"stack_axis_{axis}", lambda x, y, a=axis: torch.stack([x, y], a),
            x=x, y=random.normal(2, 3, 4), options={"op": "stack", "axis": axis})
    # Repeated indices: the gradient adds up.
    add("gather_rows", lambda x, index: x[index], x=random.normal(6, 3),
        index=torch.tensor([[5, 0, 5], [2, 2, 2]]), options={"op": "gather_rows"})
    add("pick", lambda x, index: x.gather(-1, index[..., None])[..., 0], x=random.normal(4, 5),
        index=torch.tensor([4, 0, 2, 2]), options={"op": "pick"})
    mask = torch.tensor([[True, False, True], [False, False, True]])
    add("mask", lambda x, mask: x[mask], x=random.normal(2, 3), mask=mask, options={"op": "mask"})


def composed():
    def tree(x, y, z):
        h = torch.tanh(x @ y + z)
        return {"output": (h * h.mean(0)).sum(), "hidden": h}

    # A value that is used twice and an output that also feeds another one.
    add("composed", tree, x=random.normal(4, 3), y=random.normal(3, 5), z=random.normal(5),
        options={"op": "composed", "formula": "hidden = tanh(x @ y + z); output = sum(hidden * mean(hidden, axis 0))"})


elementwise()
broadcasting()
reductions()
products()
shaping()
composed()
write("tensor_ops.json", f"PyTorch {torch.__version__.split('+')[0]}, Scripts/oracles/tensor_ops.py", cases)
