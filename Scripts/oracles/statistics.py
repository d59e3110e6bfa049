"""Calls of `stats` with what SciPy, statsmodels and scikit-learn give: Tests/BuiltinsTests/Oracles/statistics.txt.

Each line has an expression of Fairlead whose value is a number or a list of numbers, a tab, and the numbers expected (nan, inf and
-inf among them), separated by spaces. Quantities that no package computes (Bonett and Wright's intervals, the exact interval
of Cohen's d, errors of calibration) are computed here by their formulas, with mpmath or SciPy underneath.

Run with numpy, scipy, statsmodels, scikit-learn and pandas; written with the versions named in the file's first line.
"""

import functools
import math
import warnings
from pathlib import Path

import mpmath
import numpy as np
import scipy
import sklearn
import statsmodels
import statsmodels.api as sm
from scipy import optimize, special, stats
from sklearn import metrics
from statsmodels.stats.multitest import multipletests

warnings.filterwarnings("ignore")
random = np.random.default_rng(20261130)
lines = []


def literal(value):
    """A value as Fairlead writes it."""
    if value is None:
        return "nil"
    if isinstance(value, (bool, np.bool_)):
        return "true" if value else "false"
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, (list, tuple, np.ndarray)):
        return "[" + ", ".join(literal(item) for item in value) + "]"
    if isinstance(value, (int, np.integer)):
        return str(int(value))
    value = float(value)
    if math.isnan(value):
        return "nan"
    if math.isinf(value):
        return "inf" if value > 0 else "-inf"
    return repr(value)


def add(expression, *expected):
    flat = []
    for item in expected:
        flat += [float(x) for x in np.ravel(np.asarray(item, dtype=float))]
    lines.append(expression + "\t" + " ".join(repr(x) for x in flat))


def fields(call, names):
    return f"let r = {call}; [" + ", ".join("r." + name for name in names) + "]"


# Distributions


def distribution(call, peer, points, probabilities, discrete=False):
    points = [float(x) for x in points]
    mass = peer.pmf if discrete else peer.pdf
    add(f"{call}.pdf({literal(points)})", mass(points))
    add(f"{call}.cdf({literal(points)})", peer.cdf(points))
    add(f"{call}.survival({literal(points)})", peer.sf(points))
    add(f"{call}.quantile({literal(probabilities)})", peer.ppf(probabilities))


class Exact:
    """A gamma, Poisson, beta or F distribution by mpmath: for huge parameters SciPy keeps few digits, or none."""

    def __init__(self, lower, upper, density):
        self.lower, self.upper, self.density = lower, upper, density

    @staticmethod
    @functools.cache
    def tails(a, x):
        """P(a, x) and Q(a, x)."""
        mpmath.mp.dps = 150
        if x <= 0:
            return mpmath.mpf(0), mpmath.mpf(1)
        # The series in whole numbers, which are quicker; its terms are of one size for √a of them.
        top, bottom = float(x).as_integer_ratio()
        shape_top, shape_bottom = float(a).as_integer_ratio()
        one = 1 << 520
        term = total = one
        divisor = shape_top * bottom
        step, factor = shape_bottom * bottom, top * shape_bottom
        while term:
            divisor += step
            term = term * factor // divisor
            total += term
        a, x, total = mpmath.mpf(a), mpmath.mpf(x), mpmath.mpf(total) / one
        lower = mpmath.exp(a * mpmath.log(x) - x - mpmath.loggamma(a + 1)) * total
        return lower, 1 - lower

    @classmethod
    def gamma(cls, shape, scale):
        def density(x):
            mpmath.mp.dps = 50
            a, y = mpmath.mpf(shape), mpmath.mpf(x) / mpmath.mpf(scale)
            return mpmath.exp((a - 1) * mpmath.log(y) - y - mpmath.loggamma(a)) / mpmath.mpf(scale)

        # The exact quotient is rounded to a double, as every implementation does.
        ratio = lambda x: float(x) / float(scale)
        return cls(lambda x: cls.tails(shape, ratio(x))[0], lambda x: cls.tails(shape, ratio(x))[1], density)

    @classmethod
    def poisson(cls, mean):
        def density(k):
            mpmath.mp.dps = 50
            if k < 0 or k != int(k):
                return 0
            return mpmath.exp(k * mpmath.log(mpmath.mpf(mean)) - mean - mpmath.loggamma(mpmath.mpf(k) + 1))

        floor = math.floor
        return cls(
            lambda k: 0 if k < 0 else cls.tails(floor(k) + 1, mean)[1], lambda k: 1 if k < 0 else cls.tails(floor(k) + 1, mean)[0], density
        )

    @classmethod
    def beta(cls, a, b):
        mpmath.mp.dps = 60
        integral = lambda p, q, x: mpmath.betainc(p, q, 0, x, regularized=True)
        a, b = mpmath.mpf(a), mpmath.mpf(b)
        density = lambda x: mpmath.mpf(x) ** (a - 1) * (1 - mpmath.mpf(x)) ** (b - 1) / mpmath.beta(a, b)
        return cls(lambda x: integral(a, b, mpmath.mpf(x)), lambda x: integral(b, a, 1 - mpmath.mpf(x)), density)

    @classmethod
    def f(cls, a, b):
        share = lambda x: mpmath.mpf(a) * mpmath.mpf(x) / (mpmath.mpf(a) * mpmath.mpf(x) + b)
        half = cls.beta(mpmath.mpf(a) / 2, mpmath.mpf(b) / 2)

        def density(x):
            y = share(x)
            return half.density(y) * y * (1 - y) / mpmath.mpf(x)

        return cls(lambda x: half.lower(share(x)), lambda x: half.upper(share(x)), density)


