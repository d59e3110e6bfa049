"""Reference values of ClassicalModels, by scikit-learn: Tests/ClassicalModelTests/Oracles/classical_models.json.

    python classical_models.py      (scikit-learn 1.9, NumPy 2.4)

Each case holds its data, its options, and what scikit-learn makes of them, as converged as it gets. Objectives are ours:
scikit-learn's times l2 = 1 / C.
"""

import json
from pathlib import Path

import numpy as np
from scipy.special import logsumexp
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA
from sklearn.ensemble import GradientBoostingClassifier, GradientBoostingRegressor
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

TARGET = Path(__file__).parents[2] / "Tests/ClassicalModelTests/Oracles/classical_models.json"
random = np.random.default_rng(7)


def inputs(rows, columns, scale=1.0):
    return np.round(random.normal(size=(rows, columns)) * scale, 3)


def classes(x, count, noise=1.0):
    weights = random.normal(size=(x.shape[1], count))
    return (x @ weights + noise * random.gumbel(size=(len(x), count)) * 2).argmax(1)


def one_hot(rows, sizes):
    return np.hstack([np.eye(k)[random.integers(0, k, rows)] for k in sizes])


def plain(value):
    return np.asarray(value).tolist()


def case(kind, x, y=None, **entries):
    return {
        "kind": kind,
        "inputs": plain(x),
        "labels": None if y is None else plain(y),
        **{name: plain(value) for name, value in entries.items()},
    }


def logistic(name, x, y, l2):
    # Newton's method where the matrix is small, for its accuracy; a few more rounds of L-BFGS change nothing.
    solver = "newton-cholesky" if x.shape[1] < 200 else "lbfgs"
    model = LogisticRegression(C=1 / l2, solver=solver, tol=1e-13, max_iter=200_000).fit(x, y)
    margins = x @ model.coef_.T + model.intercept_
    if margins.shape[1] == 1:
        margins = np.hstack([np.zeros_like(margins), margins])
    loss = (logsumexp(margins, axis=1) - margins[np.arange(len(y)), y]).sum()
    objective = loss + l2 / 2 * (model.coef_**2).sum()
    return case(
        "logistic", x, y, name=name, l2=l2, coefficients=model.coef_, intercepts=model.intercept_,
        objective=objective, chances=model.predict_proba(x[:10]),
    )


def logistic_cases():
    x = inputs(60, 4)
    y = classes(x, 2)
    for l2 in (0.01, 1.0, 100.0):
        yield logistic(f"two classes, l2 {l2}", x, y, l2)
    x = inputs(90, 3)
    y = classes(x, 3)
    for l2 in (0.1, 1.0):
        yield logistic(f"three classes, l2 {l2}", x, y, l2)
    x = np.hstack([inputs(80, 2, 30.0) + 100, one_hot(80, (3, 5, 4))])
    yield logistic("numbers beside categories", x, classes(x / 50, 2), 1.0)
    yield logistic("four classes beside categories", x, classes(x / 50, 4), 0.5)
    x = one_hot(70, (4, 6, 5))
    yield logistic("categories alone", x, classes(x * 2, 2), 1.0)
    x = inputs(30, 600)
    yield logistic("more features than examples", x, classes(x, 2), 1.0)


def linear_cases():
    def linear(name, x, y, l2):
        model = Ridge(alpha=l2, solver="svd").fit(x, y) if l2 else LinearRegression().fit(x, y)
        return case(
            "linear", x, y, name=name, l2=l2, coefficients=np.atleast_2d(model.coef_),
            intercepts=np.atleast_1d(model.intercept_),
            predictions=model.predict(x[:10]).reshape(min(10, len(x)), -1),
        )

    x = inputs(50, 4)
    y = np.round(x @ [1.0, -2.0, 0.5, 0.0] + 3 + random.normal(size=50), 3)
    for l2 in (0.0, 0.5, 20.0):
        yield linear(f"l2 {l2}", x, y, l2)
    yield linear("two targets", x, np.stack([y, -2 * y + x[:, 0]], 1), 0.0)
    x = np.hstack([inputs(60, 2), one_hot(60, (3, 4))])
    yield linear("dependent features", x, np.round(x.sum(1) + random.normal(size=60), 3), 0.0)
    x = inputs(12, 20)
    y = np.round(random.normal(size=12), 3)
    yield linear("more features than examples", x, y, 0.0)
    yield linear("more features than examples, ridge", x, y, 0.3)
    x = inputs(40, 3, 1e-3) + 1000
    yield linear("far from zero", x, np.round(x[:, 0] * 50 + random.normal(size=40), 3), 0.0)
    x = np.vander(np.round(np.linspace(0, 1, 30), 3), 7, increasing=True)[:, 1:]
    yield linear("powers", x, np.round(np.sin(5 * x[:, 0]), 3), 0.0)


def agreeing(kind, make, **options):
    """Data, and a model of them whose answers do not depend on how scikit-learn chooses among equally good splits."""
    for _ in range(200):
        x, y = make()
        held = held_out(x.shape[1])
        found = answers_of(kind, x, y, held, **options)
        if found is not None:
            return x, y, held, *found
    raise SystemExit("ties in all data: choose other options")


