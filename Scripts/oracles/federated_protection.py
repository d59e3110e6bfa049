"""Reference values of federated protection, by NumPy, SciPy and dp-accounting.

Writes Tests/FederatedTests/Oracles/robust.csv (rule, parameter, number of updates, their numbers one after the other,
what the rule makes of them) and central.csv (clients, devices, rounds, noise multiplier, delta, epsilon).
"""

import pathlib

import numpy
from dp_accounting import dp_event, pld
from scipy import optimize, stats

folder = pathlib.Path(__file__).parents[2] / "Tests/FederatedTests/Oracles"


def krum(points, f, m):
    """Blanchard et al. 2017, as it stands there."""
    n = len(points)
    scores = []
    for i in range(n):
        d = sorted(((points[i] - points[j]) ** 2).sum() for j in range(n) if j != i)
        scores.append(sum(d[: n - f - 2]))
    best = sorted(range(n), key=lambda i: (scores[i], i))[:m]
    return points[best].mean(axis=0)


def geometric_median(points, weights):
    def cost(z):
        return (weights * numpy.linalg.norm(points - z, axis=1)).sum()
    found = optimize.minimize(cost, numpy.median(points, axis=0), method="Nelder-Mead",
                              options={"xatol": 1e-11, "fatol": 1e-14, "maxiter": 40000, "maxfev": 40000})
    return found.x


def robust():
    random = numpy.random.default_rng(5)
    lines = ["rule,parameter,updates,points,result"]

    def write(rule, parameter, points, result):
        text = [" ".join(repr(float(x)) for x in numpy.ravel(values)) for values in (points, result)]
        lines.append(f"{rule},{parameter},{len(points)},{text[0]},{text[1]}")

    for n, d in [(5, 3), (8, 4), (11, 7), (24, 3), (33, 2)]:
        points = random.normal(size=(n, d)).astype(numpy.float32).astype(float)
        points[: n // 5] += 30
        points = points.astype(numpy.float32).astype(float)
        points = random.permutation(points)
        write("median", 0, points, numpy.median(points, axis=0))
        for share in (0.1, 0.2, 0.29, 0.4):
            if int(share * n) >= 1:
                write("trimmed", share, points, stats.trim_mean(points, share, axis=0))
        f = (n - 3) // 2
        write("krum", f, points, krum(points, f, 1))
        write("multi_krum", f, points, krum(points, f, 2))
        if d <= 3:
            weights = numpy.arange(1, n + 1) / (n * (n + 1) / 2)
            write("geometric_median", 0, points, geometric_median(points, weights))
    (folder / "robust.csv").write_text("\n".join(lines) + "\n")


def central():
    lines = ["clients,devices,rounds,noise,delta,epsilon"]
    for clients, devices, rounds, noise, delta in [
        (10, 100, 20, 1.0, 1e-5), (100, 1000, 100, 0.8, 1e-5), (50, 10000, 500, 0.7, 1e-6), (10, 10, 5, 3.0, 1e-5)
    ]:
        event = dp_event.GaussianDpEvent(noise)
        if clients < devices:
            event = dp_event.PoissonSampledDpEvent(clients / devices, event)
        accountant = pld.PLDAccountant(value_discretization_interval=1e-4)
        accountant.compose(dp_event.SelfComposedDpEvent(event, rounds))
        lines.append(f"{clients},{devices},{rounds},{noise},{delta},{accountant.get_epsilon(delta)!r}")
    (folder / "central.csv").write_text("\n".join(lines) + "\n")


robust()
central()
