"""Reference values of Plots: densities by SciPy, bins and quartiles by NumPy, curves and errors by scikit-learn.

    python plots.py      (numpy 2.4, scipy 1.17 and scikit-learn 1.9; prints what Tests/PlotsTests/PlotStatisticsTests holds)
"""

import numpy as np
from scipy.stats import gaussian_kde
from sklearn.calibration import calibration_curve
from sklearn.metrics import roc_auc_score, roc_curve

# A generator that Swift repeats in one line.
STATE = [(48271 * (i + 1) ** 2 + 12345 * i) % 2147483647 / 2147483647 for i in range(200)]
SKEWED = [-np.log(1 - 0.999 * u) for u in STATE]


def density():
    for rule in ["scott", "silverman", 0.25]:
        kde = gaussian_kde(SKEWED)
        if isinstance(rule, str):
            kde.set_bandwidth(rule)
        else:
            kde.set_bandwidth(rule / np.std(SKEWED, ddof=1))
        print("density", rule, [float(v) for v in kde([-0.5, 0.0, 0.7, 2.0, 4.0])])


def bins():
    far = SKEWED + [1000.0]
    whole = [int(10 * v) for v in SKEWED]
    for name, values in [("skewed", SKEWED), ("far", far), ("whole", whole), ("few", [1.0, 2.0, 4.0]), ("equal", [3.0] * 5)]:
        edges = np.histogram_bin_edges(np.array(values), "auto")
        counts, _ = np.histogram(values, edges)
        print("bins", name, len(edges) - 1, float(edges[0]), float(edges[-1]), [int(c) for c in counts[:6]])


def curves():
    labels = [1 if u + 0.4 * STATE[(7 * i) % 200] > 0.75 else 0 for i, u in enumerate(STATE)]
    scores = [round(0.6 * u + 0.4 * STATE[(3 * i + 5) % 200], 2) for i, u in enumerate(STATE)]
    fpr, tpr, thresholds = roc_curve(labels, scores, drop_intermediate=False)
    print("roc", len(fpr), [float(v) for v in fpr[[5, 40, 80]]], [float(v) for v in tpr[[5, 40, 80]]], [float(v) for v in thresholds[[5, 40, 80]]])
    print("auc", float(roc_auc_score(labels, scores)))
    share, mean = calibration_curve(labels, scores, n_bins=10)
    print("calibration", [float(v) for v in mean], [float(v) for v in share])


def quartiles():
    print("quartiles", [float(v) for v in np.quantile(SKEWED, [0.25, 0.5, 0.75])])


density()
bins()
curves()
quartiles()