def answers_of(kind, x, y, held, **options):
    number = y.dtype.kind == "f"
    found = []
    for state in range(6):
        model = kind(random_state=state, **options).fit(x, y)
        answers = model.predict(held).reshape(-1, 1) if number else model.predict_proba(held)
        found.append((model, answers, model.feature_importances_))
    same = all(
        np.allclose(found[0][part], other[part], rtol=0, atol=1e-12) for other in found for part in (1, 2)
    )
    return found[0][:2] if same else None


def classified(rows, count):
    def make():
        x = inputs(rows, 4)
        return x, classes(x, count)

    return make


def curved(rows, grid=0.001):
    def make():
        x = np.round(inputs(rows, 4) / grid) * grid
        noise = 0.3 * random.normal(size=rows)
        return x, np.round(np.sin(2 * x[:, 0]) + x[:, 1] ** 2 + x[:, 2] / 3 + noise, 3)

    return make


def held_out(columns):
    # Between the three digits of the training examples, whose thresholds scikit-learn rounds to single precision.
    return inputs(40, columns) + 0.0003


def tree_cases():
    def tree(name, kind, make, depth, leaf):
        x, y, held, model, answers = agreeing(kind, make, max_depth=depth, min_samples_leaf=leaf)
        return case(
            "tree", x, y, name=name, depth=depth, leaf=leaf, held=held, answers=answers,
            nodes=model.tree_.node_count, importances=model.feature_importances_,
        )

    classifier, regressor = DecisionTreeClassifier, DecisionTreeRegressor
    yield tree("two classes", classifier, classified(300, 2), 4, 12)
    yield tree("three classes", classifier, classified(300, 3), 5, 15)
    yield tree("numbers", regressor, curved(300), 5, 6)
    yield tree("numbers, leaves of ten", regressor, curved(300), 8, 10)
    yield tree("few values", regressor, curved(300, grid=0.5), 4, 6)


def boosting_cases():
    def boosting(name, kind, make, **options):
        x, y, held, model, answers = agreeing(kind, make, **options)
        return case(
            "boosting", x, y, name=name, held=held, answers=answers,
            importances=model.feature_importances_,
            rounds=options["n_estimators"], depth=options["max_depth"],
            rate=options["learning_rate"], leaf=options.get("min_samples_leaf", 1),
        )

    classifier, regressor = GradientBoostingClassifier, GradientBoostingRegressor
    yield boosting(
        "two classes", classifier, classified(250, 2), n_estimators=20, max_depth=3,
        learning_rate=0.1, min_samples_leaf=20,
    )
    yield boosting(
        "three classes", classifier, classified(250, 3), n_estimators=10, max_depth=2,
        learning_rate=0.3, min_samples_leaf=20,
    )
    yield boosting(
        "numbers", regressor, curved(250), n_estimators=30, max_depth=3, learning_rate=0.1,
        min_samples_leaf=5,
    )
    yield boosting(
        "numbers, leaves of twelve", regressor, curved(250), n_estimators=20, max_depth=4,
        learning_rate=0.2, min_samples_leaf=12,
    )


def kmeans_cases():
    centers = np.array([[0, 0], [4, 0], [0, 5], [6, 6]])
    x = np.round(centers[random.integers(0, 4, 120)] + random.normal(size=(120, 2)), 3)
    for name, start in (("from examples", x[:4]), ("badly begun", x[:4] * 0.01)):
        model = KMeans(4, init=start, n_init=1, tol=0, max_iter=500).fit(x)
        yield case(
            "kmeans", x, name=name, start=start, centers=model.cluster_centers_,
            inertia=model.inertia_, assigned=model.labels_,
        )
    best = KMeans(4, n_init=50, random_state=0, tol=0).fit(x)
    yield case("kmeans", x, name="restarts", start=[], inertia=best.inertia_, centers=[], assigned=[])


def pca_cases():
    def pca(name, x, count):
        model = PCA(count, svd_solver="full").fit(x)
        return case(
            "pca", x, name=name, count=count, components=model.components_,
            variances=model.explained_variance_, shares=model.explained_variance_ratio_,
            transformed=model.transform(x[:8]),
        )

    x = inputs(60, 5) @ np.diag([5, 3, 2, 1, 0.5])
    yield pca("five features", np.round(x + 10, 3), 3)
    yield pca("all components", np.round(x, 3), 5)
    yield pca("more features than examples", inputs(8, 20), 5)
    yield pca("categories", one_hot(50, (4, 3)), 4)


def main():
    cases = [
        *logistic_cases(), *linear_cases(), *tree_cases(), *boosting_cases(), *kmeans_cases(),
        *pca_cases(),
    ]
    lines = ",\n".join(json.dumps(found, separators=(",", ":")) for found in cases)
    TARGET.write_text(f"[\n{lines}\n]\n")
    print(len(cases), "cases,", TARGET.stat().st_size, "bytes")


if __name__ == "__main__":
    main()
