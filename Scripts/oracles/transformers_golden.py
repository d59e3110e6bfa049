"""Tests/Golden/transformers.json: attention, transformer blocks, GPT-2 and BERT of random weights, from PyTorch and the
`transformers` package, and ten training losses of a small GPT-2.

Run it with a Python that has torch and transformers: python Scripts/oracles/transformers_golden.py
"""

import torch
from torch import nn
from torch.nn import functional as F
from transformers import BertConfig, BertModel, DistilBertConfig, DistilBertModel, GPT2Config, GPT2LMHeadModel

from golden import Randomness, tensors, write


def linear(random, outputs, inputs):
    return random.normal(outputs, inputs, scale=inputs**-0.5), random.normal(outputs, scale=0.1)


def heads(x, count):
    return x.unflatten(-1, (count, -1)).transpose(-2, -3)


def attend(q, k, v, count, mask=None, causal=False):
    y = F.scaled_dot_product_attention(
        heads(q, count), heads(k, count), heads(v, count), attn_mask=mask, is_causal=causal)
    return y.transpose(-2, -3).flatten(-2)


def finish(name, options, inputs, outputs, random, parameters=None):
    leaves = {key: value for key, value in inputs.items() if value.requires_grad}
    parameters = parameters or {}
    cotangents = {key: random.normal(*value.shape) for key, value in outputs.items()}
    scalar = sum((outputs[key] * cotangents[key]).sum() for key in outputs)
    wanted = {**leaves, **parameters}
    gradients = dict(zip(wanted, torch.autograd.grad(scalar, list(wanted.values()), allow_unused=True)))
    return {
        "name": name, "options": options, "inputs": tensors(inputs), "parameters": tensors(parameters),
        "outputs": tensors(outputs), "cotangents": tensors(cotangents), "gradients": tensors(gradients)}


def attention_cases(random):
    cases = []
    for name, time, causal, lengths in [
        ("attention", 5, False, None), ("causal attention", 7, True, None),
        ("padded attention", 6, False, [6, 3]), ("long causal attention", 150, True, None)]:
        width, count = (6, 3) if time > 100 else (8, 2)
        examples = 1 if time > 100 else 2
        x = random.normal(examples, time, 3 * width).requires_grad_()
        mask = None
        if lengths:
            mask = (torch.arange(time)[None] < torch.tensor(lengths)[:, None])[:, None, None]
        y = attend(*x.chunk(3, -1), count, mask, causal)
        inputs = {"x": x}
        if lengths:
            # What padding looks like is nobody's business.
            y = y * (torch.arange(time)[None] < torch.tensor(lengths)[:, None])[..., None]
            inputs["lengths"] = torch.tensor(lengths)
        cases.append(finish(name, {"heads": count, "causal": causal, "kind": "self"}, inputs, {"output": y}, random))
    q = random.normal(2, 4, 8).requires_grad_()
    memory = random.normal(2, 6, 16).requires_grad_()
    y = attend(q, *memory.chunk(2, -1), 2)
    cases.append(finish("cross attention", {"heads": 2, "kind": "cross"}, {"x": q, "memory": memory}, {"output": y}, random))
    return cases


def gpt2(seed, **changes):
    torch.manual_seed(seed)
    config = GPT2Config(
        vocab_size=19, n_positions=12, n_embd=8, n_layer=2, n_head=2, resid_pdrop=0, embd_pdrop=0, attn_pdrop=0,
        bos_token_id=0, eos_token_id=0, attn_implementation="eager", **changes)
    model = GPT2LMHeadModel(config)
    for name, parameter in model.named_parameters():
        # Biases and normalisations away from 0 and 1, and numbers that 32 bits hold.
        noise = torch.randn_like(parameter) * (0.2 if parameter.ndim == 1 else 0.1)
        parameter.data = (parameter.data + noise).float()
    return model.double()


def gpt2_names(model):
    names = {}
    for name, parameter in model.named_parameters():
        value = parameter
        name = name.removeprefix("transformer.")
        parts = name.split(".")
        if parts[0] == "wte":
            names["tokens.weight"] = (parameter, False)
        elif parts[0] == "wpe":
            names["positions.weight"] = (parameter, False)
        elif parts[0] == "ln_f":
            names["norm." + parts[1]] = (parameter, False)
        elif parts[0] == "h":
            part = {
                "ln_1": "attention_norm", "ln_2": "feed_forward_norm", "attn.c_attn": "attention.input",
                "attn.c_proj": "attention.output", "mlp.c_fc": "feed_forward.expand",
                "mlp.c_proj": "feed_forward.contract"}[".".join(parts[2:-1])]
            transposed = parts[-1] == "weight" and "c_" in parts[-2]
            names[f"transformer.{parts[1]}.{part}.{parts[-1]}"] = (value, transposed)
    return names


