"""Tests/Golden/learning_layers.json: layers, losses and two whole networks of PyTorch."""

import torch
import torch.nn.functional as F
from torch import nn

from golden import Randomness, differentiated, write
from networks import NETWORKS, max_over, mean_over, run_lstm

random = Randomness(2)
cases = []


def add(name, function, module=None, options=None, batched=(), **inputs):
    parameters = dict(module.named_parameters()) if module is not None else {}
    cases.append(differentiated(name, function, inputs, random, options, parameters, batched))


def affine():
    for name, shape in {"linear": (5, 4), "linear_sequence": (3, 6, 4), "linear_one": (1, 4)}.items():
        layer = random.fill(nn.Linear(4, 3))
        add(name, lambda x, f=layer: f(x), layer, {"layer": "linear", "bias": True}, ("x",),
            x=random.normal(*shape))
    layer = random.fill(nn.Linear(4, 3, bias=False))
    add("linear_without_bias", lambda x: layer(x), layer, {"layer": "linear", "bias": False}, ("x",),
        x=random.normal(5, 4))


def embeddings():
    tokens = torch.tensor([[3, 0, 3, 6], [1, 1, 1, 1], [0, 0, 5, 2]])
    layer = random.fill(nn.Embedding(7, 3))
    add("embedding", lambda tokens: layer(tokens), layer, {"layer": "embedding"}, ("tokens",),
        tokens=tokens)
    padded = random.fill(nn.Embedding(7, 3, padding_idx=0))
    add("embedding_padding", lambda tokens: padded(tokens), padded,
        {"layer": "embedding", "padding_index": 0}, ("tokens",), tokens=tokens)


def recurrent():
    lengths = torch.tensor([5, 2, 1, 4])
    for name, kind, sequences in (
        ("lstm", {}, None),
        ("bilstm", {"bidirectional": True}, None),
        ("lstm_lengths", {}, lengths),
        ("bilstm_lengths", {"bidirectional": True}, lengths),
    ):
        layer = random.fill(nn.LSTM(3, 4, batch_first=True, **kind))

        def function(x, lengths=None, f=layer):
            output, hidden, cell = run_lstm(f, x, lengths)
            return {"output": output, "hidden": hidden, "cell": cell}

        inputs = {"x": random.normal(4, 5, 3)} | ({} if sequences is None else {"lengths": sequences})
        add(name, function, layer,
            {"layer": "lstm", "hidden": 4, "bidirectional": bool(kind), "gates": "input, forget, cell, output"},
            tuple(inputs), **inputs)


def normalisation():
    for name, shape in {"layer_norm": (5, 6), "layer_norm_sequence": (2, 3, 6)}.items():
        layer = random.fill(nn.LayerNorm(6, eps=1e-5))
        add(name, lambda x, f=layer: f(x), layer, {"layer": "layer_norm", "epsilon": 1e-5}, ("x",),
            x=random.normal(*shape, scale=2.0))
    layer = random.fill(nn.LayerNorm(6, eps=1e-5))
    nearly = (torch.ones(2, 6).double() * 3 + random.normal(2, 6, scale=1e-3)).float().double()
    add("layer_norm_nearly_constant", lambda x: layer(x), layer,
        {"layer": "layer_norm", "epsilon": 1e-5}, ("x",), x=nearly)


def pooling():
    x, lengths = random.normal(4, 5, 3), torch.tensor([5, 2, 1, 4])
    add("mean_pool", lambda x: mean_over(x, None), options={"layer": "mean"}, x=x)
    add("mean_pool_lengths", mean_over_named, options={"layer": "mean"}, x=x, lengths=lengths)
    add("max_pool", lambda x: x.amax(1), options={"layer": "max"}, x=x)
    add("max_pool_lengths", lambda x, lengths: max_over(x, lengths), options={"layer": "max"},
        x=x, lengths=lengths)


def mean_over_named(x, lengths):
    return mean_over(x, lengths)


def losses():
    logits, labels = random.normal(6, 4, scale=2.0), torch.tensor([0, 3, 1, 1, 2, 0])
    ignored = torch.tensor([0, -100, 1, 1, -100, 0])
    sequence = random.normal(2, 3, 4)
    for name, target, options in (
        ("mean", labels, {}),
        ("sum", labels, {"reduction": "sum"}),
        ("none", labels, {"reduction": "none"}),
        ("ignore", ignored, {"ignore_index": -100}),
        ("smoothing", labels, {"label_smoothing": 0.1}),
        ("smoothing_ignore", ignored, {"label_smoothing": 0.2, "ignore_index": -100}),
    ):
        add(f"cross_entropy_{name}",
            lambda logits, labels, o=options: F.cross_entropy(logits, labels, **o),
            options={"loss": "cross_entropy"} | options, logits=logits, labels=target)
    add("cross_entropy_sequence",
        lambda logits, labels: F.cross_entropy(logits.reshape(-1, 4), labels.reshape(-1)),
        options={"loss": "cross_entropy"}, logits=sequence, labels=torch.tensor([[0, 3, 1], [1, 2, 0]]))
    far = torch.tensor([[1e4, 0.0, -1e4], [-1e4, 50.0, 51.0]]).double()
    add("cross_entropy_far", lambda logits, labels: F.cross_entropy(logits, labels),
        options={"loss": "cross_entropy"}, logits=far, labels=torch.tensor([0, 2]))
    add("mean_squared_error", lambda x, y: F.mse_loss(x, y), options={"loss": "mean_squared_error"},
        x=random.normal(3, 4), y=random.normal(3, 4))
    add("binary_cross_entropy", lambda logits, y: F.binary_cross_entropy_with_logits(logits, y),
        options={"loss": "binary_cross_entropy"}, logits=random.normal(5, scale=3.0),
        y=torch.tensor([0.0, 1.0, 1.0, 0.0, 1.0]).double())


def networks():
    """Whole networks: logits, the loss of each example, and gradients of the mean loss."""
    labels = torch.tensor([2, 0, 1, 1])
    for name, build in NETWORKS.items():
        for kind, lengths in (("", None), ("_lengths", torch.tensor([6, 3, 1, 5]))):
            network = random.fill(build())
            tokens = random.integers(1, 13, 4, 6)
            tokens[0, 2] = tokens[0, 4] = tokens[0, 0]
            if lengths is not None:
                tokens = tokens * (torch.arange(6)[None] < lengths[:, None])

            def function(tokens, labels, lengths=None, f=network):
                logits = f(tokens, lengths)
                return {"losses": F.cross_entropy(logits, labels, reduction="none")}

            inputs = {"tokens": tokens, "labels": labels}
            inputs |= {} if lengths is None else {"lengths": lengths}
            add(name + kind, function, network,
                {"network": name, "loss": "cross_entropy", "reduction": "none"}, tuple(inputs), **inputs)
            with torch.no_grad():
                logits = network(tokens, lengths)
            from golden import tensor

            cases[-1]["outputs"]["logits"] = tensor(logits)


affine()
embeddings()
recurrent()
normalisation()
pooling()
losses()
networks()
write("learning_layers.json",
      f"PyTorch {torch.__version__.split('+')[0]}, Scripts/oracles/learning_layers.py", cases)
