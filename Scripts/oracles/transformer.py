"""Tests/Golden/transformer_*.json: attention, blocks and small models against PyTorch and transformers.

Parameters carry Fairlead's names and layouts (linear weights [outputs, inputs]; queries, keys and
values one below the other), and are translated to those of `transformers` here.
"""

import torch
import torch.nn.functional as F
import transformers
from torch.func import functional_call

from golden import Randomness, differentiated, tensor, write

random = Randomness(7)
layers, models = [], []


def heads_of(x, heads):
    return x.unflatten(-1, (heads, -1)).transpose(1, 2)


def attend(q, k, v, heads, causal=False, lengths=None):
    """Queries and keys that `lengths` call padding are computed, but nobody looks at padded keys."""
    q, k, v = (heads_of(part, heads) for part in (q, k, v))
    seen = torch.ones(q.shape[2], k.shape[2], dtype=torch.bool)
    if causal:
        seen = seen.tril()
    seen = seen[None].expand(len(q), -1, -1)
    if lengths is not None:
        seen = seen & (torch.arange(k.shape[2])[None] < lengths[:, None])[:, None]
    y = F.scaled_dot_product_attention(q, k, v, attn_mask=seen[:, None])
    return y.transpose(1, 2).flatten(2)


def linear(x, p, name):
    return F.linear(x, p[name + ".weight"], p.get(name + ".bias"))


def norm(x, p, name, epsilon=1e-5):
    return F.layer_norm(x, x.shape[-1:], p[name + ".weight"], p[name + ".bias"], epsilon)


ACTIVATIONS = {
    "gelu_tanh": lambda x: F.gelu(x, approximate="tanh"),
    "gelu": F.gelu,
    "relu": F.relu,
    "silu": F.silu,
}


def block(x, p, at, heads, pre=True, causal=False, activation="gelu_tanh", lengths=None,
          memory=None, memory_lengths=None):
    def attention(x):
        q, k, v = linear(x, p, at + "attention.input").chunk(3, -1)
        return linear(attend(q, k, v, heads, causal, lengths), p, at + "attention.output")

    def cross(x):
        k, v = linear(memory, p, at + "cross_attention.source").chunk(2, -1)
        q = linear(x, p, at + "cross_attention.query")
        return linear(attend(q, k, v, heads, False, memory_lengths), p, at + "cross_attention.output")

    def forward(x):
        hidden = ACTIVATIONS[activation](linear(x, p, at + "feed_forward.expand"))
        return linear(hidden, p, at + "feed_forward.contract")

    parts = [("attention_norm", attention), ("feed_forward_norm", forward)]
    if memory is not None:
        parts.insert(1, ("cross_norm", cross))
    for name, part in parts:
        x = x + part(norm(x, p, at + name)) if pre else norm(x + part(x), p, at + name)
    return x


def block_shapes(at, width, inner, memory=False):
    shapes = {}

    def add_norm(name):
        shapes[f"{at}{name}.weight"] = shapes[f"{at}{name}.bias"] = (width,)

    def add_linear(name, inputs, outputs):
        shapes[f"{at}{name}.weight"], shapes[f"{at}{name}.bias"] = (outputs, inputs), (outputs,)

    add_norm("attention_norm")
    add_linear("attention.input", width, 3 * width)
    add_linear("attention.output", width, width)
    if memory:
        add_norm("cross_norm")
        add_linear("cross_attention.query", width, width)
        add_linear("cross_attention.source", width, 2 * width)
        add_linear("cross_attention.output", width, width)
    add_norm("feed_forward_norm")
    add_linear("feed_forward.expand", width, inner)
    add_linear("feed_forward.contract", inner, width)
    return shapes


def leaves(shapes):
    """Parameters of these shapes: norms near 1 and 0, the rest so that no softmax saturates."""
    result = {}
    for name, shape in shapes.items():
        value = random.normal(*shape, scale=0.4)
        if "norm" in name and name.endswith("weight"):
            value = (1 + 0.5 * value).float().double()
        result[name] = value.requires_grad_()
    return result


def add(cases, name, function, options, parameters=None, batched=(), **inputs):
    parameters = parameters or {}

    def call(**values):
        return function(parameters, **values)

    cases.append(differentiated(name, call, inputs, random, options, parameters, batched))


