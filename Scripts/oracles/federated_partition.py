#!/usr/bin/env python3
"""What FedNLP's own code does with given shares: how many examples of each class each client gets.

    python federated_partition.py PATH/data/advanced_partition/niid_label.py > Tests/FederatedTests/Oracles/label_shift.csv

The file is that of https://github.com/FedML-AI/FedNLP; needs numpy alone. Its two functions are run as they stand,
with NumPy's Dirichlet draws written down. A line is one client of one case: the case, the client, the sizes of all
classes, the shares that were drawn, the examples that came of them.
"""

import contextlib
import io
import sys

import numpy as np

CASES = [  # sizes of classes, clients, alpha, seed
    ([40, 30, 20, 10], 7, 1.0, 1),
    ([40, 30, 20, 10], 10, 0.1, 2),
    ([100, 3, 1, 1], 9, 0.5, 3),
    ([13, 13, 13], 13, 0.05, 4),
    ([57, 101, 29, 64, 8], 23, 0.3, 5),
    ([5, 5], 3, 100.0, 6),
]


def functions(path):
    """The file without what it imports to read its data."""
    with open(path, encoding="utf-8") as file:
        text = file.read()
    text = "import math\nimport numpy as np\n" + text[text.index("def dynamic_batch_fill") :]
    if "\ndef main" in text:
        text = text[: text.index("\ndef main")]
    names = {}
    exec(compile(text, path, "exec"), names)
    return names["label_skew_process"]


def main():
    process = functions(sys.argv[1])
    draw = np.random.dirichlet
    print("case,client,sizes,shares,counts")
    for case, (sizes, clients, alpha, seed) in enumerate(CASES):
        np.random.seed(seed)
        drawn = []

        def recording(parameters):
            drawn.append(draw(parameters))
            return drawn[-1]

        np.random.dirichlet = recording
        labels = np.repeat(np.arange(len(sizes)), sizes)
        with contextlib.redirect_stdout(io.StringIO()):
            parts = process(list(range(len(sizes))), labels, clients, alpha)
        # One draw is made before the clients' and never used.
        for client, (shares, part) in enumerate(zip(drawn[1:], parts)):
            counts = np.bincount(labels[np.array(part, dtype=int)], minlength=len(sizes))
            row = [sizes, [repr(float(share)) for share in shares], counts]
            print(f"{case},{client}," + ",".join(" ".join(map(str, cell)) for cell in row))


main()
