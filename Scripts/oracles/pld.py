#!/usr/bin/env python3
"""Tests/PrivacyTests/Oracles/pld.csv: the least epsilons of the Poisson-sampled Gaussian, also at deltas below the rounding errors of doubles.

One step, and noise on all data, have closed forms (mpmath, 40 digits). All others are composed by 80-bit Fourier transforms without any tilt, on two
grids, and extrapolated to a grid without width. `tolerance` is how much above it an upper bound may be. Run it from the root of the repository.
"""
import csv
import math
import sys
from pathlib import Path

import mpmath
import numpy as np
import scipy.fft

Long = np.longdouble
mpmath.mp.dps = 40
FILE = Path("Tests/PrivacyTests/Oracles/pld.csv")

# noise multiplier, sampling rate, steps, delta
ONE_STEP = [
    (s, q, 1, d)
    for s, q in ((0.3, 1e-5), (0.5, 0.9), (1, 1e-3), (1, 0.05), (3, 0.5), (20, 1e-5), (100, 0.9999))
    for d in (1e-3, 1e-8, 1e-15)
] + [(1, 1e-5, 1, 1e-15)]
ALL_DATA = [
    (s, 1, t, d) for s, t in ((0.3, 1), (0.3, 1_000_000), (5, 100), (100, 1), (100, 10_000)) for d in (1e-3, 1e-8, 1e-15)
]
# noise multiplier, sampling rate, steps, delta, roughly the epsilon
COMPOSED = [
    (4, 4e-4, 9000, 1e-6, 0.04), (4, 4e-4, 9000, 1e-12, 0.06), (1, 0.01, 1000, 1e-6, 2), (1, 0.01, 1000, 1e-10, 3),
    (1, 0.01, 1000, 1e-13, 4), (0.7, 0.004, 14000, 1e-8, 9), (0.7, 0.004, 14000, 1e-12, 11), (2, 1e-4, 100_000, 1e-6, 0.06),
    (2, 1e-4, 100_000, 1e-12, 0.1), (0.7, 0.001, 10_000, 1e-5, 1.2), (0.5, 0.01, 100, 1e-11, 15), (0.5, 0.9, 10, 1e-8, 110),
    (20, 0.05, 100, 1e-13, 0.2), (1, 0.5, 3, 1e-10, 9),
]


def cdf(x):
    return mpmath.erfc(-x / mpmath.sqrt(2)) / 2


def on_all_data(s, q, t, d):
    mu = mpmath.sqrt(t) / s
    return least(lambda e: cdf(mu / 2 - e / mu) - mpmath.exp(e) * cdf(-mu / 2 - e / mu), d)


def one_step(s, q, t, d):
    def removing(e):
        x = s * s * mpmath.log((mpmath.exp(e) - (1 - q)) / q) + mpmath.mpf(1) / 2
        return (1 - q) * cdf(-x / s) + q * cdf((1 - x) / s) - mpmath.exp(e) * cdf(-x / s)

    def adding(e):
        rest = mpmath.exp(-e) - (1 - q)
        if rest <= 0:
            return mpmath.mpf(0)
        x = s * s * mpmath.log(rest / q) + mpmath.mpf(1) / 2
        return cdf(x / s) - mpmath.exp(e) * ((1 - q) * cdf(x / s) + q * cdf((x - 1) / s))

    return max(least(removing, d), least(adding, d))


def least(delta_of, d):
    if delta_of(mpmath.mpf(0)) <= d:
        return mpmath.mpf(0)
    low, high = mpmath.mpf(0), mpmath.mpf(1)
    while delta_of(high) > d:
        high *= 2
    for _ in range(110):
        middle = (low + high) / 2
        low, high = (middle, high) if delta_of(middle) > d else (low, middle)
    return high


def on_grid(s, q, t, d, h, removes, reach):
    k = Long(math.sqrt(2 * math.log(t * 1e6 / d)))
    x = np.linspace(-k * s, 1 + k * s, 1_500_000, dtype=Long)
    ratio = np.log1p(Long(q) * np.expm1((2 * x - 1) / (2 * Long(s) ** 2)))
    weight = np.exp(-x * x / 2 / Long(s) ** 2)
    if removes:
        weight = (1 - Long(q)) * weight + Long(q) * np.exp(-((x - 1) ** 2) / 2 / Long(s) ** 2)
    weight /= weight.sum()
    loss = ratio if removes else -ratio
    size = 1 << math.ceil(math.log2(2 * reach / h))
    place = np.floor(loss / h)
    upper = np.expm1(place * h - loss) / np.expm1(-Long(h))
    place = np.maximum(place.astype(np.int64), int(-reach / h))
    masses = np.zeros(size, Long)
    np.add.at(masses, place % size, weight * (1 - upper))
    np.add.at(masses, (place + 1) % size, weight * upper)
    base, power = scipy.fft.rfft(masses), 1
    while t:
        if t & 1:
            power = power * base
        base = base * base
        t >>= 1
    total = scipy.fft.irfft(power, size)
    i = np.arange(size)
    losses = np.where(i * h >= reach, i - size, i).astype(Long) * h
    low, high = Long(0), Long(reach)
    if (total * np.maximum(0, -np.expm1(np.minimum(0, -losses)))).sum() <= d:
        return 0.0
    for _ in range(70):
        middle = (low + high) / 2
        spent = (total * np.maximum(0, -np.expm1(np.minimum(0, middle - losses)))).sum()
        low, high = (middle, high) if spent > d else (low, middle)
    return float(high)


def composed(s, q, t, d, guess):
    reach = 3.5 * guess + 0.1
    best = 0
    for removes in (True, False):
        h = 2 * reach / (1 << 18)
        coarse, fine = (on_grid(s, q, t, d, width, removes, reach) for width in (2 * h, h))
        best = max(best, fine + (fine - coarse) / 3)
    return best


def main():
    rows = [(*c, one_step(*(mpmath.mpf(v) for v in c)), 1e-4) for c in ONE_STEP]
    rows += [(*c, on_all_data(*(mpmath.mpf(v) for v in c)), 1e-4) for c in ALL_DATA]
    rows += [(*c[:4], composed(*c), 1e-4) for c in COMPOSED]
    with open(FILE, "w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["noise_multiplier", "rate", "steps", "delta", "epsilon", "tolerance"])
        for row in rows:
            writer.writerow([repr(float(v)) for v in row])
    print(f"{FILE.name}: {len(rows)} rows", file=sys.stderr)


main()