def attention_cases():
    lengths = torch.tensor([5, 2])
    for heads, width in ((1, 3), (2, 6), (3, 12)):
        for causal in (False, True):
            for padded in (False, True):
                name = f"self_{heads}x{width}" + "_causal" * causal + "_lengths" * padded
                options = {"layer": "self_attention", "heads": heads, "causal": causal}
                inputs = {"x": random.normal(2, 5, 3 * width)}
                inputs |= {"lengths": lengths} if padded else {}

                def function(p, x, lengths=None, heads=heads, causal=causal):
                    return attend(*x.chunk(3, -1), heads, causal, lengths)

                add(layers, name, function, options, **inputs)
    for padded in (False, True):
        inputs = {"x": random.normal(2, 3, 6), "memory": random.normal(2, 5, 12)}
        inputs |= {"lengths": lengths} if padded else {}

        def function(p, x, memory, lengths=None):
            return attend(x, *memory.chunk(2, -1), 2, False, lengths)

        add(layers, "cross" + "_lengths" * padded, function,
            {"layer": "cross_attention", "heads": 2}, **inputs)


def block_cases():
    lengths = torch.tensor([4, 2, 3])
    for name, options, padded in (
        ("pre_causal", {"pre": True, "causal": True, "activation": "gelu_tanh"}, False),
        ("pre_lengths", {"pre": True, "causal": False, "activation": "silu"}, True),
        ("post_lengths", {"pre": False, "causal": False, "activation": "gelu"}, True),
        ("post_relu", {"pre": False, "causal": False, "activation": "relu"}, False),
    ):
        inputs = {"x": random.normal(3, 4, 6)} | ({"lengths": lengths} if padded else {})

        def function(p, x, lengths=None, o=options):
            return block(x, p, "", 2, lengths=lengths, **o)

        add(layers, "block_" + name, function, options | {"layer": "block", "heads": 2},
            leaves(block_shapes("", 6, 8)), tuple(inputs), **inputs)
    inputs = {"x": random.normal(3, 4, 6), "memory": random.normal(3, 5, 6),
              "memory_lengths": torch.tensor([5, 1, 3])}
    options = {"pre": True, "causal": True, "activation": "gelu_tanh"}

    def function(p, x, memory, memory_lengths):
        return block(x, p, "", 2, memory=memory, memory_lengths=memory_lengths, **options)

    add(layers, "block_memory", function, options | {"layer": "block", "heads": 2},
        leaves(block_shapes("", 6, 8, memory=True)), tuple(inputs), **inputs)
    table = leaves({"weight": (6, 4)})
    add(layers, "positions", lambda p, x: x + p["weight"][: x.shape[1]], {"layer": "positions"},
        table, ("x",), x=random.normal(3, 5, 4))


def stack_shapes(at, blocks, width, inner, memory=False):
    shapes = {}
    for index in range(blocks):
        shapes |= block_shapes(f"{at}{index}.", width, inner, memory)
    return shapes


GPT2 = {"vocabulary": 17, "context": 8, "width": 8, "blocks": 2, "heads": 2}


def gpt2_shapes(size):
    width = size["width"]
    return {"tokens.weight": (size["vocabulary"], width), "positions.weight": (size["context"], width),
            **stack_shapes("transformer.", size["blocks"], width, 4 * width),
            "norm.weight": (width,), "norm.bias": (width,)}


def gpt2_names(p, blocks):
    """The state of `GPT2LMHeadModel`, whose Conv1D weights are [inputs, outputs]."""
    state = {"transformer.wte.weight": p["tokens.weight"], "lm_head.weight": p["tokens.weight"],
             "transformer.wpe.weight": p["positions.weight"]}
    for kind in ("weight", "bias"):
        state[f"transformer.ln_f.{kind}"] = p[f"norm.{kind}"]
        for index in range(blocks):
            ours, theirs = f"transformer.{index}.", f"transformer.h.{index}."
            state[f"{theirs}ln_1.{kind}"] = p[f"{ours}attention_norm.{kind}"]
            state[f"{theirs}ln_2.{kind}"] = p[f"{ours}feed_forward_norm.{kind}"]
            for to, name in (("attn.c_attn", "attention.input"), ("attn.c_proj", "attention.output"),
                             ("mlp.c_fc", "feed_forward.expand"),
                             ("mlp.c_proj", "feed_forward.contract")):
                value = p[f"{ours}{name}.{kind}"]
                state[f"{theirs}{to}.{kind}"] = value.T if kind == "weight" else value
    return state


