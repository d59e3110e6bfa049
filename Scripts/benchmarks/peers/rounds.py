"""The peer's rounds of federated averaging: a loop over the clients of a round, as PyTorch's users write it."""

import torch
import torch.nn as nn
import torch.nn.functional as F

DEVICES, EXAMPLES, COHORT, BATCH, RATE = 1000, 20, 50, 10, 0.1


class LanguageModel(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(2000, 64)
        self.lstm = nn.LSTM(64, 128, batch_first=True)
        self.output = nn.Linear(128, 2000)

    def forward(self, tokens):
        return self.output(self.lstm(self.embedding(tokens))[0])


NETWORKS = {
    "logreg": lambda: nn.Linear(784, 10),
    "mlp": lambda: nn.Sequential(nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 10)),
    "lstm_lm": LanguageModel,
}


def examples(case):
    """Inputs and labels of every device, [devices, examples, …]."""
    if case == "lstm_lm":
        tokens = torch.randint(0, 2000, (DEVICES, EXAMPLES, 21))
        return tokens[..., :-1].contiguous(), tokens[..., 1:].contiguous()
    return torch.rand(DEVICES, EXAMPLES, 784) * 2 - 1, torch.randint(0, 10, (DEVICES, EXAMPLES))


def make(case):
    torch.manual_seed(0)
    server, client = NETWORKS[case](), NETWORKS[case]()
    inputs, labels = examples(case)
    kept, changed = list(server.parameters()), list(client.parameters())
    last = {"loss": None}

    def train(device):
        optimizer = torch.optim.SGD(changed, lr=RATE)
        for start in range(0, EXAMPLES, BATCH):
            output = client(inputs[device, start : start + BATCH])
            target = labels[device, start : start + BATCH]
            loss = F.cross_entropy(output.reshape(-1, output.shape[-1]), target.reshape(-1))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        last["loss"] = loss.detach()

    def work():
        sums = [torch.zeros_like(parameter) for parameter in kept]
        for device in torch.randperm(DEVICES)[:COHORT].tolist():
            with torch.no_grad():
                torch._foreach_copy_(changed, kept)
            train(device)
            with torch.no_grad():
                torch._foreach_add_(sums, changed)
        with torch.no_grad():
            for parameter, total in zip(kept, sums):
                parameter.copy_(total / COHORT)

    work()
    count = sum(parameter.numel() for parameter in kept)
    return work, lambda: last["loss"].item(), {"parameters": count, "clients": COHORT}
