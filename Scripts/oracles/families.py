"""Small models of every family and head that Fairlead reads by description, and what transformers computes with them.

Writes Tests/Golden/families.json: for each model its config.json, the names and shapes of its tensors, tokens with lengths, what the
head gives, the greedy continuation of a causal model, and the losses of ten plain steps. No weights are stored: every tensor is filled
by a formula from its name and the places of its numbers (`fill`), which the test computes as well.

    python3 -P Scripts/oracles/families.py            # write the file
    python3 -P Scripts/oracles/families.py reload DIR # compare folders that Fairlead saved under DIR with the file
"""

import json
import pathlib
import sys
import tempfile

import torch
import transformers
from safetensors.torch import load_file, save_file
from transformers import AutoConfig

FILE = pathlib.Path(__file__).resolve().parents[2] / "Tests" / "Golden" / "families.json"
VOCABULARY = 29
LENGTHS = [7, 4, 9]
TIME = 9


def fill(name, shape):
    """Numbers in ±0.2, or around 1 for the weights of normalisations, from a 32-bit hash of name and place."""
    h = 2166136261
    for byte in name.encode():
        h = (h ^ byte) * 16777619 % 2**32
    count = 1
    for size in shape:
        count *= size
    x = (torch.arange(count, dtype=torch.int64) * 2654435761 + h) % 2**32
    x = x ^ (x >> 15)
    x = x * 2246822519 % 2**32
    x = x ^ (x >> 13)
    unit = (x.double() / 2**32 - 0.5).float()
    is_scale = len(shape) == 1 and name.endswith("weight")
    return (1 + 0.2 * unit if is_scale else 0.4 * unit).reshape(shape)


def tokens():
    x = torch.tensor([[(7 * r + 3 * t + r * t) % (VOCABULARY - 4) + 3 for t in range(TIME)] for r in range(len(LENGTHS))])
    mask = torch.tensor([[1 if t < n else 0 for t in range(TIME)] for n in LENGTHS])
    return x, mask


def numbers(value):
    return [float(f"{v:.6g}") for v in value.flatten().tolist()]


SMALL = dict(vocab_size=VOCABULARY, hidden_size=16, intermediate_size=24, num_hidden_layers=2, num_attention_heads=4,
             max_position_embeddings=32, pad_token_id=0, bos_token_id=1, eos_token_id=2)
GROUPED = dict(SMALL, num_key_value_heads=2)
DROPLESS = dict(hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0, classifier_dropout=0.0)
ENCODER = {k: v for k, v in SMALL.items() if k not in ("bos_token_id", "eos_token_id")} | DROPLESS
DECODER_HEADS = ["ForCausalLM", "ForSequenceClassification", "Model"]
ENCODER_HEADS = ["ForMaskedLM", "ForSequenceClassification", "ForTokenClassification", "ForQuestionAnswering", "ForMultipleChoice", "Model"]
ROBERTA = dict(ENCODER, pad_token_id=1, max_position_embeddings=34, type_vocab_size=1)

