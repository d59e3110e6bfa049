"""Small models of the transformers library as folders under Tests/Golden/checkpoints, and what they compute.

`gpt2`, `bert`, `distilbert` hold a random model each, as `save_pretrained` writes it; `outputs.json` the tokens given to them, their
logits or hidden states, and what the GPT-2 generates: greedily, with penalties, by beams with several length penalties; scores of texts.
"""

import json
import pathlib

import torch
from transformers import (
    BertConfig,
    BertModel,
    DistilBertConfig,
    DistilBertModel,
    GPT2Config,
    GPT2LMHeadModel,
)

FOLDER = pathlib.Path(__file__).resolve().parents[2] / "Tests" / "Golden" / "checkpoints"


def numbers(value):
    return [float(f"{v:.7g}") for v in value.flatten().tolist()]


def randomized(model, seed, scale):
    """Weights large enough that the layers matter, biases and normalisations that differ from their start."""
    generator = torch.Generator().manual_seed(seed)
    for parameter in model.parameters():
        noise = torch.randn(parameter.shape, generator=generator)
        parameter.data = noise * scale if parameter.dim() > 1 else parameter.data + noise * 0.3
    if hasattr(model, "tie_weights"):
        model.tie_weights()
    return model.eval()


def save(model, name):
    folder = FOLDER / name
    model.save_pretrained(folder)
    for path in folder.iterdir():
        path.chmod(0o644)


def gpt2():
    config = GPT2Config(
        vocab_size=61, n_positions=48, n_embd=24, n_layer=2, n_head=3, bos_token_id=0, eos_token_id=39,
        pad_token_id=2, resid_pdrop=0.1, embd_pdrop=0.1, attn_pdrop=0.1,
    )
    model = randomized(GPT2LMHeadModel(config), 1, 0.25)
    save(model, "gpt2")
    found = {}
    ids = torch.randint(3, 61, (2, 11), generator=torch.Generator().manual_seed(2))
    with torch.inference_mode():
        found["ids"] = ids.tolist()
        found["logits"] = numbers(model(ids).logits)
        prompts = [ids[0, :5].tolist(), ids[1, :2].tolist(), ids[0, :9].tolist(), ids[1, 3:4].tolist()]
        found["prompts"] = prompts
        found["generation"] = []
        cases = [
            {},
            {"repetition_penalty": 1.7},
            {"min_new_tokens": 9},
            {"num_beams": 3},
            {"num_beams": 4, "length_penalty": 0.0, "num_return_sequences": 4},
            {"num_beams": 4, "length_penalty": 2.0, "early_stopping": True, "num_return_sequences": 2},
            {"num_beams": 3, "length_penalty": 1.5, "early_stopping": "never", "num_return_sequences": 3},
            {"num_beams": 2, "length_penalty": -1.0, "repetition_penalty": 1.3},
            {"num_beams": 3, "min_new_tokens": 6, "num_return_sequences": 2},
            {"num_beams": 5, "num_return_sequences": 5, "stops": [50, 39]},
            {"stops": [11, 34]},
            {"no_repeat_ngram_size": 1},
            {"no_repeat_ngram_size": 2},
            {"no_repeat_ngram_size": 3, "repetition_penalty": 0.8},
            {"num_beams": 3, "no_repeat_ngram_size": 2, "num_return_sequences": 3},
        ]
        for options in cases:
            arguments = dict(options)
            arguments["eos_token_id"] = arguments.pop("stops", [39])
            outputs = []
            for prompt in prompts:
                result = model.generate(
                    torch.tensor([prompt]), attention_mask=torch.ones(1, len(prompt)), do_sample=False,
                    max_new_tokens=14, pad_token_id=2, return_dict_in_generate=True, output_scores=True,
                    **arguments,
                )
                sequences = [s[len(prompt) :] for s in result.sequences.tolist()]
                scores = getattr(result, "sequences_scores", None)
                outputs.append({"tokens": sequences, "scores": None if scores is None else numbers(scores)})
            found["generation"].append({"options": options, "outputs": outputs})
        text = torch.randint(3, 61, (1, 100), generator=torch.Generator().manual_seed(4))
        found["text"] = text[0].tolist()
        found["perplexity"] = []
        for window, stride in [(48, 24), (32, 5), (10, 9), (48, 47)]:
            total, previous = 0.0, 1
            begin = 0
            end = min(window, text.shape[1])
            while True:
                part = text[:, begin:end]
                losses = torch.log_softmax(model(part).logits.double(), -1)[0, :-1]
                chosen = losses.gather(1, part[0, 1:, None])[:, 0]
                total -= chosen[previous - begin - 1 :].sum().item()
                previous = end
                if end == text.shape[1]:
                    break
                end = min(previous + stride, text.shape[1])
                begin = max(0, end - window)
            found["perplexity"].append({"window": window, "stride": stride, "nll": total})
    return found