def extreme(call, peer, points):
    """As `distribution`, with what quantiles are checked by: their probabilities."""
    points = [float(x) for x in points]
    add(f"{call}.pdf({literal(points)})", [float(peer.density(x)) for x in points])
    add(f"{call}.cdf({literal(points)})", [float(peer.lower(x)) for x in points])
    add(f"{call}.survival({literal(points)})", [float(peer.upper(x)) for x in points])
    add(f"let d = {call}; d.cdf(d.quantile({literal(PS)}))", PS)


def around(peer, extra=()):
    """Points from one tail to the other."""
    ps = [1e-100, 1e-30, 1e-8, 0.01, 0.3, 0.5, 0.9, 0.999]
    low = peer.ppf(ps)
    high = peer.isf([1e-8, 1e-30, 1e-100])
    points = [x for x in np.concatenate([low, high, extra]) if np.isfinite(x)]
    return sorted(set(points))


PS = [1e-300, 1e-20, 1e-5, 0.01, 0.2, 0.5, 0.75, 0.975, 0.999999]

for mean, std in [(0, 1), (3, 0.5), (-1e6, 1e-3), (1e-5, 1e8)]:
    peer = stats.norm(mean, std)
    distribution(f"stats.normal({mean}, {std})", peer, around(peer, [mean - 38 * std, mean + 20 * std]), PS)
for low, high in [(0, 1), (-3, 5.5), (1e6, 1e6 + 1)]:
    distribution(f"stats.uniform({low}, {high})", stats.uniform(low, high - low), np.linspace(low - 1, high + 1, 7), [0.0, 0.1, 0.5, 1.0])
for low, high in [(1e-5, 1e-1), (1, 10), (0.5, 1e6)]:
    distribution(f"stats.loguniform({low}, {high})", stats.loguniform(low, high), [low, (low * high) ** 0.5, high, low / 2, high * 2], [0.0, 0.1, 0.5, 0.9])
for rate in [1, 0.01, 1e6]:
    peer = stats.expon(scale=1 / rate)
    distribution(f"stats.exponential({rate})", peer, around(peer, [0, -1]), [1e-300, 1e-5, 0.5, 0.999999])
for shape in [0.01, 0.3, 1, 2.5, 17, 120.5, 1e4]:
    for scale in [1, 0.02]:
        peer = stats.gamma(shape, scale=scale)
        points = [x for x in around(peer) if x > 0 or shape > 1]
        ps = [p for p in PS if peer.ppf(p) > 1e-290]
        distribution(f"stats.gamma({shape}, {scale})", peer, points, ps)
for shape in [2.5e6, 2e7]:
    extreme(f"stats.gamma({shape}, 0.02)", Exact.gamma(shape, 0.02), around(stats.gamma(shape, scale=0.02)))
