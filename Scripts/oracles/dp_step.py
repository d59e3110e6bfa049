"""Tests/Golden/dp_step.json: what a private step makes of a batch before the noise is added.

Each case has the norms of the examples' gradients (`norms`), the weight that clipping gives to each
example (`weights`), the clipped sum of each parameter (under `gradients`), and for a few of them the
parameters after one step of Adam on that sum without noise, divided by the expected batch size.
Flat clipping is also done by Opacus here and has to agree. Clipping rules:

* `flat`       min(1, C / ‖g‖)                        Abadi et al. 2016
* `automatic`  C / (‖g‖ + γ), γ = 0.01                Bu et al. 2022, AUTO-S
* `layer`      min(1, C_l / ‖g_l‖) for each parameter tensor, C_l = C ‖θ_l‖ / sqrt(Σ ‖θ_l‖²)
* `micro`      the rule of `layer`, applied to the gradient of each micro-batch, its sum divided by
               the expected number of its examples (Dupuy et al. 2022, where all have as many);
               `weights` and `norms` then count micro-batches
"""

import re
import warnings

import torch
import torch.nn.functional as F
from opacus.grad_sample import GradSampleModule
from opacus.layers import DPLSTM
from opacus.optimizers import DPOptimizer

from golden import Randomness, tensors, write
from networks import NETWORKS

warnings.filterwarnings("ignore")
random = Randomness(4)
EXAMPLES, GAMMA = 8, 0.01


def single_gradients(model, tokens, labels):
    """One row of gradients per example, computed one example at a time."""
    rows = []
    for index in range(len(tokens)):
        loss = F.cross_entropy(model(tokens[index : index + 1]), labels[index : index + 1])
        rows.append(torch.autograd.grad(loss, list(model.parameters())))
    names = [name for name, _ in model.named_parameters()]
    return {name: torch.stack(column) for name, column in zip(names, zip(*rows))}


def norms_of(rows):
    """The norm over all parameters together of each row."""
    return sum(value.flatten(1).square().sum(1) for value in rows.values()).sqrt()


def weighted(rows, weights):
    return {
        name: torch.einsum("b,b...->...", weights[name] if isinstance(weights, dict) else weights, value)
        for name, value in rows.items()
    }


def layer_bounds(model, bound):
    sizes = {name: value.detach().norm() for name, value in model.named_parameters()}
    whole = sum(size.square() for size in sizes.values()).sqrt()
    return {name: bound * size / whole for name, size in sizes.items()}


def layer_weights(rows, bounds):
    return {
        name: (bounds[name] / value.flatten(1).norm(dim=1)).clamp(max=1.0) for name, value in rows.items()
    }


def dp_lstm_name(name):
    """`lstm.weight_ih_l0_reverse` is called `lstm.l0_reverse.ih.weight` in Opacus's DPLSTM."""
    return re.sub(r"(weight|bias)_(ih|hh)_(l\d+(?:_reverse)?)", r"\3.\2.\1", name)


def opacus_sum(name, model, tokens, labels, bound):
    """The clipped sum that Opacus computes, as a check of the rows above."""
    options = {"lstm": DPLSTM} if name == "a_bilstm" else {}
    twin = NETWORKS[name](**options).double()
    names = {key: dp_lstm_name(key) for key, _ in model.named_parameters()}
    with torch.no_grad():
        for key, there in names.items():
            twin.get_parameter(there).copy_(model.get_parameter(key))
    twin = GradSampleModule(twin, batch_first=True, loss_reduction="mean")
    optimizer = DPOptimizer(
        torch.optim.SGD(twin.parameters(), lr=0.0),
        noise_multiplier=0.0,
        max_grad_norm=bound,
        expected_batch_size=len(tokens),
    )
    F.cross_entropy(twin(tokens), labels).backward()
    optimizer.clip_and_accumulate()
    return {key: twin._module.get_parameter(there).summed_grad for key, there in names.items()}


cases = []
for network, build in NETWORKS.items():
    model = random.fill(build())
    tokens, labels = random.integers(0, 13, EXAMPLES, 6), random.integers(0, 3, EXAMPLES)
    rows = single_gradients(model, tokens, labels)
    norms = norms_of(rows)
    for bound in (0.5, float(norms.median()), 10.0):
        bound = float(torch.tensor(bound).float())
        flat = (bound / norms).clamp(max=1.0)
        automatic = bound / (norms + GAMMA)
        by_layer = layer_weights(rows, layer_bounds(model, bound))
        micro_of = torch.tensor([0, 2, 1, 1, 0, 2, 2, 1])
        means = {
            name: torch.stack([value[micro_of == index].sum(0) for index in range(3)]) / (EXAMPLES / 3)
            for name, value in rows.items()
        }
        by_micro = layer_weights(means, layer_bounds(model, bound))
        plans = {
            "flat": (rows, flat),
            "automatic": (rows, automatic),
            "layer": (rows, by_layer),
            "micro": (means, by_micro),
        }
        for rule, (parts, weights) in plans.items():
            total = weighted(parts, weights)
            if rule == "flat":
                peer = opacus_sum(network, model, tokens, labels, bound)
                for key, value in total.items():
                    torch.testing.assert_close(value, peer[key], rtol=1e-5, atol=1e-6)
            outputs = {"norms": norms_of(parts)}
            if isinstance(weights, dict):
                outputs |= {f"weights.{key}": value for key, value in weights.items()}
            else:
                outputs["weights"] = weights
            if rule == "flat":
                leaves = {key: value.detach().clone().requires_grad_() for key, value in model.named_parameters()}
                optimizer = torch.optim.Adam(list(leaves.values()), lr=1e-2)
                for key, leaf in leaves.items():
                    leaf.grad = total[key] / EXAMPLES
                optimizer.step()
                outputs |= {f"adam.{key}": value for key, value in leaves.items()}
            inputs = {"tokens": tokens, "labels": labels}
            inputs |= {"micro_batch": micro_of} if rule == "micro" else {}
            cases.append({
                "name": f"{network}_{rule}_{bound:.3g}",
                "options": {
                    "network": network, "rule": rule, "bound": bound, "gamma": GAMMA,
                    "expected_batch": EXAMPLES, "lr": 1e-2,
                },
                "inputs": tensors(inputs),
                "parameters": tensors(dict(model.named_parameters())),
                "outputs": tensors(outputs),
                "gradients": tensors(total),
            })

write("dp_step.json", f"PyTorch {torch.__version__.split('+')[0]} and Opacus, Scripts/oracles/dp_step.py", cases)
