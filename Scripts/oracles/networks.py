"""Small forms of the networks of Scripts/benchmarks, for golden files."""

import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence


def mean_over(values, lengths):
    """Mean over the first `lengths[i]` of the time steps of `values` (batch, time, features)."""
    if lengths is None:
        return values.mean(1)
    keep = torch.arange(values.shape[1])[None] < lengths[:, None]
    return (values * keep[..., None]).sum(1) / lengths[:, None]


def max_over(values, lengths):
    keep = torch.arange(values.shape[1])[None] < lengths[:, None]
    return values.masked_fill(~keep[..., None], -torch.inf).amax(1)


def run_lstm(lstm, values, lengths):
    """All hidden states (zero behind an example's length) and the last ones of each direction."""
    if lengths is None:
        output, (hidden, cell) = lstm(values)
    else:
        packed = pack_padded_sequence(values, lengths, batch_first=True, enforce_sorted=False)
        output, (hidden, cell) = lstm(packed)
        output, _ = pad_packed_sequence(output, batch_first=True, total_length=values.shape[1])
    return output, hidden.transpose(0, 1), cell.transpose(0, 1)


class BiLSTMClassifier(nn.Module):
    def __init__(self, vocabulary=13, embedding=5, hidden=4, classes=3, lstm=nn.LSTM):
        super().__init__()
        self.embedding = nn.Embedding(vocabulary, embedding)
        self.lstm = lstm(embedding, hidden, batch_first=True, bidirectional=True)
        self.output = nn.Linear(2 * hidden, classes)

    def forward(self, tokens, lengths=None):
        hidden, _, _ = run_lstm(self.lstm, self.embedding(tokens), lengths)
        return self.output(mean_over(hidden, lengths))


class BagClassifier(nn.Module):
    def __init__(self, vocabulary=13, embedding=5, hidden=7, classes=3):
        super().__init__()
        self.embedding = nn.Embedding(vocabulary, embedding)
        self.hidden = nn.Linear(embedding, hidden)
        self.output = nn.Linear(hidden, classes)

    def forward(self, tokens, lengths=None):
        return self.output(self.hidden(mean_over(self.embedding(tokens), lengths)).relu())


NETWORKS = {"a_bilstm": BiLSTMClassifier, "b_bagmlp": BagClassifier}