extreme("stats.chi_square(1e6)", Exact.gamma(5e5, 2), around(stats.chi2(1e6)))
for df in [1, 2, 3, 7.5, 40, 1000]:
    peer = stats.chi2(df)
    distribution(f"stats.chi_square({df})", peer, around(peer), PS)
for a, b in [(1, 1), (0.5, 0.5), (2, 3), (0.1, 4), (30, 0.7), (12.5, 200), (1e4, 3e4), (1e6, 2e6)]:
    peer = stats.beta(a, b)
    points = [x for x in around(peer) if 0 < x < 1]
    ps = [p for p in PS if 1e-290 < peer.ppf(p) < 1 - 1e-12]
    distribution(f"stats.beta({a}, {b})", peer, points, ps)
extreme("stats.beta(3, 1e8)", Exact.beta(3, 1e8), [1e-40, 1e-12, 1e-9, 3e-8, 1e-7, 1e-6])
extreme("stats.f(1e5, 40)", Exact.f(1e5, 40), [0.03, 0.1, 0.5, 1, 1.7, 3, 20, 1000])
for df in [0.5, 1, 2, 3, 4.5, 10, 30, 200, 1e4, 1e8]:
    peer = stats.t(df)
    points = [x for x in sorted(set(around(peer, [-1e-3, 0, 2, -50]))) if abs(x) < 1e200]
    ps = [p for p in PS if abs(peer.ppf(p)) < 1e150]
    distribution(f"stats.student({df})", peer, points, [p for p in ps if p != 0.5])
for a, b in [(1, 1), (1, 10), (2, 2), (3, 7), (5.5, 120), (200, 3), (1000, 1000)]:
    peer = stats.f(a, b)
    points = [x for x in around(peer) if 1e-200 < x < 1e200]
    ps = [p for p in PS if 1e-200 < peer.ppf(p) < 1e200]
    distribution(f"stats.f({a}, {b})", peer, points, ps)
for n, p in [(1, 0.3), (10, 0.5), (25, 0.01), (100, 0.97), (1000, 0.25), (100000, 0.001), (10**7, 0.4), (10**10, 0.5), (12, 0.0), (12, 1.0)]:
    peer = stats.binom(n, p)
    points = sorted({max(0, round(n * p + k * max(1, (n * p * (1 - p)) ** 0.5))) for k in [-6, -2, 0, 1, 3, 8]} | {0, n})
    points = [x for x in points if 0 <= x <= n] + [-1, 0.5]
    distribution(f"stats.binomial({n}, {p})", peer, points, [0.011, 0.23, 0.51, 0.97], True)
for mean in [1e6, 2e7]:
    extreme_points = [round(mean + k * mean**0.5) for k in [-20, -6, -2, 0, 1, 3, 8, 20]] + [-1]
    call, peer = f"stats.poisson({mean})", Exact.poisson(mean)
    points = [float(x) for x in extreme_points]
    add(f"{call}.pdf({literal(points)})", [float(peer.density(x)) for x in points])
    add(f"{call}.cdf({literal(points)})", [float(peer.lower(x)) for x in points])
    add(f"{call}.survival({literal(points)})", [float(peer.upper(x)) for x in points])
for mean in [0.0, 1e-3, 0.7, 5, 42.5, 1000]:
    peer = stats.poisson(mean)
    points = sorted({max(0, round(mean + k * max(1, mean**0.5))) for k in [-6, -2, 0, 1, 3, 8]}) + [-1, 2.5]
    distribution(f"stats.poisson({mean})", peer, points, [0.011, 0.23, 0.51, 0.97], True)

# Tests of two samples

ALTERNATIVES = ["two-sided", "less", "greater"]


def samples():
    yield [1.0, 2, 3], [2.0, 4, 5, 9]
    yield [0.5, 0.7], [0.1, 0.2, 0.9]
    yield [1.0], [2.0, 3.0, 5.0]
    yield [3, 3, 3, 4, 5], [1, 3, 3, 2, 2, 2]
    yield [1e6 + 1, 1e6 + 2, 1e6 + 4], [1e6 + 2, 1e6 + 3, 1e6 + 9, 1e6 - 3]
    for n, m, shift in [(5, 7, 0), (9, 9, 1), (12, 30, 0.5), (8, 50, -1), (40, 40, 2), (100, 3, 0.1), (60, 75, 12)]:
        yield list(np.round(random.normal(size=n), 6)), list(np.round(random.normal(shift, 1.5, size=m), 6))
    yield list(random.integers(0, 5, 40)), list(random.integers(1, 6, 33))
    yield list(np.round(random.exponential(size=200), 5)), list(np.round(random.exponential(1.3, size=150), 5))


