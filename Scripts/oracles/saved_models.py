"""Checks that transformers reads the models that Fairlead saved and computes with them what it computed with its own.

    FAIRLEAD_SAVED_MODELS=FOLDER swift test --filter PretrainedModelTests
    python Scripts/oracles/saved_models.py FOLDER

FOLDER must exist. Prints the largest difference of each model and fails above 1e-6.
"""

import pathlib
import sys

import torch
from transformers import AutoModel, GPT2LMHeadModel

GOLDEN = pathlib.Path(__file__).resolve().parents[2] / "Tests" / "Golden" / "checkpoints"


def main():
    saved = pathlib.Path(sys.argv[1])
    worst = 0.0
    for name, kind in [("gpt2", GPT2LMHeadModel), ("bert", AutoModel), ("distilbert", AutoModel)]:
        found, report = kind.from_pretrained(saved / name, output_loading_info=True)
        problems = {key: value for key, value in report.items() if value}
        original = kind.from_pretrained(GOLDEN / name)
        ids = torch.randint(0, original.config.vocab_size, (3, 9), generator=torch.Generator().manual_seed(0))
        with torch.inference_mode():
            difference = (found.eval()(ids)[0] - original.eval()(ids)[0]).abs().max().item()
        print(name, type(found).__name__, f"differs by {difference:g}", problems or "")
        worst = max(worst, difference if not problems else 1.0)
    return 1 if worst > 1e-6 else 0


if __name__ == "__main__":
    sys.exit(main())
