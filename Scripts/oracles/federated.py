"""Tests/FederatedTests/Oracles: trajectories of federated strategies, computed by NumPy alone in 64 bits.

A softmax regression of 3 features and 3 classes on 5 devices, its gradient written out. `federated_data.csv` has the
examples of two fleets, `federated.csv` the model's 12 numbers after each round (weights row by row, then the bias):

* `varied`    devices of different examples and sizes; every local step takes all of a device's examples, so that their
              order does not matter. Devices take part by the table `COHORTS`.
* `repeated`  each device has one example, as often as its size says; local steps take 4 of them, so that devices make
              different numbers of steps and the order does not matter either. All take part.

Strategies are written from the papers' algorithms: FedAvg (McMahan 2017), FedAvgM (Hsu 2019), FedProx (Li 2020), FedOpt
(Reddi 2021), SCAFFOLD (Karimireddy 2020), FedNova (Wang 2020: momentum and proximal term by the general recursion for
what each gradient adds to the displacement), FedDyn (Acar 2021), q-FedAvg (Li 2020), Ditto (Li 2021).
"""

import csv
from pathlib import Path

import numpy as np

OUT = Path(__file__).resolve().parents[2] / "Tests" / "FederatedTests" / "Oracles"
FEATURES, CLASSES, DEVICES, ROUNDS = 3, 3, 5, 10
EPOCHS, RATE = 3, 0.4
COHORTS = [[0, 1, 2, 3, 4], [0, 2, 4], [1, 3], [0, 1, 2], [2, 3, 4], [0, 4], [1, 2, 3], [0, 1, 3, 4], [2, 4], [0, 1, 2, 3]]
random = np.random.default_rng(20240611)


def fleet_varied():
    devices = []
    for device, size in enumerate([4, 7, 10, 13, 6]):
        shares = np.full(CLASSES, 0.15)
        shares[device % CLASSES] = 0.7
        labels = random.choice(CLASSES, size, p=shares)
        centres = np.eye(FEATURES)[labels] * 1.5 + 0.4 * np.sin(device + np.arange(FEATURES))
        devices.append((centres + random.normal(size=(size, FEATURES)), labels))
    return devices


def fleet_repeated():
    devices = []
    for device, size in enumerate([3, 9, 6, 14, 5]):
        x = random.normal(size=(1, FEATURES)) + np.eye(FEATURES)[device % CLASSES]
        devices.append((np.repeat(x, size, 0), np.full(size, device % CLASSES)))
    return devices


def rounded(devices):
    """As the file says them."""
    return [(np.round(x, 6), y) for x, y in devices]


def probabilities(w, x):
    weights, bias = w[: CLASSES * FEATURES].reshape(CLASSES, FEATURES), w[CLASSES * FEATURES :]
    logits = x @ weights.T + bias
    logits -= logits.max(1, keepdims=True)
    p = np.exp(logits)
    return p / p.sum(1, keepdims=True)


def loss(w, data):
    x, y = data
    return -np.log(probabilities(w, x)[np.arange(len(y)), y]).mean()


def gradient(w, data):
    x, y = data
    error = probabilities(w, x)
    error[np.arange(len(y)), y] -= 1
    error /= len(y)
    return np.concatenate([(error.T @ x).ravel(), error.sum(0)])


