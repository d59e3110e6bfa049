"""The peers' networks and batches: random tokens and labels, always the same ones.

A network is added by one entry of `CASES`: how to build it (with Opacus's LSTM where that is what
private training needs), and what its batch looks like.
"""

import torch
from torch import nn


class BiLSTM(nn.Module):
    """Intent classifier: embedding, bidirectional LSTM, mean over time, linear."""

    def __init__(self, lstm):
        super().__init__()
        self.embedding = nn.Embedding(10_000, 128)
        self.lstm = lstm(128, 128, batch_first=True, bidirectional=True)
        self.output = nn.Linear(256, 150)

    def forward(self, tokens):
        hidden, _ = self.lstm(self.embedding(tokens))
        return self.output(hidden.mean(1))


class Bag(nn.Module):
    """Intent classifier: mean of embeddings, one hidden layer."""

    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(10_000, 128)
        self.hidden = nn.Linear(128, 256)
        self.output = nn.Linear(256, 150)

    def forward(self, tokens):
        return self.output(self.hidden(self.embedding(tokens).mean(1)).relu())


def lstm_for(private):
    if not private:
        return nn.LSTM
    from opacus.layers import DPLSTM

    return DPLSTM


CASES = {
    "a_bilstm": (lambda private: BiLSTM(lstm_for(private)), {"batch": 64, "time": 20, "classes": 150}),
    "b_bagmlp": (lambda private: Bag(), {"batch": 256, "time": 20, "classes": 150}),
}


def make(case, private=False):
    """The network and one batch of `case`: model, tokens (batch, time), labels (batch)."""
    build, size = CASES[case]
    torch.manual_seed(0)
    model = build(private)
    generator = torch.Generator().manual_seed(1)
    tokens = torch.randint(0, 10_000, (size["batch"], size["time"]), generator=generator)
    labels = torch.randint(0, size["classes"], (size["batch"],), generator=generator)
    return model, tokens, labels