MODELS = [
    # name, model_type, class prefix, settings, heads
    ("llama", "llama", "Llama", GROUPED, DECODER_HEADS + ["ForTokenClassification", "ForQuestionAnswering"]),
    ("llama3", "llama", "Llama", dict(GROUPED, tie_word_embeddings=True, attention_bias=True, mlp_bias=True, rope_scaling={
        "rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
        "original_max_position_embeddings": 16, "rope_theta": 500.0}), ["ForCausalLM"]),
    ("llama_linear", "llama", "Llama", dict(SMALL, head_dim=8, rope_scaling={"rope_type": "linear", "factor": 2.0}), ["ForCausalLM"]),
    ("mistral", "mistral", "Mistral", dict(GROUPED, sliding_window=3), DECODER_HEADS),
    ("qwen2", "qwen2", "Qwen2", dict(GROUPED, use_sliding_window=True, sliding_window=3, max_window_layers=1), DECODER_HEADS),
    ("qwen3", "qwen3", "Qwen3", dict(GROUPED, head_dim=6, tie_word_embeddings=True), DECODER_HEADS),
    ("smollm3", "smollm3", "SmolLM3", dict(GROUPED, no_rope_layer_interval=2), ["ForCausalLM"]),
    ("phi3", "phi3", "Phi3", dict(GROUPED, sliding_window=4, resid_pdrop=0.0), DECODER_HEADS),
    ("olmo2", "olmo2", "Olmo2", GROUPED, ["ForCausalLM", "Model"]),
    ("gemma", "gemma", "Gemma", dict(GROUPED, head_dim=6), DECODER_HEADS),
    ("gemma2", "gemma2", "Gemma2", dict(GROUPED, head_dim=6, sliding_window=3, query_pre_attn_scalar=10,
                                        attn_logit_softcapping=2.0, final_logit_softcapping=1.5), DECODER_HEADS),
    ("gemma3", "gemma3_text", "Gemma3", dict(GROUPED, head_dim=6, sliding_window=3, query_pre_attn_scalar=10,
                                             num_hidden_layers=3, _sliding_window_pattern=2, layer_types=[
                                                 "sliding_attention", "full_attention", "sliding_attention"]),
     ["ForCausalLM"]),
    ("gpt_neox", "gpt_neox", "GPTNeoX", dict(SMALL, hidden_dropout=0.0, attention_dropout=0.0, rotary_pct=0.5),
     DECODER_HEADS + ["ForTokenClassification"]),
    ("gpt_neox_serial", "gpt_neox", "GPTNeoX", dict(SMALL, use_parallel_residual=False, rotary_pct=0.5), ["ForCausalLM"]),
    ("phi", "phi", "Phi", dict(SMALL, resid_pdrop=0.0, embd_pdrop=0.0), DECODER_HEADS),
    ("gptj", "gptj", "GPTJ", dict(vocab_size=VOCABULARY, n_embd=16, n_layer=2, n_head=2, n_positions=32, rotary_dim=4,
                                  resid_pdrop=0.0, embd_pdrop=0.0, attn_pdrop=0.0, pad_token_id=0, bos_token_id=1, eos_token_id=2), DECODER_HEADS),
    ("gpt_neo", "gpt_neo", "GPTNeo", dict(vocab_size=VOCABULARY, hidden_size=16, num_layers=2, num_heads=4, max_position_embeddings=32,
                                          attention_types=[[["global", "local"], 1]], window_size=3, resid_dropout=0.0, embed_dropout=0.0,
                                          attention_dropout=0.0, classifier_dropout=0.0, pad_token_id=0, bos_token_id=1, eos_token_id=2),
     DECODER_HEADS),
    ("opt", "opt", "OPT", dict(vocab_size=VOCABULARY, hidden_size=16, num_hidden_layers=2, ffn_dim=24, num_attention_heads=4,
                               max_position_embeddings=32, word_embed_proj_dim=16, dropout=0.0, pad_token_id=0, bos_token_id=1,
                               eos_token_id=2), DECODER_HEADS),
    ("opt_post", "opt", "OPT", dict(vocab_size=VOCABULARY, hidden_size=16, num_hidden_layers=2, ffn_dim=24, num_attention_heads=4,
                                    max_position_embeddings=32, word_embed_proj_dim=16, dropout=0.0, do_layer_norm_before=False,
                                    pad_token_id=0, bos_token_id=1, eos_token_id=2), ["ForCausalLM"]),
    ("bloom", "bloom", "Bloom", dict(vocab_size=VOCABULARY, hidden_size=24, n_layer=2, n_head=6, pad_token_id=0, bos_token_id=1,
                                     eos_token_id=2), DECODER_HEADS),
    ("roberta", "roberta", "Roberta", ROBERTA, ENCODER_HEADS),
    ("xlm_roberta", "xlm-roberta", "XLMRoberta", ROBERTA, ["ForMaskedLM", "ForSequenceClassification", "Model"]),
    ("camembert", "camembert", "Camembert", ROBERTA, ["ForTokenClassification"]),
    ("mpnet", "mpnet", "MPNet", dict(ENCODER, pad_token_id=1, max_position_embeddings=34), ENCODER_HEADS),
    ("bert", "bert", "Bert", ENCODER, ENCODER_HEADS[:-1]),
    ("distilbert", "distilbert", "DistilBert", dict(vocab_size=VOCABULARY, dim=16, hidden_dim=24, n_layers=2, n_heads=4,
                                                    max_position_embeddings=32, dropout=0.0, attention_dropout=0.0,
                                                    seq_classif_dropout=0.0, qa_dropout=0.0, pad_token_id=0), ENCODER_HEADS[:-1]),
    ("electra", "electra", "Electra", dict(ENCODER, embedding_size=8), ENCODER_HEADS),
    ("albert", "albert", "Albert", dict(ENCODER, embedding_size=8, classifier_dropout_prob=0.0), ENCODER_HEADS),
    ("modernbert", "modernbert", "ModernBert", dict(SMALL, num_hidden_layers=4, local_attention=4, global_attn_every_n_layers=3,
                                                    cls_token_id=1, sep_token_id=2), ENCODER_HEADS[:3] + ["Model"]),
    ("modernbert_mean", "modernbert", "ModernBert", dict(SMALL, local_attention=4, classifier_pooling="mean", norm_bias=True,
                                                         attention_bias=True, mlp_bias=True), ["ForSequenceClassification"]),
]