def gpt2_model(size):
    return transformers.GPT2LMHeadModel(transformers.GPT2Config(
        vocab_size=size["vocabulary"], n_positions=size["context"], n_embd=size["width"],
        n_layer=size["blocks"], n_head=size["heads"], bos_token_id=None, eos_token_id=None, resid_pdrop=0, embd_pdrop=0, attn_pdrop=0,
        attn_implementation="eager")).double()


def sequence_losses(logits, labels):
    """Each sequence's mean over its positions whose label is not -100."""
    losses = F.cross_entropy(logits.flatten(0, 1), labels.flatten(), reduction="none",
                             ignore_index=-100).view(labels.shape)
    return losses.sum(1) / (labels != -100).sum(1)


def gpt2_case():
    model = gpt2_model(GPT2)
    tokens, labels = random.integers(0, 17, 3, 6), random.integers(0, 17, 3, 6)
    tokens[0, 3] = tokens[0, 0]
    labels[1, 4:] = -100

    def logits(p, tokens):
        return functional_call(model, gpt2_names(p, GPT2["blocks"]), (tokens,), tie_weights=False).logits

    def function(p, tokens, labels):
        return {"losses": sequence_losses(logits(p, tokens), labels)}

    p = leaves(gpt2_shapes(GPT2))
    add(models, "gpt2", function, GPT2 | {"model": "gpt2"}, p, ("tokens", "labels"), tokens=tokens,
        labels=labels)
    models[-1]["outputs"]["logits"] = tensor(logits(p, tokens))


def gpt2_training():
    """Ten steps of AdamW, each on a batch of its own: the loss before each."""
    model = gpt2_model(GPT2)
    p = leaves(gpt2_shapes(GPT2))
    start = {name: value.detach().clone() for name, value in p.items()}
    tokens = random.integers(0, 17, 10, 4, 9)
    optimizer = torch.optim.AdamW(list(p.values()), lr=3e-3, weight_decay=0.1)
    losses = []
    for batch in tokens:
        optimizer.zero_grad()
        logits = functional_call(model, gpt2_names(p, 2), (batch[:, :-1],), tie_weights=False).logits
        loss = F.cross_entropy(logits.flatten(0, 1), batch[:, 1:].flatten())
        loss.backward()
        optimizer.step()
        losses.append(loss.detach())
    from golden import tensors

    models.append({
        "name": "gpt2_training", "options": GPT2 | {"model": "training", "rate": 3e-3, "decay": 0.1},
        "inputs": tensors({"tokens": tokens}), "parameters": tensors(start),
        "outputs": tensors({"losses": torch.stack(losses), "tokens.weight": p["tokens.weight"]})})


BERT = {"vocabulary": 19, "context": 7, "width": 8, "blocks": 2, "heads": 2, "inner": 12}


def bert_names(p, blocks, distil):
    state = {}
    renamed = {"tokens": "embeddings.word_embeddings", "positions": "embeddings.position_embeddings"}
    for ours, theirs in (renamed | ({} if distil else {"types": "embeddings.token_type_embeddings"})).items():
        state[theirs + ".weight"] = p[ours + ".weight"]
    names = {"attention.output": "attention.output.dense", "attention_norm": "attention.output.LayerNorm",
             "feed_forward.expand": "intermediate.dense", "feed_forward.contract": "output.dense",
             "feed_forward_norm": "output.LayerNorm"}
    layer, query = "encoder.layer", "attention.self.{}"
    parts = ("query", "key", "value")
    if distil:
        names = {"attention.output": "attention.out_lin", "attention_norm": "sa_layer_norm",
                 "feed_forward.expand": "ffn.lin1", "feed_forward.contract": "ffn.lin2",
                 "feed_forward_norm": "output_layer_norm"}
        layer, query = "transformer.layer", "attention.{}_lin"
        parts = ("q", "k", "v")
    for kind in ("weight", "bias"):
        state[f"embeddings.LayerNorm.{kind}"] = p[f"norm.{kind}"]
        if not distil:
            state[f"pooler.dense.{kind}"] = p[f"pooler.{kind}"]
        for index in range(blocks):
            for ours, theirs in names.items():
                state[f"{layer}.{index}.{theirs}.{kind}"] = p[f"transformer.{index}.{ours}.{kind}"]
            packed = p[f"transformer.{index}.attention.input.{kind}"].chunk(3)
            for part, value in zip(parts, packed):
                state[f"{layer}.{index}.{query.format(part)}.{kind}"] = value
    return state