for a, b in samples():
    a, b = [float(x) for x in a], [float(x) for x in b]
    both = f"{literal(a)}, {literal(b)}"
    for alternative in ALTERNATIVES:
        option = f'alternative: "{alternative}"'
        names = ["statistic", "p", "df", "difference.value", "difference.low", "difference.high"]
        for call, peer in [
            (f"stats.t_test({both}, {option})", lambda: stats.ttest_ind(a, b, alternative=alternative)),
            (f"stats.welch({both}, {option}, level: 0.9)", lambda: stats.ttest_ind(a, b, equal_var=False, alternative=alternative)),
        ]:
            if len(a) < 2 and "welch" in call:
                continue
            found = peer()
            interval = found.confidence_interval(0.9 if "welch" in call else 0.95)
            add(fields(call, names), found.statistic, found.pvalue, found.df, np.mean(a) - np.mean(b), interval.low, interval.high)
        for method in ["auto", "asymptotic", "exact"]:
            if method == "exact" and (len(set(a + b)) < len(a + b) or len(a) * len(b) > 500):
                continue
            found = stats.mannwhitneyu(a, b, alternative=alternative, method=method)
            add(fields(f'stats.mann_whitney({both}, {option}, method: "{method}")', ["statistic", "p"]), found.statistic, found.pvalue)
        found = stats.mannwhitneyu(a, b, alternative=alternative, method="asymptotic", use_continuity=False)
        add(fields(f'stats.mann_whitney({both}, {option}, method: "asymptotic", correction: false)', ["statistic", "p"]), found.statistic, found.pvalue)
        found = stats.ks_2samp(a, b, alternative=alternative)
        add(fields(f"stats.ks_test({both}, {option})", ["statistic", "p"]), found.statistic, found.pvalue)
        n = min(len(a), len(b))
        if n > 1:
            found = stats.ttest_rel(a[:n], b[:n], alternative=alternative)
            interval = found.confidence_interval()
            add(fields(f"stats.t_test({literal(a[:n])}, {literal(b[:n])}, paired: true, {option})", names), found.statistic, found.pvalue, found.df, np.mean(np.subtract(a[:n], b[:n])), interval.low, interval.high)
        if len(a) > 1:
            found = stats.ttest_1samp(a, 0.3, alternative=alternative)
            interval = found.confidence_interval()
            add(fields(f"stats.t_test({literal(a)}, 0.3, {option})", ["statistic", "p", "df"]), found.statistic, found.pvalue, found.df)
        for size in [len(a)]:
            found = stats.ks_1samp(a, stats.norm(0.2, 1.3).cdf, alternative=alternative)
            add(fields(f"stats.ks_test({literal(a)}, stats.normal(0.2, 1.3), {option})", ["statistic", "p"]), found.statistic, found.pvalue)

# All orders of small samples: what SciPy tries exhaustively.
for a, b in [([1.0, 2, 3], [2.0, 4, 5, 9]), ([0.5, 0.7, 1.2], [0.1, 0.2, 0.9, 3]), ([3.0, 3, 3, 4, 5], [1.0, 3, 3, 2, 2])]:
    for alternative in ALTERNATIVES:
        for name, function in [("mean", np.mean), ("median", np.median), ("std", lambda x, axis: np.std(x, axis=axis, ddof=1))]:
            for paired in [False, True]:
                n = min(len(a), len(b))
                x, y = (a[:n], b[:n]) if paired else (a, b)
                found = stats.permutation_test((x, y), lambda x, y, axis: function(x, axis=axis) - function(y, axis=axis), permutation_type="samples" if paired else "independent", alternative=alternative, n_resamples=np.inf, vectorized=True)
                add(fields(f'stats.permutation_test({literal(x)}, {literal(y)}, statistic: "{name}", paired: {literal(paired)}, alternative: "{alternative}")', ["statistic", "p"]), found.statistic, found.pvalue)

