"""Reference values of privacy audits, and of skew-normal distributions, by scipy and mpmath.

Writes Tests/PrivacyTests/Oracles/audits.csv (canaries, guesses, correct, significance, mu: the largest Gaussian
privacy that one run refutes, Mahloujifar et al. 2024), skew_normal.csv (location, scale, shape, x, ln CDF) and
skew_normal_fit.csv (200 values, with the location, scale and shape that make them likeliest).
"""

import pathlib

import mpmath
import numpy
from scipy import optimize, stats

folder = pathlib.Path(__file__).parents[2] / "Tests/PrivacyTests/Oracles"


def surplus(mu, m, guesses, correct, significance):
    """What the recursion has above the number of guesses; above 0 the claim is refuted."""
    r = [0.0] * (correct + 1)
    h = [0.0] * (correct + 1)
    r[correct] = significance * correct / m
    h[correct] = significance * (guesses - correct) / m
    for i in reversed(range(correct)):
        h[i] = max(h[i + 1], stats.norm.cdf(stats.norm.ppf(r[i + 1]) - mu))
        r[i] = min(1.0, r[i + 1] + i / (guesses - i) * (h[i] - h[i + 1]))
    return r[0] + h[0] - guesses / m


def gaussian(m, guesses, correct, significance):
    if surplus(0.0, m, guesses, correct, significance) <= 0:
        return 0.0
    return optimize.bisect(
        lambda mu: surplus(mu, m, guesses, correct, significance), 0, 40, xtol=1e-12)


def log_cdf(location, scale, shape, x):
    mpmath.mp.dps = 40
    def density(t):
        return 2 * mpmath.npdf(t) * mpmath.ncdf(shape * t)
    z = (mpmath.mpf(x) - location) / scale
    points = [z - k for k in (60, 30, 20, 15, 12, 10, 8, 6, 5, 4, 3, 2, 1, 0.5, 0.25, 0.1, 0.03, 0.01, 0)]
    return mpmath.log(mpmath.quad(density, points))


with open(folder / "audits.csv", "w") as file:
    print("canaries,guesses,correct,significance,mu", file=file)
    for row in [(1000, 1000, 1000, 0.05), (1000, 100, 100, 0.05), (1000, 100, 90, 0.05), (1000, 500, 400, 0.01),
                (100, 100, 60, 0.05), (2000, 200, 150, 0.025), (50, 2, 2, 0.05), (1000, 1000, 500, 0.05)]:
        print(*row, repr(float(gaussian(*row))), sep=",", file=file)

with open(folder / "skew_normal.csv", "w") as file:
    print("location,scale,shape,x,log_cdf", file=file)
    for row in [(0, 1, 0, -1), (0, 1, 3, -1), (0, 1, -3, -4), (10, 2, 1.5, 0), (10, 2, 1.5, 12), (5, 0.5, -8, 3),
                (0, 1, 6, -3), (0, 1, 2, 4)]:
        print(*row, repr(float(log_cdf(*row))), sep=",", file=file)

with open(folder / "skew_normal_fit.csv", "w") as file:
    print("value,location,scale,shape", file=file)
    values = stats.skewnorm.ppf((numpy.arange(200) + 0.5) / 200, 3, 10, 2)
    shape, location, scale = stats.skewnorm.fit(values, 3, loc=10, scale=2)
    for value in values:
        print(repr(float(value)), float(location), float(scale), float(shape), sep=",", file=file)
