"""The peers' networks and batches: random inputs and labels, always the same ones.

A network is added by one entry of `CASES`: how to build it (with Opacus's LSTM, or with an output
of its own, where that is what Opacus needs), and how to draw its batch. ../PROTOCOL.md describes
all of them.
"""

import torch
import torch.nn.functional as F
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


class PackedBiLSTM(BiLSTM):
    """The same for texts of different lengths, padded with 0: packed, so that padding costs nothing."""

    def forward(self, tokens):
        lengths = (tokens != 0).sum(1)
        packed = nn.utils.rnn.pack_padded_sequence(
            self.embedding(tokens), lengths, batch_first=True, enforce_sorted=False
        )
        hidden, _ = nn.utils.rnn.pad_packed_sequence(self.lstm(packed)[0], batch_first=True)
        return self.output(hidden.sum(1) / lengths[:, None])


class Bag(nn.Module):
    """Intent classifier: mean of embeddings, one hidden layer."""

    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(10_000, 128)
        self.hidden = nn.Linear(128, 256)
        self.output = nn.Linear(256, 150)

    def forward(self, tokens):
        return self.output(self.hidden(self.embedding(tokens).mean(1)).relu())


class Attention(nn.Module):
    """Self-attention with several heads, one product for queries, keys and values."""

    def __init__(self, width, heads, causal):
        super().__init__()
        self.heads, self.causal = heads, causal
        self.project = nn.Linear(width, 3 * width)
        self.output = nn.Linear(width, width)

    def forward(self, hidden):
        batch, time, width = hidden.shape
        parts = self.project(hidden).split(width, dim=2)
        query, key, value = (
            part.view(batch, time, self.heads, width // self.heads).transpose(1, 2) for part in parts
        )
        mixed = F.scaled_dot_product_attention(query, key, value, is_causal=self.causal)
        return self.output(mixed.transpose(1, 2).reshape(batch, time, width))


class Block(nn.Module):
    """A pre-norm transformer block."""

    def __init__(self, width, heads, inner, causal):
        super().__init__()
        self.norm_attention = nn.LayerNorm(width)
        self.attention = Attention(width, heads, causal)
        self.norm_inner = nn.LayerNorm(width)
        self.inner = nn.Linear(width, inner)
        self.outer = nn.Linear(inner, width)

    def forward(self, hidden):
        hidden = hidden + self.attention(self.norm_attention(hidden))
        inner = F.gelu(self.inner(self.norm_inner(hidden)), approximate="tanh")
        return hidden + self.outer(inner)


class Stem(nn.Module):
    """Sum of a token's and its position's vector. The positions are spelt out for every example:
    Opacus takes the first axis of what a layer sees for that of the examples."""

    def __init__(self, vocabulary, positions, width):
        super().__init__()
        self.tokens = nn.Embedding(vocabulary, width)
        self.positions = nn.Embedding(positions, width)

    def forward(self, tokens):
        places = torch.arange(tokens.shape[1]).expand(tokens.shape[0], -1).contiguous()
        return self.tokens(tokens) + self.positions(places)


class TransformerClassifier(nn.Module):
    def __init__(self, width=256, blocks=4, heads=4, inner=1024):
        super().__init__()
        self.stem = Stem(10_000, 64, width)
        self.blocks = nn.Sequential(*(Block(width, heads, inner, False) for _ in range(blocks)))
        self.norm = nn.LayerNorm(width)
        self.output = nn.Linear(width, 150)

    def forward(self, tokens):
        return self.output(self.norm(self.blocks(self.stem(tokens))).mean(1))


class LanguageModel(nn.Module):
    """GPT-2's architecture. Opacus does not support parameters that two layers share: `tied` false
    gives the output a matrix of its own."""

    def __init__(self, vocabulary, positions, width, blocks, heads, tied=True):
        super().__init__()
        self.stem = Stem(vocabulary, positions, width)
        self.blocks = nn.Sequential(*(Block(width, heads, 4 * width, True) for _ in range(blocks)))
        self.norm = nn.LayerNorm(width)
        self.output = None if tied else nn.Linear(width, vocabulary, bias=False)
        for module in self.modules():
            if isinstance(module, (nn.Linear, nn.Embedding)):
                nn.init.normal_(module.weight, std=0.02)

    def forward(self, tokens):
        hidden = self.norm(self.blocks(self.stem(tokens)))
        if self.output is None:
            return F.linear(hidden, self.stem.tokens.weight)
        return self.output(hidden)


class Images(nn.Module):
    """The network of Opacus's MNIST example."""

    def __init__(self):
        super().__init__()
        self.first = nn.Conv2d(1, 16, 8, 2, padding=3)
        self.second = nn.Conv2d(16, 32, 4, 2)
        self.hidden = nn.Linear(512, 32)
        self.output = nn.Linear(32, 10)

    def forward(self, images):
        features = F.max_pool2d(self.first(images).relu(), 2, 1)
        features = F.max_pool2d(self.second(features).relu(), 2, 1)
        return self.output(self.hidden(features.flatten(1)).relu())


def lstm_for(private):
    if not private:
        return nn.LSTM
    from opacus.layers import DPLSTM

    return DPLSTM


def small_language_model(private=False, blocks=4):
    return LanguageModel(8192, 128, 256, blocks, 4, tied=not private)


def gpt2_small(private=False):
    return LanguageModel(50_257, 1024, 768, 12, 12, tied=not private)


def classified(batch, time):
    """`batch` texts of `time` tokens, one of 150 labels for each."""
    return lambda draw: (draw(10_000, batch, time), draw(150, batch))


def written(vocabulary, batch, time):
    """`batch` texts of `time` tokens with a label for each token."""
    return lambda draw: (draw(vocabulary, batch, time), draw(vocabulary, batch, time))


def uttered(draw):
    """128 texts of 3 to 44 tokens, most of them short, the longest first."""
    lengths = sorted((3 + (i * 29 % 64) ** 3 // 5954 for i in range(128)), reverse=True)
    tokens = draw(9_999, 128, 44) + 1
    tokens[torch.arange(44)[None] >= torch.tensor(lengths)[:, None]] = 0
    return tokens, draw(150, 128)


def photographed(draw):
    pixels = torch.rand(256, 1, 28, 28, generator=torch.Generator().manual_seed(2))
    return pixels, draw(10, 256)


CASES = {
    "a_bilstm": (lambda private: BiLSTM(lstm_for(private)), classified(64, 20)),
    "b_bagmlp": (lambda private: Bag(), classified(256, 20)),
    "c_transformer": (lambda private: TransformerClassifier(), classified(32, 64)),
    "d_lm": (small_language_model, written(8192, 8, 128)),
    "e_gpt2small": (gpt2_small, written(50_257, 1, 128)),
    "f_cnn": (lambda private: Images(), photographed),
    "g_padded": (lambda private: PackedBiLSTM(lstm_for(private)), uttered),
}


def batch_of(case):
    generator = torch.Generator().manual_seed(1)
    return CASES[case][1](lambda below, *shape: torch.randint(0, below, shape, generator=generator))


def make(case, private=False):
    """The network and one batch of `case`: model, inputs, labels. `private`: for Opacus."""
    torch.manual_seed(0)
    model = CASES[case][0](private)
    return model, *batch_of(case)


def cross_entropy(outputs, labels):
    """The mean over all labels, which have the shape of the outputs without the last axis."""
    return F.cross_entropy(outputs.reshape(-1, outputs.shape[-1]), labels.reshape(-1))