# Long samples, whose p-values are small, and the sizes at which the Kolmogorov distribution changes hands.
for n in [1, 2, 5, 20, 60, 139, 140, 141, 200, 500, 2000]:
    for scale in [1.0, 1.05, 1.2, 1.6]:
        values = sorted(np.round(stats.norm(0.02, scale).ppf((np.arange(n) + 0.5) / n), 9).tolist())
        if n > 500 and scale > 1.2:
            continue
        for alternative in ALTERNATIVES:
            found = stats.ks_1samp(values, stats.norm(0, 1).cdf, alternative=alternative)
            # The values by a formula, so that the file stays small.
            call = f"stats.ks_test(stats.normal(0.02, {scale}).quantile([(i + 0.5) / {n} for i in 0..{n}]), stats.normal(0, 1), alternative: \"{alternative}\")"
            exact = stats.norm(0.02, scale).ppf((np.arange(n) + 0.5) / n)
            found = stats.ks_1samp(exact, stats.norm(0, 1).cdf, alternative=alternative)
            if alternative == "two-sided" or n <= 500:
                add(fields(call, ["statistic", "p"]), found.statistic, found.pvalue)

# Counts

for counts in [
    [[10, 20], [30, 5]], [[1, 2], [3, 4]], [[12, 3, 7], [2, 9, 11]], [[5, 5], [5, 5]], [[100, 1], [1, 1]], [[10, 10, 20], [20, 20, 20], [3, 4, 50]],
    [[1000000, 999000], [998000, 1000500]], [[3, 1]], [[0, 4], [3, 0]],
]:
    for correction in [True, False]:
        found = stats.chi2_contingency(counts, correction=correction)
        add(fields(f"stats.chi_square({literal(counts)}, correction: {literal(correction)})", ["statistic", "p", "df"]), found.statistic, found.pvalue, found.dof)
for counts, expected in [([16, 18, 16, 14, 12, 12], None), ([16, 18, 16, 14, 12, 12], [16, 16, 16, 16, 16, 8]), ([5, 0, 1], None), ([1000, 2000], [1500.0, 1500.0])]:
    found = stats.chisquare(counts, expected)
    option = "" if expected is None else f", expected: {literal(expected)}"
    add(fields(f"stats.chi_square({literal(counts)}{option})", ["statistic", "p"]), found.statistic, found.pvalue)
for counts in [
    [[8, 2], [1, 5]], [[3, 0], [0, 3]], [[0, 5], [4, 1]], [[10, 10], [10, 10]], [[100, 2], [1000, 5]], [[120, 80], [95, 105]], [[1, 1], [1, 1]],
    [[0, 0], [3, 4]], [[5, 0], [0, 0]], [[300, 7], [9, 250]], [[2, 7], [8, 2]], [[19, 4], [19, 4]], [[6000, 6100], [5900, 6050]], [[30, 0], [1, 29]],
]:
    for alternative in ALTERNATIVES:
        found = stats.fisher_exact(counts, alternative=alternative)
        add(fields(f'stats.fisher({literal(counts)}, alternative: "{alternative}")', ["statistic", "p"]), found.statistic, found.pvalue)

# Correlations


def fisher_interval(r, error, alternative, level=0.95):
    q = stats.norm.ppf((1 + level) / 2 if alternative == "two-sided" else level) * error
    low = -1 if alternative == "less" else math.tanh(math.atanh(r) - q)
    high = 1 if alternative == "greater" else math.tanh(math.atanh(r) + q)
    return low, high


pairs = [([1, 2, 3, 4, 5], [2, 1, 4, 3, 5]), ([1.0, 2, 4, 4, 7, 9], [3.0, 3, 1, 2, 2, 0]), (list(range(10)), [3, 1, 4, 1, 5, 9, 2, 6, 5, 3]), ([1, 2], [5, 3]), ([1, 2, 3], [1, 3, 2]), ([1, 2, 3, 4], [1, 2, 3, 9])]
for n, r in [(6, 0.2), (20, -0.5), (33, 0.4), (34, 0.4), (50, 0.0), (200, 0.9), (400, -0.15)]:
    x = np.round(random.normal(size=n), 6)
    pairs.append((x.tolist(), np.round(r * x + math.sqrt(1 - r * r) * random.normal(size=n), 6).tolist()))