def bert_case(distil):
    size = BERT
    if distil:
        model = transformers.DistilBertModel(transformers.DistilBertConfig(
            vocab_size=19, max_position_embeddings=7, dim=8, n_layers=2, n_heads=2, hidden_dim=12,
            dropout=0, attention_dropout=0, attn_implementation="eager"))
    else:
        model = transformers.BertModel(transformers.BertConfig(
            vocab_size=19, max_position_embeddings=7, hidden_size=8, num_hidden_layers=2,
            num_attention_heads=2, intermediate_size=12, hidden_dropout_prob=0,
            attention_probs_dropout_prob=0, attn_implementation="eager"))
    model = model.double()
    shapes = {"tokens.weight": (19, 8), "positions.weight": (7, 8)}
    if not distil:
        shapes["types.weight"] = (2, 8)
    shapes |= {"norm.weight": (8,), "norm.bias": (8,)} | stack_shapes("transformer.", 2, 8, 12)
    if not distil:
        shapes |= {"pooler.weight": (8, 8), "pooler.bias": (8,)}
    lengths = torch.tensor([6, 3, 5])
    tokens, types = random.integers(1, 19, 3, 6), random.integers(0, 2, 3, 6)

    def function(p, tokens, lengths, types=None):
        mask = (torch.arange(tokens.shape[1])[None] < lengths[:, None]).long()
        inputs = {"input_ids": tokens, "attention_mask": mask}
        if types is not None:
            inputs["token_type_ids"] = types
        found = functional_call(model, bert_names(p, 2, distil), (), inputs)
        outputs = {"hidden": found.last_hidden_state}
        return outputs if distil else outputs | {"pooled": found.pooler_output}

    inputs = {"tokens": tokens, "lengths": lengths} | ({} if distil else {"types": types})
    add(models, "distilbert" if distil else "bert", function,
        size | {"model": "bert", "types": 0 if distil else 2, "pooler": not distil},
        leaves(shapes), tuple(inputs), **inputs)


def encoder_decoder_case():
    size = {"vocabulary": 11, "context": 6, "width": 6, "heads": 2, "inner": 8}
    shapes = {"tokens.weight": (11, 6), "source_positions.weight": (6, 6),
              "target_positions.weight": (6, 6), **stack_shapes("encoder.", 1, 6, 8),
              "encoder_norm.weight": (6,), "encoder_norm.bias": (6,),
              **stack_shapes("decoder.", 1, 6, 8, memory=True),
              "decoder_norm.weight": (6,), "decoder_norm.bias": (6,)}

    def logits(p, source, target, lengths):
        x = p["tokens.weight"][source] + p["source_positions.weight"][: source.shape[1]]
        memory = norm(block(x, p, "encoder.0.", 2, lengths=lengths), p, "encoder_norm")
        y = p["tokens.weight"][target] + p["target_positions.weight"][: target.shape[1]]
        y = block(y, p, "decoder.0.", 2, causal=True, memory=memory, memory_lengths=lengths)
        return F.linear(norm(y, p, "decoder_norm"), p["tokens.weight"])

    def function(p, source, target, lengths, labels):
        return {"losses": sequence_losses(logits(p, source, target, lengths), labels)}

    p = leaves(shapes)
    inputs = {"source": random.integers(0, 11, 3, 5), "target": random.integers(0, 11, 3, 4),
              "lengths": torch.tensor([2, 5, 4]), "labels": random.integers(0, 11, 3, 4)}
    add(models, "encoder_decoder", function, size | {"model": "encoder_decoder"}, p, tuple(inputs),
        **inputs)
    models[-1]["outputs"]["logits"] = tensor(
        logits(p, inputs["source"], inputs["target"], inputs["lengths"]))


attention_cases()
block_cases()
gpt2_case()
gpt2_training()
bert_case(False)
bert_case(True)
encoder_decoder_case()
version = f"PyTorch {torch.__version__.split('+')[0]}, transformers {transformers.__version__}"
write("transformer_layers.json", f"{version}, Scripts/oracles/transformer.py", layers)
write("transformer_models.json", f"{version}, Scripts/oracles/transformer.py", models)
