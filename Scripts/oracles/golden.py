"""Writing of golden files: how tensors, cases and files of Tests/Golden look.

A file is `{"source": …, "cases": [case, …]}`. A case has a `name`, and where they apply

* `options`      what else the operation was given (axis, padding index, learning rate …)
* `inputs`       name to tensor
* `parameters`   name to tensor, PyTorch's layouts and names
* `outputs`      name to tensor
* `cotangents`   name of an output to the tensor it is weighted with; the scalar that is
                 differentiated is the sum over outputs of sum(output * cotangent)
* `gradients`    name of an input or parameter to the gradient of that scalar
* `per_example`  name of a parameter to the gradients of the parts of that scalar that belong to
                 one example each, stacked along a new first axis

A tensor is `{"shape": […], "dtype": "f32" | "i64" | "bool", "data": [flat, row-major]}`. Inputs and
parameters are exact 32-bit floats; everything else was computed from them in 64-bit arithmetic and
is given to nine digits.
"""

import json
import pathlib

import torch

FOLDER = pathlib.Path(__file__).resolve().parents[2] / "Tests" / "Golden"
LARGEST_FILE = 500_000


def number(value):
    """The shortest JSON number with nine significant digits of `value`."""
    short = float(f"{value:.9g}")
    return int(short) if short == int(short) and abs(short) < 1e9 else short


def tensor(value):
    value = value.detach()
    if value.dtype == torch.bool:
        data, dtype = [int(v) for v in value.flatten().tolist()], "bool"
    elif value.is_floating_point():
        data, dtype = [number(v) for v in value.flatten().tolist()], "f32"
    else:
        data, dtype = value.flatten().tolist(), "i64"
    return {"shape": list(value.shape), "dtype": dtype, "data": data}


def tensors(values):
    return {name: tensor(value) for name, value in values.items() if value is not None}


class Randomness:
    """Numbers that are exact in 32 bits, held in 64, from one seed a file."""

    def __init__(self, seed):
        self.generator = torch.Generator().manual_seed(seed)

    def normal(self, *shape, scale=1.0):
        return (torch.randn(shape, generator=self.generator) * scale).float().double()

    def uniform(self, low, high, *shape):
        return (torch.rand(shape, generator=self.generator) * (high - low) + low).float().double()

    def integers(self, low, high, *shape):
        return torch.randint(low, high, shape, generator=self.generator)

    def fill(self, module, scale=0.4):
        """Makes every parameter of `module` an exact 32-bit float of this generator."""
        module.double()
        with torch.no_grad():
            for parameter in module.parameters():
                parameter.copy_(self.normal(*parameter.shape, scale=scale))
        return module


def differentiated(name, function, inputs, randomness, options=None, parameters=None, batched=()):
    """One case: values of `function(**inputs)` and the gradients of its floating inputs and
    `parameters`. `batched` names the inputs whose first axis counts examples; where it is not
    empty, gradients of single examples are added (outputs then have that axis first, too)."""
    parameters = parameters or {}
    leaves = {
        key: value.clone().requires_grad_(value.is_floating_point()) for key, value in inputs.items()
    }
    outputs = function(**leaves)
    outputs = outputs if isinstance(outputs, dict) else {"output": outputs}
    floating = {key: value for key, value in outputs.items() if value.requires_grad}
    cotangents = {
        key: torch.ones_like(value) if value.dim() == 0 else randomness.normal(*value.shape)
        for key, value in floating.items()
    }
    case = {"name": name, "options": options or {}, "inputs": tensors(inputs)}
    if parameters:
        case["parameters"] = tensors(parameters)
    case["outputs"] = tensors(outputs)
    if not floating:
        return case
    case["cotangents"] = tensors(cotangents)
    wanted = {key: value for key, value in leaves.items() if value.requires_grad} | parameters
    scalar = sum((floating[key] * cotangents[key]).sum() for key in floating)
    found = torch.autograd.grad(scalar, list(wanted.values()), allow_unused=True)
    case["gradients"] = tensors(dict(zip(wanted, found)))
    if batched and parameters:
        single = {key: [] for key in parameters}
        for index in range(len(inputs[batched[0]])):
            picked = {
                key: value[index : index + 1] if key in batched else value
                for key, value in inputs.items()
            }
            part = function(**picked)
            part = part if isinstance(part, dict) else {"output": part}
            scalar = sum(
                (part[key] * (cotangents[key][index : index + 1])).sum() for key in floating
            )
            for key, gradient in zip(
                parameters, torch.autograd.grad(scalar, list(parameters.values()))
            ):
                single[key].append(gradient)
        case["per_example"] = tensors({key: torch.stack(value) for key, value in single.items()})
        for key, value in single.items():
            torch.testing.assert_close(sum(value), dict(zip(wanted, found))[key])
    return case


def write(name, source, cases):
    FOLDER.mkdir(parents=True, exist_ok=True)
    body = ",\n".join(json.dumps(case, separators=(",", ":"), allow_nan=False) for case in cases)
    text = f'{{"source":{json.dumps(source)},"cases":[\n{body}\n]}}\n'
    assert len(text) < LARGEST_FILE, f"{name} has {len(text)} characters"
    names = [case["name"] for case in cases]
    assert len(set(names)) == len(names), "two cases of one name"
    (FOLDER / name).write_text(text)
    print(f"{name}: {len(cases)} cases, {len(text)} characters")