def steps(data, batch):
    return EPOCHS * -(-len(data[1]) // batch)


def descend(w, data, batch, extra=lambda w: 0, momentum=0.0):
    """Every batch has the gradient of all: see the fleets."""
    w, velocity = w.copy(), 0
    for _ in range(steps(data, batch)):
        velocity = momentum * velocity + gradient(w, data) + extra(w)
        w = w - RATE * velocity
    return w


class Fleet:
    def __init__(self, devices, cohorts, batch):
        self.devices, self.cohorts, self.batch = devices, cohorts, batch

    def mean(self, cohort, vectors, equal=False):
        sizes = np.array([1 if equal else len(self.devices[i][1]) for i in cohort], float)
        return (sizes / sizes.sum()) @ np.array(vectors)

    def run(self, start, round_):
        w, result = start, [start]
        for cohort in self.cohorts:
            w = round_(w, cohort)
            result.append(w)
        return result


def averaging(fleet, server, extra=lambda w0: (lambda w: 0)):
    def round_(w, cohort):
        moved = [descend(w, fleet.devices[i], fleet.batch, extra(w)) - w for i in cohort]
        return server(w, fleet.mean(cohort, moved))

    return round_


def sgd(fleet):
    return lambda w, cohort: w - 0.7 * fleet.mean(cohort, [gradient(w, fleet.devices[i]) for i in cohort])


def avg(fleet):
    return averaging(fleet, lambda w, d: w + d)


def avgm(fleet):
    state = {"v": 0}

    def server(w, d):
        state["v"] = 0.9 * state["v"] + d
        return w + 0.5 * state["v"]

    return averaging(fleet, server)


def prox(fleet):
    return averaging(fleet, lambda w, d: w + d, lambda w0: lambda w: 0.3 * (w - w0))


def opt(kind):
    def make(fleet):
        eta, beta1, beta2, tau = 0.1, 0.0 if kind == "adagrad" else 0.9, 0.99, 1e-3
        state = {"m": 0, "v": tau**2}

        def server(w, d):
            state["m"] = beta1 * state["m"] + (1 - beta1) * d
            if kind == "adam":
                state["v"] = beta2 * state["v"] + (1 - beta2) * d**2
            elif kind == "yogi":
                state["v"] = state["v"] - (1 - beta2) * d**2 * np.sign(state["v"] - d**2)
            else:
                state["v"] = state["v"] + d**2
            return w + eta * state["m"] / (np.sqrt(state["v"]) + tau)

        return averaging(fleet, server)

    return make


def scaffold(option):
    def make(fleet):
        own = [np.zeros(12) for _ in fleet.devices]
        state = {"c": np.zeros(12)}

        def round_(x, cohort):
            c, moved, changes = state["c"], [], []
            for i in cohort:
                data = fleet.devices[i]
                y = descend(x, data, fleet.batch, lambda w: c - own[i])
                if option == 1:
                    new = gradient(x, data)
                else:
                    new = own[i] - c + (x - y) / (steps(data, fleet.batch) * RATE)
                moved.append(y - x)
                changes.append(new - own[i])
                own[i] = new
            state["c"] = c + len(cohort) / len(fleet.devices) * np.mean(changes, 0)
            return x + np.mean(moved, 0)

        return round_

    return make


def nova(momentum, mu):
    def make(fleet):
        def round_(w, cohort):
            directions, effective = [], []
            for i in cohort:
                data = fleet.devices[i]
                new = descend(w, data, fleet.batch, lambda v: mu * (v - w), momentum)
                # What one unit of gradient in every step adds to the displacement, in units of the rate: the same
                # recursion as the steps themselves.
                place, velocity = 0.0, 0.0
                for _ in range(steps(data, fleet.batch)):
                    velocity = momentum * velocity + 1 - mu * RATE * place
                    place += velocity
                directions.append((new - w) / place)
                effective.append(steps(data, fleet.batch) if mu else place)
            return w + fleet.mean(cohort, effective) * fleet.mean(cohort, directions)

        return round_

    return make


def dyn(fleet):
    alpha = 0.2
    own = [np.zeros(12) for _ in fleet.devices]
    state = {"h": np.zeros(12)}

    def round_(w, cohort):
        models = []
        for i in cohort:
            new = descend(w, fleet.devices[i], fleet.batch, lambda v: -own[i] + alpha * (v - w))
            own[i] = own[i] - alpha * (new - w)
            models.append(new)
        state["h"] = state["h"] - alpha / len(fleet.devices) * sum(m - w for m in models)
        return np.mean(models, 0) - state["h"] / alpha

    return round_


def q_avg(fleet):
    q, lipschitz = 1.5, 1 / RATE

    def round_(w, cohort):
        top, bottom = 0, 0
        for i in cohort:
            f = loss(w, fleet.devices[i])
            step = lipschitz * (w - descend(w, fleet.devices[i], fleet.batch))
            top = top + f**q * step
            bottom += q * f ** (q - 1) * step @ step + lipschitz * f**q
        return w - top / bottom

    return round_


def ditto(fleet):
    """The personal model of device 2 stands in the trajectory, not the server's, which is FedAvg's."""
    own = {}
    server, state = avg(fleet), {}

    def round_(w, cohort):
        base = state.get("w", w)
        for i in cohort:
            own[i] = descend(own.get(i, base), fleet.devices[i], fleet.batch, lambda v: 0.25 * (v - base))
        state["w"] = server(base, cohort)
        return own.get(2, w)

    return round_


def main():
    varied, repeated = rounded(fleet_varied()), rounded(fleet_repeated())
    start = np.round(random.normal(size=12) * 0.3, 6)
    everyone = [list(range(DEVICES))] * ROUNDS
    with open(OUT / "federated_data.csv", "w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["fleet", "device", "x1", "x2", "x3", "label"])
        for name, devices in [("varied", varied), ("repeated", repeated)]:
            for device, (x, y) in enumerate(devices):
                writer.writerows([name, device, *row, label] for row, label in zip(x, y))
    cases = [
        ("sgd", sgd), ("avg", avg), ("avgm", avgm), ("prox", prox), ("adam", opt("adam")), ("yogi", opt("yogi")),
        ("adagrad", opt("adagrad")), ("scaffold_path", scaffold(2)), ("scaffold_gradient", scaffold(1)),
        ("nova", nova(0, 0)), ("nova_momentum", nova(0.6, 0)), ("nova_prox", nova(0, 0.3)), ("dyn", dyn), ("q_avg", q_avg), ("ditto", ditto),
    ]
    with open(OUT / "federated.csv", "w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["fleet", "strategy", "round", "cohort"] + [f"w{i}" for i in range(12)])
        for name, devices, cohorts, batch in [("varied", varied, COHORTS, 20), ("repeated", repeated, everyone, 4)]:
            for strategy, make in cases:
                fleet = Fleet(devices, cohorts, batch)
                for number, w in enumerate(fleet.run(start, make(fleet))):
                    cohort = " ".join(map(str, cohorts[number - 1])) if number else ""
                    writer.writerow([name, strategy, number, cohort] + [f"{v:.9g}" for v in w])


main()