def build(model_type, prefix, settings, head):
    config = AutoConfig.for_model(model_type, **settings)
    name = prefix + head
    if head == "Model" and not hasattr(transformers, name):
        name = prefix + "TextModel"
    if head == "ForSequenceClassification" and not hasattr(transformers, name):
        name = prefix + "TextForSequenceClassification"
    if head in ("ForSequenceClassification", "ForTokenClassification"):
        config.num_labels = 3
    config._attn_implementation = "eager"
    kind = getattr(transformers, name)
    with tempfile.TemporaryDirectory() as folder:
        kind(config).float().save_pretrained(folder)
        path = pathlib.Path(folder) / "model.safetensors"
        stored = {key: fill(key, tuple(value.shape)) for key, value in load_file(path).items()}
        save_file(stored, path, metadata={"format": "pt"})
        model = kind.from_pretrained(folder, attn_implementation="eager").float().eval()
        return model, (pathlib.Path(folder) / "config.json").read_text(), stored


def outputs(model, head, ids, mask):
    # A decoder's classifier looks for padding in the tokens, not in the mask.
    ids = torch.where(mask == 1, ids, model.config.pad_token_id)
    if head == "ForMultipleChoice":
        one = ids[:, None, :].repeat(1, 2, 1)
        one[:, 1, 0] = 5
        return model(input_ids=one, attention_mask=mask[:, None, :].repeat(1, 2, 1)).logits
    result = model(input_ids=ids, attention_mask=mask)
    if head == "Model":
        return result.last_hidden_state
    if head == "ForQuestionAnswering":
        return torch.stack([result.start_logits, result.end_logits], -1)
    return result.logits


def losses(model, head, ids, mask):
    """Ten steps of gradient descent on the mean of squared outputs at real positions."""
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
    found = []
    for _ in range(10):
        y = outputs(model, head, ids, mask)
        weight = mask if y.dim() == 3 else torch.ones(y.shape[:1])
        loss = (((y - 0.3) ** 2).flatten(y.dim() - 1).mean(-1) * weight).sum() / weight.sum() if y.dim() == 3 else ((y - 0.3) ** 2).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        found.append(float(f"{loss.item():.7g}"))
    return found


def case(name, model_type, prefix, settings, head):
    model, config, stored = build(model_type, prefix, settings, head)
    ids, mask = tokens()
    with torch.no_grad():
        y = outputs(model, head, ids, mask)
    entry = {
        "name": name, "head": head, "config": config, "tensors": {key: list(v.shape) for key, v in sorted(stored.items())},
        "shape": list(y.shape), "outputs": numbers(y),
    }
    if head == "ForCausalLM":
        with torch.no_grad():
            text = model.generate(ids[:1, :4], attention_mask=torch.ones(1, 4, dtype=torch.long), max_new_tokens=8, min_new_tokens=8,
                                  do_sample=False)
        entry["greedy"] = text[0, 4:].tolist()
    if head != "ForMultipleChoice":
        entry["losses"] = losses(model, head, ids, mask)
    return entry


def reload(folder):
    """The largest difference of outputs of folders that Fairlead saved: DIR/name-head."""
    worst = 0.0
    for entry in json.loads(FILE.read_text())["models"]:
        path = pathlib.Path(folder) / f"{entry['name']}-{entry['head']}"
        row = next(row for row in MODELS if row[0] == entry["name"])
        name = json.loads(entry["config"])["architectures"][0]
        model = getattr(transformers, name).from_pretrained(path, attn_implementation="eager").float().eval()
        ids, mask = tokens()
        with torch.no_grad():
            y = outputs(model, entry["head"], ids, mask)
        wanted = torch.tensor(entry["outputs"]).reshape(entry["shape"])
        difference = (y - wanted).abs().max().item()
        worst = max(worst, difference)
        print(row[0], entry["head"], difference)
    print("largest", worst)


if __name__ == "__main__":
    transformers.logging.set_verbosity_error()
    if len(sys.argv) == 3 and sys.argv[1] == "reload":
        reload(sys.argv[2])
    else:
        found, skipped = [], []
        for name, model_type, prefix, settings, heads in MODELS:
            for head in heads:
                try:
                    found.append(case(name, model_type, prefix, settings, head))
                except Exception as error:
                    skipped.append((name, head, repr(error)[:300]))
        for item in skipped:
            print(*item)
        ids, mask = tokens()
        FILE.write_text(json.dumps({"tokens": ids.tolist(), "lengths": LENGTHS, "models": found}) + "\n")
        print(len(found), "models")