def warpers():
    """What is left of random logits by temperature, top-k, top-p, min-p and typical sampling: probabilities."""
    from transformers.generation.logits_process import (
        MinPLogitsWarper,
        TemperatureLogitsWarper,
        TopKLogitsWarper,
        TopPLogitsWarper,
        TypicalLogitsWarper,
    )

    generator = torch.Generator().manual_seed(5)
    found = []
    for temperature, top_k, top_p, min_p, typical in [
        (1.0, None, None, None, None), (0.7, 5, None, None, None), (1.5, None, 0.8, None, None),
        (0.5, 10, 0.6, None, None), (1.0, None, 0.05, None, None), (2.0, 40, 0.99, None, None),
        (1.0, 1, None, None, None), (1.5, None, None, 0.1, None), (2.0, 30, 0.9, 0.2, None),
        (1.0, None, None, 1.0, None), (1.0, None, None, 0.0, None), (1.0, None, None, None, 0.9),
        (1.0, None, None, None, 0.2), (2.0, None, None, None, 0.5), (3.0, 20, 0.9, 0.01, 0.7),
        (1.0, None, None, None, 0.001),
    ]:
        logits = torch.randn(1, 40, generator=generator) * 3
        scores = TemperatureLogitsWarper(temperature)(None, logits)
        if top_k:
            scores = TopKLogitsWarper(top_k)(None, scores)
        if top_p:
            scores = TopPLogitsWarper(top_p)(None, scores)
        if min_p is not None:
            scores = MinPLogitsWarper(min_p)(None, scores)
        if typical is not None:
            scores = TypicalLogitsWarper(typical)(None, scores)
        found.append({
            "temperature": temperature, "top_k": top_k, "top_p": top_p, "min_p": min_p, "typical": typical,
            "logits": numbers(logits),
            "probabilities": numbers(torch.softmax(scores.double(), -1)),
        })
    return found


def encoder(model, seed, name, types):
    model = randomized(model, seed, 0.25)
    save(model, name)
    generator = torch.Generator().manual_seed(seed)
    ids = torch.randint(0, 37, (3, 7), generator=generator)
    lengths = [7, 4, 1]
    mask = torch.tensor([[1] * n + [0] * (7 - n) for n in lengths])
    arguments = {}
    if types:
        arguments["token_type_ids"] = torch.randint(0, 2, (3, 7), generator=generator)
    with torch.inference_mode():
        result = model(ids, attention_mask=mask, **arguments)
        hidden = result.last_hidden_state
    found = {"ids": ids.tolist(), "lengths": lengths, "hidden": numbers(hidden)}
    if types:
        found["types"] = arguments["token_type_ids"].tolist()
        found["pooled"] = numbers(result.pooler_output)
    return found


def bert():
    config = BertConfig(
        vocab_size=37, hidden_size=16, num_hidden_layers=2, num_attention_heads=4, intermediate_size=28,
        max_position_embeddings=12, hidden_act="gelu",
    )
    return encoder(BertModel(config), 7, "bert", True)


def distilbert():
    config = DistilBertConfig(
        vocab_size=37, dim=16, n_layers=2, n_heads=2, hidden_dim=20, max_position_embeddings=10, activation="relu"
    )
    return encoder(DistilBertModel(config), 8, "distilbert", False)


if __name__ == "__main__":
    found = {"gpt2": gpt2(), "bert": bert(), "distilbert": distilbert(), "warpers": warpers()}
    (FOLDER / "outputs.json").write_text(json.dumps(found) + "\n")
