"""Reference values of Fairness: self-BLEU by NLTK, BCa intervals by SciPy, rates by group by Fairlearn.

    python fairness.py      (needs nltk 3.10, scipy and fairlearn 0.15; prints what Tests/FairnessTests holds)
"""

import json
import warnings

import numpy as np
from fairlearn.metrics import MetricFrame
from nltk.translate.bleu_score import SmoothingFunction, sentence_bleu
from scipy import stats
from sklearn.metrics import accuracy_score, recall_score

TEXTS = [
    "the nurse said that she was tired",
    "the nurse said that she was tired and went home early today",
    "the judge said that he was late",
    "a dog",
    "one day the judge lost his coat and the nurse found it",
    "the the the nurse",
]



def grouped_rates():
    frame = MetricFrame(
        metrics={"accuracy": accuracy_score, "tpr": recall_score},
        y_true=[1, 1, 0, 0, 1, 0, 1, 1, 0, 1],
        y_pred=[1, 0, 0, 1, 1, 0, 1, 1, 1, 0],
        sensitive_features=list("ffffmmmmmx"),
    )
    return {
        "by_group": frame.by_group.to_dict(),
        "difference": frame.difference().to_dict(),
        "ratio": frame.ratio().to_dict(),
    }


def self_bleu(order, smoothing):
    tokens = [text.split() for text in TEXTS]
    weights = [1 / order] * order
    scores = []
    for index, text in enumerate(tokens):
        others = tokens[:index] + tokens[index + 1 :]
        scores.append(sentence_bleu(others, text, weights, smoothing_function=smoothing))
    return float(np.mean(scores))


def main():
    warnings.filterwarnings("ignore")
    smooth = SmoothingFunction()
    for order in (2, 4):
        for name, function in (("none", None), ("epsilon", smooth.method1), ("addOne", smooth.method2)):
            print("self-BLEU", order, name, repr(self_bleu(order, function)))
    # The interval alone, from given replicates and jackknife values: SciPy's own `_bca_interval`.
    x = np.array([0.3, 1.1, 0.2, 2.9, 0.7, 0.4, 5.2, 1.6])
    generator = np.random.default_rng(1)
    replicates = np.round(generator.choice(x, (40, len(x))).mean(1), 4)
    jackknife = [float(np.delete(x, i).mean()) for i in range(len(x))]
    from scipy.stats._resampling import _bca_interval

    low, high, _ = _bca_interval(
        (x,), lambda d, axis=-1: d.mean(axis), axis=-1, alpha=0.025, theta_hat_b=replicates, batch=None, xp=np
    )
    ends = np.percentile(replicates, [low * 100, high * 100])
    print("bca", json.dumps(replicates.tolist()), jackknife, float(low), float(high), ends)
    wide = stats.bootstrap((x,), np.mean, n_resamples=200_000, method="BCa", rng=2).confidence_interval
    print("bca of many resamples", wide)
    print("rates by group", grouped_rates())


if __name__ == "__main__":
    main()
