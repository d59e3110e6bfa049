#!/usr/bin/env python3
"""Tests/PrivacyTests/Oracles/*.csv: epsilons over our own orders, divergences of one step, calibrated and decaying noise (dp-accounting 0.6.0).

Run it from the root of the repository. Slow (a minute or two): the exact accountant composes fine grids.
"""
import csv
import math
import sys
from pathlib import Path

import dp_accounting
from dp_accounting import pld, rdp

ORDERS = [1 + i / 10 for i in range(1, 100)] + list(range(11, 64)) + [128, 256, 512, 1024]
FOLDER = Path("Tests/PrivacyTests/Oracles")

# noise multiplier, sampling rate, steps, delta
CASES = [
    (1.1, 256 / 60000, 14062, 1e-5), (1.3, 250 / 60000, 3600, 1e-5), (0.7, 250 / 60000, 10800, 1e-5),
    (1.0, 0.01, 1000, 1e-5), (1.0, 0.01, 10000, 1e-5), (2.0, 0.01, 10000, 1e-5), (4.0, 0.01, 10000, 1e-5),
    (0.8, 0.005, 1000, 1e-6), (1.5, 0.04, 2250, 1e-5), (0.5, 0.001, 5000, 1e-6), (1.0, 1, 1, 1e-5), (10.0, 1, 100, 1e-5),
    (1.0, 0.1, 100, 1e-5), (0.6, 512 / 50000, 1940, 1e-5), (1.0, 0.01, 1000, 1e-6), (0.8, 0.02, 500, 1e-5),
    (0.7, 0.001, 10000, 1e-5), (0.7, 0.01, 1000, 1e-5), (0.7, 0.01, 10000, 1e-5), (0.7, 0.05, 400, 1e-6), (0.7, 0.1, 100, 1e-5),
    (1.0, 0.001, 10000, 1e-5), (1.0, 256 / 60000, 2344, 1e-5), (1.0, 0.01, 10000, 1e-6), (1.0, 0.05, 400, 1e-5),
    (1.5, 0.001, 10000, 1e-5), (1.5, 256 / 60000, 2344, 1e-5), (1.5, 0.01, 1000, 1e-6), (1.5, 0.1, 100, 1e-5),
    (2.0, 256 / 60000, 2344, 1e-6), (2.0, 0.05, 400, 1e-5), (1.0, 1.0, 1, 1e-6), (2.0, 1.0, 10, 1e-5), (5.0, 1.0, 50, 1e-5),
    (1.0, 0.5, 10, 1e-5), (0.5, 0.01, 100, 1e-5), (8.0, 0.2, 1000, 1e-6), (10.0, 0.05, 5000, 1e-5), (4.0, 0.1, 500, 1e-5),
    (0.3, 0.01, 20, 1e-5), (20.0, 0.001, 100, 1e-5), (100.0, 0.5, 10000, 1e-5), (0.8, 1e-4, 100000, 1e-7),
]
# epsilon, sampling rate, steps, delta
CALIBRATION = [
    (0.5, 256 / 60000, 14063, 1e-5), (1, 256 / 60000, 14063, 1e-5), (3, 256 / 60000, 14063, 1e-5), (8, 256 / 60000, 14063, 1e-5),
    (0.5, 64 / 13084, 1640, 1e-5), (2, 64 / 13084, 1640, 1e-5), (0.1, 0.01, 1000, 1e-6), (20, 0.02, 500, 1e-5),
]
# order, noise multiplier, sampling rate
DIVERGENCES = [
    (2, 1, 0.01), (32, 1, 0.01), (8, 2, 0.1), (64, 4, 0.01), (2.5, 1.5, 0.04), (1.5, 2.5, 0.01), (5, 2.5, 0.01), (50, 2.5, 0.01),
    (100, 2.5, 0.01), (1.01, 0.1, 1e-7), (256, 0.1, 1e-6), (256.1, 0.1, 1e-5), (27, 1, 1e-6), (1.5, 1, 1e-4), (2, 1, 1e-3),
    (20, 10, 0.01), (20.5, 100, 0.1), (256, 0.1, 0.99), (256.1, 100, 0.999), (1.1, 0.5, 0.5), (10.9, 0.8, 0.2),
]


def event(sigma, q, steps):
    gaussian = dp_accounting.GaussianDpEvent(sigma)
    sampled = gaussian if q == 1 else dp_accounting.PoissonSampledDpEvent(q, gaussian)
    return dp_accounting.SelfComposedDpEvent(sampled, steps)


def rdp_accountant(composed):
    accountant = rdp.RdpAccountant(ORDERS)
    accountant.compose(composed)
    return accountant


def write(name, header, rows):
    with open(FOLDER / name, "w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        for row in rows:
            writer.writerow([repr(float(x)) if x != "" else "" for x in row])
    print(f"{name}: {len(rows)} rows", file=sys.stderr)


def main():
    rows = []
    for sigma, q, steps, delta in CASES:
        accountant = rdp_accountant(event(sigma, q, steps))
        improved, order = accountant.get_epsilon_and_optimal_order(delta)
        classic = min(r + math.log(1 / delta) / (a - 1) for a, r in zip(ORDERS, accountant._rdp))
        exact = pld.PLDAccountant(value_discretization_interval=1e-4)
        exact.compose(event(sigma, q, steps))
        rows.append([sigma, q, steps, delta, improved, order, classic, exact.get_epsilon(delta)])
    write("epsilon.csv", ["noise_multiplier", "rate", "steps", "delta", "rdp", "order", "rdp_classic", "pld"], rows)

    rows = []
    for epsilon, q, steps, delta in CALIBRATION:
        sigma = dp_accounting.calibrate_dp_mechanism(
            lambda: rdp.RdpAccountant(ORDERS), lambda s: event(s, q, steps), epsilon, delta,
            dp_accounting.LowerEndpointAndGuess(0, 1), tol=1e-7)
        rows.append([epsilon, q, steps, delta, sigma])
    write("calibration.csv", ["epsilon", "rate", "steps", "delta", "noise_multiplier"], rows)

    rows = []
    for order, sigma, q in DIVERGENCES:
        accountant = rdp.RdpAccountant([order])
        accountant.compose(event(sigma, q, 1))
        rows.append([order, sigma, q, accountant._rdp[0]])
    write("divergence.csv", ["order", "noise_multiplier", "rate", "rdp"], rows)

    decay = dp_accounting.ComposedDpEvent([event(1.5 * 0.9**e, 0.01, 100) for e in range(5)])
    honest = dp_accounting.ComposedDpEvent([event(0.75 * 0.9**e, 0.01, 100) for e in range(5)])
    rows = []
    for factor, composed in ((1, decay), (2, honest)):
        exact = pld.PLDAccountant(value_discretization_interval=1e-4)
        exact.compose(composed)
        rows.append([factor, rdp_accountant(composed).get_epsilon(1e-5), exact.get_epsilon(1e-5)])
    write("decay.csv", ["divisor", "rdp", "pld"], rows)


main()