pairs.append((random.integers(0, 4, 60).tolist(), random.integers(0, 3, 60).tolist()))
pairs.append((list(range(50)), list(range(49)) + [47.5]))
for x, y in pairs:
    for alternative in ALTERNATIVES:
        for method in ["pearson", "spearman", "kendall"]:
            n = len(x)
            peer = {"pearson": stats.pearsonr, "spearman": stats.spearmanr, "kendall": stats.kendalltau}[method]
            found = peer(x, y, alternative=alternative)
            r = found.statistic
            room = n - (4 if method == "kendall" else 3)
            if abs(r) > 1 - 1e-12:
                low, high = (r, r) if room > 0 else (-1, 1)
                if room > 0 and alternative == "less":
                    low = -1
                if room > 0 and alternative == "greater":
                    high = 1
            elif room <= 0:
                low, high = -1, 1
            else:
                error = {"pearson": 1 / room, "spearman": (1 + r * r / 2) / room, "kendall": 0.437 / room}[method] ** 0.5
                low, high = fisher_interval(r, error, alternative)
                if method == "pearson":
                    interval = found.confidence_interval()
                    assert np.allclose([low, high], interval, rtol=1e-12)
            names = ["value", "p", "low", "high"]
            add(fields(f'stats.correlation({literal(x)}, {literal(y)}, method: "{method}", alternative: "{alternative}")', names), r, found.pvalue, low, high)

# Adjusted p-values

for ps in [[0.01, 0.04, 0.03], [0.5], [0.001, 0.01, 0.02, 0.03, 0.2, 0.9, 1.0], [0.0, 0.0, 1.0], np.round(random.uniform(size=40) ** 3, 8).tolist()]:
    for name, peer in [("holm", "holm"), ("bh", "fdr_bh"), ("bonferroni", "bonferroni")]:
        add(f'stats.adjust({literal(ps)}, method: "{name}")', multipletests(ps, method=peer)[1])

# Effect sizes: the noncentral t distribution by an integral of mpmath


def noncentral(t, df, delta):
    mpmath.mp.dps = 25
    density = lambda u: mpmath.exp(mpmath.log(2) + df / 2 * mpmath.log(df / 2) - mpmath.loggamma(df / 2) + (df - 1) * mpmath.log(u) - df * u * u / 2)
    spread = 1 / math.sqrt(2 * df)
    points = sorted({0, *[max(0.0, 1 + k * spread) for k in (-12, -6, -3, -1, 0, 1, 3, 6, 12, 20)], 1 + 40 * spread})
    return mpmath.quad(lambda u: mpmath.ncdf(t * u - delta) * density(u) if u > 0 else mpmath.mpf(0), points)


for a, b in [([1, 2, 3], [3, 4, 5]), ([1.0, 2, 3, 4, 8], [3.0, 4, 4, 7]), (np.round(random.normal(size=30), 4).tolist(), np.round(random.normal(1, 2, size=20), 4).tolist()), (list(range(100)), [x + 0.5 for x in range(80)])]:
    n, m = len(a), len(b)
    t, df, scale = stats.ttest_ind(a, b).statistic, n + m - 2, math.sqrt(1 / n + 1 / m)
    low = mpmath.findroot(lambda d: noncentral(t, mpmath.mpf(df), d) - (1 - 0.025), (t - 2, t - 1.9), tol=1e-18)
    high = mpmath.findroot(lambda d: noncentral(t, mpmath.mpf(df), d) - 0.025, (t + 2, t + 1.9), tol=1e-18)
    add(fields(f"stats.effect_size({literal(a)}, {literal(b)})", ["value", "low", "high"]), t * scale, float(low) * scale, float(high) * scale)

# Regressions

