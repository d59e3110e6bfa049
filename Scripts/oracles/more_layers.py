"""Tests/Golden/more_layers.json: GRU, convolutions, pooling, divergences, cosine loss and schedules of PyTorch and transformers."""

import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence
from transformers import (
    get_constant_schedule_with_warmup,
    get_cosine_with_hard_restarts_schedule_with_warmup,
    get_cosine_schedule_with_warmup,
    get_inverse_sqrt_schedule,
    get_linear_schedule_with_warmup,
)

from golden import Randomness, differentiated, tensors, write

random = Randomness(3)
cases = []


def add(name, function, module=None, options=None, batched=(), **inputs):
    parameters = dict(module.named_parameters()) if module is not None else {}
    cases.append(differentiated(name, function, inputs, random, options, parameters, batched))


def recurrent():
    lengths = torch.tensor([5, 2, 1, 4])
    for name, kind, sequences in (
        ("gru", {}, None),
        ("bigru", {"bidirectional": True}, None),
        ("gru_lengths", {}, lengths),
        ("bigru_lengths", {"bidirectional": True}, lengths),
    ):
        layer = random.fill(nn.GRU(3, 4, batch_first=True, **kind))

        def function(x, lengths=None, f=layer):
            if lengths is None:
                output, hidden = f(x)
            else:
                packed = pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
                output, hidden = f(packed)
                output, _ = pad_packed_sequence(output, batch_first=True, total_length=x.shape[1])
            return {"output": output, "hidden": hidden.transpose(0, 1)}

        inputs = {"x": random.normal(4, 5, 3)} | ({} if sequences is None else {"lengths": sequences})
        add(name, function, layer, {"layer": "gru", "bidirectional": bool(kind)}, tuple(inputs), **inputs)


def convolutions():
    for name, shape, options in (
        ("conv2d", (2, 3, 6, 5), dict(inputs=3, outputs=4, kernel=[3, 2])),
        ("conv2d_stride_padding", (3, 2, 7, 6),
         dict(inputs=2, outputs=3, kernel=[4, 3], stride=[2, 3], padding=[1, 2])),
        ("conv2d_dilation", (2, 2, 8, 7),
         dict(inputs=2, outputs=3, kernel=[3, 2], stride=[1, 2], padding=[2, 1], dilation=[2, 3])),
        ("conv2d_groups", (2, 4, 5, 5),
         dict(inputs=4, outputs=6, kernel=[3, 3], padding=[1, 1], groups=2)),
        ("conv2d_depthwise", (2, 3, 5, 4),
         dict(inputs=3, outputs=6, kernel=[2, 3], groups=3, bias=False)),
        ("conv2d_one_place", (3, 2, 3, 3), dict(inputs=2, outputs=5, kernel=[3, 3])),
        ("conv2d_many_places", (3, 1, 8, 8), dict(inputs=1, outputs=3, kernel=[2, 2])),
        ("conv2d_wide", (2, 1, 8, 8),
         dict(inputs=1, outputs=17, kernel=[6, 6], stride=[2, 2], padding=[2, 2])),
        ("conv2d_few_places", (2, 9, 3, 3), dict(inputs=9, outputs=17, kernel=[2, 2])),
        ("conv1d", (3, 2, 7), dict(inputs=2, outputs=4, kernel=[3])),
        ("conv1d_stride_padding_dilation", (2, 3, 9),
         dict(inputs=3, outputs=2, kernel=[3], stride=[2], padding=[2], dilation=[2])),
        ("conv1d_groups", (2, 4, 6), dict(inputs=4, outputs=4, kernel=[2], groups=4)),
    ):
        flat = len(options["kernel"]) == 1
        settings = {k: tuple(v) if isinstance(v, list) else v for k, v in options.items()}
        kernel = settings.pop("kernel")
        inputs, outputs = settings.pop("inputs"), settings.pop("outputs")
        layer = random.fill((nn.Conv1d if flat else nn.Conv2d)(inputs, outputs, kernel, **settings))
        add(name, lambda x, f=layer: f(x), layer,
            {"layer": "conv1d" if flat else "conv2d"} | options, ("x",), x=random.normal(*shape))


