#!/usr/bin/env python3
"""Tests/PrivacyTests/Oracles/accounting.csv: random settings of DP-SGD with the epsilons of two libraries.

1,000 settings from a fixed seed; the file keeps the first 200, all go to the path that `--all` names. `pld` is dp-accounting's (connect the dots,
interval 1e-4), `prv_low` and `prv_high` are prv-accountant's bounds with an error of 0.05. Run it from the root of the repository (ten minutes).
"""
import argparse
import csv
import logging
import math
import random
import warnings
from pathlib import Path

import dp_accounting
from dp_accounting import pld
from prv_accountant import PoissonSubsampledGaussianMechanism, PRVAccountant

FILE = Path("Tests/PrivacyTests/Oracles/accounting.csv")
COLUMNS = ["noise_multiplier", "rate", "steps", "delta", "pld", "prv_low", "prv_high"]
KEPT, COUNT = 200, 1000

warnings.filterwarnings("ignore")
logging.disable(logging.WARNING)


def settings():
    """Settings that cost between about 0.1 and 20, by the limit theorem."""
    chance = random.Random(20260731)
    while True:
        noise = round(math.exp(chance.uniform(math.log(0.6), math.log(8))), 4)
        rate = float(f"{math.exp(chance.uniform(math.log(2e-4), math.log(0.5))):.4g}")
        steps = round(math.exp(chance.uniform(0, math.log(10_000))))
        delta = chance.choice([1e-5, 1e-6, 1e-7])
        mu = rate * math.sqrt(steps * math.expm1(1 / noise**2))
        if 0.05 < mu < 3:
            yield noise, rate, steps, delta


def by_pld(noise, rate, steps, delta):
    accountant = pld.PLDAccountant(value_discretization_interval=1e-4)
    event = dp_accounting.PoissonSampledDpEvent(rate, dp_accounting.GaussianDpEvent(noise))
    accountant.compose(dp_accounting.SelfComposedDpEvent(event, steps))
    return accountant.get_epsilon(delta)


def by_prv(noise, rate, steps, delta):
    mechanism = PoissonSubsampledGaussianMechanism(sampling_probability=rate, noise_multiplier=noise)
    accountant = PRVAccountant([mechanism], eps_error=0.05, delta_error=delta / 1000, max_self_compositions=[steps])
    low, _, high = accountant.compute_epsilon(delta, [steps])
    return low, high


def write(path, rows):
    with open(path, "w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows(rows)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--all", metavar="FILE", help="where all settings go")
    arguments = parser.parse_args()
    rows = []
    for setting in settings():
        try:
            low, high = by_prv(*setting)
        except (RuntimeError, ValueError):
            continue  # prv-accountant gives up on some settings
        rows.append([*setting, by_pld(*setting), low, high])
        if len(rows) == KEPT:
            write(FILE, rows)
        if len(rows) == (COUNT if arguments.all else KEPT):
            break
    if arguments.all:
        write(arguments.all, rows)


if __name__ == "__main__":
    main()