for n, k in [(12, 1), (40, 3), (200, 5)]:
    x = np.round(random.normal(size=(n, k)) * np.array([1, 100, 1e-3, 5, 2])[:k] + np.array([0, 1000, 0, 3, -50])[:k], 6)
    truth = np.array([0.5, 0.02, -300, 0.1, 1])[:k]
    score = (x - x.mean(axis=0)) @ truth
    y = np.round(score + random.normal(size=n), 6)
    labels = (score / score.std() + random.logistic(size=n) > 0).astype(int)
    names = [f"x{i}" for i in range(k)]
    columns = ", ".join(f"{name}: {literal(x[:, i])}" for i, name in enumerate(names))
    for family, outcome in [("normal", y), ("logistic", labels)]:
        design = sm.add_constant(x)
        found = sm.OLS(outcome, design).fit() if family == "normal" else sm.Logit(outcome, design).fit(disp=0, method="newton", tol=1e-14, maxiter=200)
        call = f'let r = stats.regression(table({{y: {literal(outcome)}, {columns}}}), y: "y", x: {literal(names)}, family: "{family}")'
        interval = found.conf_int()
        add(f"{call}; [r.value, r.std_error, r.low, r.high, r.p]", found.params, found.bse, interval[:, 0], interval[:, 1], found.pvalues)

# Classification

label_sets = [([1, 1, 0, 0], [1, 0, 0, 0]), ([0, 1, 2, 2, 1, 0], [0, 2, 2, 2, 1, 1]), ([0, 0, 1], [0, 0, 0]), (["a", "b", "b"], ["b", "b", "a"]), ([0, 0], [0, 0]), ([1, 1], [1, 1])]
label_sets.append((random.integers(0, 2, 50).tolist(), random.integers(0, 2, 50).tolist()))
label_sets.append((random.integers(0, 5, 80).tolist(), random.integers(0, 4, 80).tolist()))
for labels, predictions in label_sets:
    classes = sorted(set(labels) | set(predictions))
    for name, peer in [("f1", metrics.f1_score), ("precision", metrics.precision_score), ("recall", metrics.recall_score)]:
        both = f"{literal(labels)}, {literal(predictions)}"
        if len(classes) <= 2:
            positive = "b" if isinstance(labels[0], str) else 1
            add(f"stats.{name}({both})", peer(labels, predictions, pos_label=positive, average="binary", zero_division=0))
        else:
            add(f"stats.{name}({both})", peer(labels, predictions, average="macro", zero_division=0))
        for average in ["macro", "micro", "weighted"]:
            add(f'stats.{name}({both}, average: "{average}")', peer(labels, predictions, average=average, zero_division=0))
        add(f'stats.{name}({both}, average: "none")', peer(labels, predictions, average=None, zero_division=0))
    matrix = metrics.confusion_matrix(labels, predictions)
    add(f"stats.confusion({both}).flatten().tolist()", matrix)


def calibration(labels, scores, bins, by):
    edges = np.linspace(0, 1, bins + 1) if by == "width" else np.quantile(scores, np.linspace(0, 1, bins + 1))
    place = np.clip(np.searchsorted(edges[1:-1], scores, side="left"), 0, bins - 1)
    error = 0
    for b in range(bins):
        inside = place == b
        if inside.any():
            error += abs(scores[inside].mean() - labels[inside].mean()) * inside.mean()
    return error


for n, ties in [(10, False), (60, True), (300, False), (300, True)]:
    scores = random.uniform(size=n)
    labels = (random.uniform(size=n) < scores**1.5).astype(int)
    labels[:2] = [0, 1]
    scores = np.round(scores, 1 if ties else 6)
    both = f"{literal(labels)}, {literal(scores)}"
    add(f"stats.auc({both})", metrics.roc_auc_score(labels, scores))
    add(f"stats.brier({both})", metrics.brier_score_loss(labels, scores))
    fpr, tpr, thresholds = metrics.roc_curve(labels, scores)
    add(f"let r = stats.roc({both}); [r.fpr, r.tpr, r.threshold]", fpr, tpr, thresholds)
    for bins in [1, 7, 15]:
        for by in ["width", "mass"]:
            add(f'stats.ece({both}, bins: {bins}, by: "{by}")', calibration(labels, scores, bins, by))

target = Path(__file__).resolve().parents[2] / "Tests/BuiltinsTests/Oracles/statistics.txt"
header = f"# numpy {np.__version__}, scipy {scipy.__version__}, statsmodels {statsmodels.__version__}, scikit-learn {sklearn.__version__}, mpmath {mpmath.__version__}\n"
target.write_text(header + "\n".join(lines) + "\n")
print(len(lines), "cases,", target.stat().st_size, "bytes")