def language_model_case(random):
    model = gpt2(1)
    tokens = torch.tensor([[3, 7, 1, 0, 18, 7, 7, 2], [5, 5, 4, 16, 3, 2, 9, 11]])
    labels = torch.tensor([[7, 1, 0, 18, 7, 7, 2, 3], [5, 4, 16, 3, 2, 9, 11, -100]])
    names = gpt2_names(model)
    logits = model(tokens).logits

    def loss(logits, labels):
        return F.cross_entropy(logits.flatten(0, 1), labels.flatten(), reduction="mean", ignore_index=-100)

    # One number per example: the mean over its labelled positions.
    losses = torch.stack([loss(logits[i : i + 1], labels[i : i + 1]) for i in range(2)])

    def gradients(value):
        found = torch.autograd.grad(value, [p for p, _ in names.values()], retain_graph=True)
        return {n: (g.T if t else g) for (n, (_, t)), g in zip(names.items(), found)}

    each = [gradients(value) for value in losses]
    case = {
        "name": "gpt2", "options": {"width": 8, "heads": 2, "blocks": 2, "vocabulary": 19, "context": 12},
        "inputs": tensors({"tokens": tokens, "labels": labels}),
        "parameters": tensors({n: (p.T if t else p) for n, (p, t) in names.items()}),
        "outputs": tensors({"logits": logits, "losses": losses}),
        "gradients": tensors(gradients(losses.sum())),
        "per_example": tensors({n: torch.stack([e[n] for e in each]) for n in names})}
    # Ten steps of AdamW in 32 bits.
    model = gpt2(1).float()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.01)
    found = []
    for _ in range(10):
        optimizer.zero_grad()
        logits = model(tokens).logits
        value = sum(loss(logits[i : i + 1], labels[i : i + 1]) for i in range(2)) / 2
        value.backward()
        optimizer.step()
        found.append(value.item())
    case["options"]["losses"] = found
    return case


def bert_case(random, distil):
    torch.manual_seed(2)
    if distil:
        config = DistilBertConfig(
            vocab_size=17, max_position_embeddings=9, dim=8, hidden_dim=20, n_layers=2, n_heads=2, dropout=0,
            attention_dropout=0, attn_implementation="eager")
        model = DistilBertModel(config)
    else:
        config = BertConfig(
            vocab_size=17, max_position_embeddings=9, hidden_size=8, intermediate_size=20, num_hidden_layers=2,
            num_attention_heads=2, hidden_dropout_prob=0, attention_probs_dropout_prob=0, attn_implementation="eager")
        model = BertModel(config)
    for parameter in model.parameters():
        parameter.data = (parameter.data + torch.randn_like(parameter) * 0.2).float()
    model = model.double().eval()
    tokens = torch.tensor([[3, 7, 1, 0, 16, 7], [5, 5, 4, 12, 0, 0]])
    lengths = torch.tensor([6, 4])
    mask = (torch.arange(6)[None] < lengths[:, None]).long()
    types = torch.tensor([[0, 0, 0, 1, 1, 1], [0, 1, 1, 1, 0, 0]])
    state = dict(model.named_parameters())
    parameters = {}

    def put(name, *old):
        parameters[name] = torch.cat([state[o] for o in old])

    root = "embeddings."
    put("tokens.weight", root + "word_embeddings.weight")
    put("positions.weight", root + "position_embeddings.weight")
    if not distil:
        put("types.weight", root + "token_type_embeddings.weight")
    for kind in ["weight", "bias"]:
        put(f"norm.{kind}", f"{root}LayerNorm.{kind}")
        for i in range(2):
            if distil:
                old = f"transformer.layer.{i}."
                names = [
                    (["attention.q_lin", "attention.k_lin", "attention.v_lin"], "attention.input"),
                    (["attention.out_lin"], "attention.output"), (["sa_layer_norm"], "attention_norm"),
                    (["ffn.lin1"], "feed_forward.expand"), (["ffn.lin2"], "feed_forward.contract"),
                    (["output_layer_norm"], "feed_forward_norm")]
            else:
                old = f"encoder.layer.{i}."
                names = [
                    ([f"attention.self.{p}" for p in ["query", "key", "value"]], "attention.input"),
                    (["attention.output.dense"], "attention.output"),
                    (["attention.output.LayerNorm"], "attention_norm"),
                    (["intermediate.dense"], "feed_forward.expand"), (["output.dense"], "feed_forward.contract"),
                    (["output.LayerNorm"], "feed_forward_norm")]
            for sources, name in names:
                put(f"transformer.{i}.{name}.{kind}", *[f"{old}{source}.{kind}" for source in sources])
        if not distil:
            put(f"pooler.{kind}", f"pooler.dense.{kind}")
    if distil:
        hidden = model(input_ids=tokens, attention_mask=mask).last_hidden_state
        outputs = {"hidden": hidden * mask[..., None]}
    else:
        result = model(input_ids=tokens, attention_mask=mask, token_type_ids=types)
        outputs = {"hidden": result.last_hidden_state * mask[..., None], "pooled": result.pooler_output}
    inputs = {"tokens": tokens, "lengths": lengths} | ({} if distil else {"types": types})
    return {
        "name": "distilbert" if distil else "bert",
        "options": {"width": 8, "heads": 2, "blocks": 2, "inner": 20, "vocabulary": 17, "context": 9, "types": 0 if distil else 2},
        "inputs": tensors(inputs), "parameters": tensors(parameters), "outputs": tensors(outputs)}


if __name__ == "__main__":
    random = Randomness(11)
    write("transformers.json", "Scripts/oracles/transformers_golden.py", [
        *attention_cases(random), language_model_case(random), bert_case(random, False), bert_case(random, True)])
