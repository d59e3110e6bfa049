"""Tests/Golden/optimizers.json: parameters after each of several steps of PyTorch's optimizers.

`inputs` holds the gradients of all steps stacked along a first axis, `parameters` the start, and
`outputs` the parameters after each step, stacked likewise. The cases `training_…` instead train a
whole network on one batch: `outputs` has the loss before each step and the last parameters.
"""

import torch
import torch.nn.functional as F

from golden import Randomness, tensors, write
from networks import NETWORKS

STEPS = 6
random = Randomness(3)
OPTIMIZERS = {
    "sgd": (torch.optim.SGD, {"lr": 0.1}),
    "sgd_momentum": (torch.optim.SGD, {"lr": 0.1, "momentum": 0.9}),
    "sgd_nesterov": (torch.optim.SGD, {"lr": 0.1, "momentum": 0.9, "nesterov": True}),
    "sgd_weight_decay": (torch.optim.SGD, {"lr": 0.1, "momentum": 0.8, "weight_decay": 0.05}),
    "sgd_dampening": (torch.optim.SGD, {"lr": 0.1, "momentum": 0.9, "dampening": 0.3}),
    "adam": (torch.optim.Adam, {"lr": 0.01}),
    "adam_betas": (torch.optim.Adam, {"lr": 0.01, "betas": (0.8, 0.95), "eps": 1e-6}),
    "adam_weight_decay": (torch.optim.Adam, {"lr": 0.01, "weight_decay": 0.1}),
    "adam_amsgrad": (torch.optim.Adam, {"lr": 0.01, "amsgrad": True}),
    "adamw": (torch.optim.AdamW, {"lr": 0.01, "weight_decay": 0.1}),
    "adamw_default": (torch.optim.AdamW, {"lr": 0.01}),
}


def options_of(name, optimizer):
    kept = ("lr", "momentum", "dampening", "nesterov", "weight_decay", "betas", "eps", "amsgrad")
    group = optimizer.param_groups[0]
    return {"optimizer": name.split("_")[0]} | {
        key: list(group[key]) if isinstance(group[key], tuple) else group[key]
        for key in kept
        if key in group
    }


cases = []
for name, (kind, settings) in OPTIMIZERS.items():
    start = {"matrix": random.normal(3, 4), "vector": random.normal(19)}
    gradients = {key: random.normal(STEPS, *value.shape) for key, value in start.items()}
    gradients["vector"][:, 3] = 0  # an entry that never gets a gradient
    gradients["vector"][2:, 4] = 0  # and one that gets none any more
    gradients["vector"][:, 5] *= 2.0**-40  # so small that Adam's epsilon matters
    gradients["vector"][:, 6] *= 2.0**20
    leaves = {key: value.clone().requires_grad_() for key, value in start.items()}
    optimizer = kind(list(leaves.values()), **settings)
    history = {key: [] for key in leaves}
    for step in range(STEPS):
        for key, leaf in leaves.items():
            leaf.grad = gradients[key][step].clone()
        optimizer.step()
        for key, leaf in leaves.items():
            history[key].append(leaf.detach().clone())
    cases.append({
        "name": name,
        "options": options_of(name, optimizer) | {"steps": STEPS},
        "inputs": tensors(gradients),
        "parameters": tensors(start),
        "outputs": tensors({key: torch.stack(value) for key, value in history.items()}),
    })

for network, build in NETWORKS.items():
    for name in ("sgd_momentum", "adam", "adamw"):
        kind, settings = OPTIMIZERS[name]
        model = random.fill(build())
        tokens, labels = random.integers(0, 13, 6, 5), random.integers(0, 3, 6)
        start = {key: value.detach().clone() for key, value in model.named_parameters()}
        optimizer = kind(model.parameters(), **settings)
        losses = []
        for _ in range(20):
            optimizer.zero_grad()
            loss = F.cross_entropy(model(tokens), labels)
            loss.backward()
            optimizer.step()
            losses.append(loss.detach())
        cases.append({
            "name": f"training_{network}_{name}",
            "options": options_of(name, optimizer) | {"network": network, "steps": 20},
            "inputs": tensors({"tokens": tokens, "labels": labels}),
            "parameters": tensors(start),
            "outputs": tensors(
                {"losses": torch.stack(losses)} | {key: value for key, value in model.named_parameters()}
            ),
        })

write("optimizers.json", f"PyTorch {torch.__version__.split('+')[0]}, Scripts/oracles/optimizers.py", cases)