def pooling():
    image, line = random.normal(2, 3, 6, 7), random.normal(2, 3, 9)
    for name, x, function, options in (
        ("max_pool2d", image, F.max_pool2d, dict(kernel_size=[2, 2])),
        ("max_pool2d_overlap", image, F.max_pool2d, dict(kernel_size=[2, 2], stride=[1, 1])),
        ("max_pool2d_all", image, F.max_pool2d,
         dict(kernel_size=[3, 2], stride=[2, 3], padding=[1, 1], dilation=[1, 2])),
        ("avg_pool2d", image, F.avg_pool2d, dict(kernel_size=[3, 2])),
        ("avg_pool2d_padding", image, F.avg_pool2d,
         dict(kernel_size=[3, 3], stride=[2, 2], padding=[1, 1])),
        ("avg_pool2d_without_padding", image, F.avg_pool2d,
         dict(kernel_size=[3, 3], stride=[2, 2], padding=[1, 1], count_include_pad=False)),
        ("max_pool1d", line, F.max_pool1d, dict(kernel_size=[3], stride=[2], padding=[1])),
        ("avg_pool1d", line, F.avg_pool1d, dict(kernel_size=[4], stride=[2], padding=[2])),
    ):
        settings = {k: tuple(v) if isinstance(v, list) else v for k, v in options.items()}
        kind = name.split("_all")[0].split("_over")[0].split("_pad")[0].split("_with")[0]
        add(name, lambda x, f=function, s=settings: f(x, **s), options={"layer": kind} | options, x=x)


def network():
    layers = nn.Sequential(
        nn.Conv2d(1, 4, 4, 2, padding=1), nn.ReLU(), nn.MaxPool2d(2, 1), nn.Conv2d(4, 5, 2, 2), nn.ReLU(),
        nn.MaxPool2d(2, 1), nn.Flatten(), nn.Linear(5, 6), nn.ReLU(), nn.Linear(6, 3))
    random.fill(layers)
    add("cnn", lambda x: layers(x), layers, {"layer": "cnn"}, ("x",), x=random.normal(4, 1, 11, 11))


def divergences():
    p, q = random.normal(3, 2, 19, scale=2.0), random.normal(3, 2, 19, scale=2.0)

    def divergence(p, q, temperature):
        left, right = (p / temperature).log_softmax(-1), (q / temperature).log_softmax(-1)
        return temperature**2 * F.kl_div(right, left, reduction="none", log_target=True).sum(-1)

    for temperature in (1.0, 2.5):
        add(f"divergence_{temperature}", lambda p, q, t=temperature: divergence(p, q, t),
            options={"pair": "divergence", "temperature": temperature}, p=p, q=q)
    far = torch.tensor([[300.0, 0.0, -300.0], [0.0, 1.0, 2.0]]).double()
    add("divergence_far", lambda p, q: divergence(p, q, 2.0),
        options={"pair": "divergence", "temperature": 2.0}, p=far, q=far / 4)
    a, b = random.normal(4, 6), random.normal(4, 6)
    signs = torch.tensor([1.0, -1.0, 1.0, -1.0]).double()
    a[3] = b[3] + 0.1
    a[3] = a[3].float().double()
    add("cosine", lambda p, q: F.cosine_embedding_loss(p, q, torch.ones(4).double(), reduction="none"),
        options={"pair": "cosine"}, p=a, q=b)
    case = differentiated(
        "cosine_signs",
        lambda p, q: F.cosine_embedding_loss(p, q, signs, margin=0.3, reduction="none"),
        {"p": a, "q": b}, random, {"pair": "cosine", "margin": 0.3})
    case["inputs"] |= tensors({"targets": signs})
    cases.append(case)


def schedules():
    for name, decay, make, warmup, cycles in (
        ("constant", "constant", get_constant_schedule_with_warmup, 4, 0),
        ("linear", "linear", get_linear_schedule_with_warmup, 4, 0),
        ("linear_cold", "linear", get_linear_schedule_with_warmup, 0, 0),
        ("cosine", "cosine", get_cosine_schedule_with_warmup, 5, 1),
        ("cosine_restarts", "cosine", get_cosine_with_hard_restarts_schedule_with_warmup, 3, 3),
        ("inverse_square_root", "inverse_square_root", get_inverse_sqrt_schedule, 4, 0),
        ("inverse_square_root_cold", "inverse_square_root", get_inverse_sqrt_schedule, 0, 0),
    ):
        optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
        settings = {"num_warmup_steps": warmup}
        if decay in ("linear", "cosine"):
            settings["num_training_steps"] = 20
        if cycles > 1:
            settings["num_cycles"] = cycles
        schedule = make(optimizer, **settings)
        factors = []
        for _ in range(20):
            factors.append(schedule.get_last_lr()[0])
            optimizer.step()
            schedule.step()
        cases.append({
            "name": f"schedule_{name}",
            "options": {"schedule": decay, "warmup": warmup, "steps": 20, "cycles": max(1, cycles)},
            "inputs": {}, "outputs": tensors({"factors": torch.tensor(factors).double()})})


recurrent()
convolutions()
pooling()
network()
divergences()
schedules()
write("more_layers.json",
      f"PyTorch {torch.__version__.split('+')[0]}, Scripts/oracles/more_layers.py", cases)
