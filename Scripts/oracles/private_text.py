#!/usr/bin/env python3
"""Tests/PrivacyTests/Oracles/truncated_gumbel.csv and truncated_noise.csv: truncated Gumbel noise on words, by SciPy.

The first: α and b of Xu et al. (2021) with SciPy's Lambert function. The second: the distribution and quantiles of truncated Gumbel noise, and its mean
by quadrature. Run it from the root of the repository.
"""
import csv
import math
from pathlib import Path

from scipy.integrate import quad
from scipy.special import lambertw
from scipy.stats import gumbel_r

FOLDER = Path("Tests/PrivacyTests/Oracles")
SETTINGS = [(50, 1000, 1, 10), (30, 400_000, 2.5, 15), (100, 400_000, 0.5, 12), (5e4, 20_000, 0.01, 9), (1e9, 2, 1, 1), (28, 3, 0.3, 2)]
NOISES = [(2, 3), (0.1, 3), (50, 3), (8.2, 10)]


def write(name, columns, rows):
    with open(FOLDER / name, "w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows([repr(float(value)) for value in row] for row in rows)


rows = []
for epsilon, words, closest, farthest in SETTINGS:
    alpha = (epsilon - 2 * (1 + math.log(words)) / closest) / 3
    exponent = min(lambertw(2 * alpha * farthest).real, math.log(alpha * closest))
    rows.append((epsilon, words, closest, farthest, alpha, 2 * farthest / exponent))
write("truncated_gumbel.csv", ["epsilon", "words", "closest", "farthest", "alpha", "scale"], rows)

rows = []
for scale, bound in NOISES:
    full = gumbel_r(scale=scale)
    low, high = full.cdf(-bound), full.cdf(bound)
    mean = quad(lambda x: x * full.pdf(x), -bound, bound, points=[0], limit=200)[0] / (high - low)
    rows.append((scale, bound, (full.cdf(0) - low) / (high - low), full.ppf(low + 0.3 * (high - low)), mean))
write("truncated_noise.csv", ["scale", "bound", "cumulative_at_0", "quantile_of_0.3", "mean"], rows)
