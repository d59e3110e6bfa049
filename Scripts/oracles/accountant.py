"""Tests/Golden/accountant.json: dp-accounting's epsilons of the Poisson-subsampled Gaussian.

Neighbours add or remove one record. Cases, by `options.kind`:

* `epsilon`      `sigma`, `q`, `steps`, `delta` → `epsilon_rdp` (dp-accounting's own orders) with
                 `order_rdp`, the order at which it is reached, and `epsilon_pld` (connect the dots, interval 1e-4)
* `rdp`          `sigma`, `q`, `orders` → `rdp`, the Rényi divergence of one step at each order
* `composition`  `parts` of (`sigma`, `q`, `steps`) one after the other → as `epsilon`
* `calibration`  `epsilon`, `q`, `steps`, `delta` → `sigma_rdp`, `sigma_pld` (to 1e-5)
* `delta`        `sigma`, `q`, `steps`, `epsilon` → `delta_rdp`, `delta_pld`
"""

import json
import logging
import warnings
from importlib.metadata import version

import dp_accounting as accounting
import numpy as np
from dp_accounting import pld, rdp

from golden import write

warnings.filterwarnings("ignore")
logging.disable(logging.WARNING)


def event(parts):
    return accounting.ComposedDpEvent([
        accounting.SelfComposedDpEvent(
            accounting.PoissonSampledDpEvent(q, accounting.GaussianDpEvent(sigma)), steps
        )
        for sigma, q, steps in parts
    ])


def by_rdp(parts):
    accountant = rdp.RdpAccountant()
    accountant.compose(event(parts))
    return accountant


def by_pld(parts):
    accountant = pld.PLDAccountant(value_discretization_interval=1e-4)
    accountant.compose(event(parts))
    return accountant


def epsilons(parts, delta):
    epsilon, order = by_rdp(parts).get_epsilon_and_optimal_order(delta)
    return {
        "epsilon_rdp": float(epsilon),
        "order_rdp": float(order),
        "epsilon_pld": float(by_pld(parts).get_epsilon(delta)),
    }


def case(name, kind, options, values):
    return {"name": name, "options": {"kind": kind} | options, "values": values}


cases = []
grid = [
    (sigma, q, steps, delta)
    for sigma in (0.6, 0.8, 1.0, 1.5, 2.0, 4.0)
    for q, steps, delta in (
        (0.001, 10_000, 1e-5), (256 / 60_000, 2_344, 1e-5), (0.01, 1_000, 1e-5), (0.01, 10_000, 1e-6),
        (0.05, 400, 1e-5), (0.1, 100, 1e-6), (0.02, 1, 1e-5),
    )
]
grid += [
    (1.0, 1.0, 1, 1e-5), (2.0, 1.0, 10, 1e-5), (5.0, 1.0, 50, 1e-6), (1.0, 0.5, 10, 1e-5),
    (0.5, 0.01, 100, 1e-5), (8.0, 0.2, 1_000, 1e-6), (10.0, 0.05, 5_000, 1e-5), (0.8, 256 / 60_000, 14_063, 1e-5),
    (1.1, 256 / 60_000, 14_040, 1e-5), (20.0, 0.01, 100, 1e-5), (50.0, 1.0, 1, 1e-3), (0.3, 0.01, 10, 1e-5),
    (4.0, 0.01, 10_000, 1e-5), (1.3, 250 / 60_000, 3_600, 1e-5), (1.0, 0.01, 1, 1e-10),
]
for sigma, q, steps, delta in grid:
    options = {"sigma": sigma, "q": q, "steps": steps, "delta": delta}
    name = f"epsilon_{sigma:g}_{q:.4g}_{steps}_{delta:g}"
    cases.append(case(name, "epsilon", options, epsilons([(sigma, q, steps)], delta)))

ORDERS = [1.1, 1.5, 2, 2.5, 3, 4, 8, 16.25, 32, 64, 256]
for sigma, q in ((0.6, 0.01), (1.0, 0.001), (1.0, 0.01), (1.0, 0.5), (1.0, 1.0), (2.0, 0.1), (4.0, 0.05), (20.0, 0.01)):
    accountant = rdp.RdpAccountant(orders=ORDERS)
    accountant.compose(event([(sigma, q, 1)]))
    values = {"rdp": [float(v) for v in accountant._rdp]}
    cases.append(case(f"rdp_{sigma:g}_{q:g}", "rdp", {"sigma": sigma, "q": q, "orders": ORDERS}, values))

for name, parts, delta in (
    ("two_phases", [(1.0, 0.01, 500), (2.0, 0.01, 500)], 1e-5),
    ("decaying_noise", [(1.2 * 0.9**epoch, 0.02, 50) for epoch in range(5)], 1e-5),
    ("mixed_rates", [(1.0, 0.01, 100), (1.0, 0.05, 20), (5.0, 1.0, 1)], 1e-6),
):
    options = {"parts": [{"sigma": s, "q": q, "steps": t} for s, q, t in parts], "delta": delta}
    cases.append(case(f"composition_{name}", "composition", options, epsilons(parts, delta)))

for q, steps in ((256 / 60_000, 14_063), (0.01, 1_000), (0.05, 400), (64 / 13_084, 2_044)):
    for epsilon in (0.5, 1.0, 2.0, 4.0, 8.0):
        values = {}
        for key, make in (("sigma_rdp", rdp.RdpAccountant), ("sigma_pld", pld.PLDAccountant)):
            values[key] = float(
                accounting.calibrate_dp_mechanism(
                    make, lambda sigma: event([(sigma, q, steps)]), epsilon, 1e-5,
                    bracket_interval=accounting.LowerEndpointAndGuess(0.3, 1.0), tol=1e-5,
                )
            )
        options = {"epsilon": epsilon, "q": q, "steps": steps, "delta": 1e-5}
        cases.append(case(f"calibration_{epsilon:g}_{q:.4g}_{steps}", "calibration", options, values))

for sigma, q, steps, epsilon in ((1.0, 0.01, 1_000, 2.0), (2.0, 0.05, 200, 1.0), (0.8, 0.004, 5_000, 4.0), (3.0, 1.0, 4, 2.0)):
    parts = [(sigma, q, steps)]
    values = {
        "delta_rdp": float(by_rdp(parts).get_delta(epsilon)),
        "delta_pld": float(by_pld(parts).get_delta(epsilon)),
    }
    options = {"sigma": sigma, "q": q, "steps": steps, "epsilon": epsilon}
    cases.append(case(f"delta_{sigma:g}_{q:g}_{steps}_{epsilon:g}", "delta", options, values))

# Rényi orders may overflow to infinity, which JSON cannot hold: such entries become null.
text = json.dumps(cases)
assert not np.isnan([v for c in cases for v in c["values"].values() if isinstance(v, float)]).any()
for entry in cases:
    for key, value in entry["values"].items():
        if isinstance(value, list):
            entry["values"][key] = [None if np.isinf(v) else v for v in value]
write("accountant.json", f"dp-accounting {version('dp-accounting')}, Scripts/oracles/accountant.py", cases)
