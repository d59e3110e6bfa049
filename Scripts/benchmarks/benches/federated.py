"""Rounds of federated averaging: clients a second, and what a million registered devices take. And a secure sum."""

from contest import Failure, each, emit, median, say, take_turns
from contestants import ours, peer, started

# Clients of a round, of 1000 devices with 20 examples each; `million` has a million devices with 4 each.
# `secure_sum` is one sum of 100 clients' 100,000 numbers, 10 of whom are lost.
CASES = {"logreg": 50, "mlp": 50, "lstm_lm": 50, "million": 1000, "secure_sum": 100}
ROUNDS = 20


def run(settings):
    each(
        ((case, threads) for threads in settings.threads for case in settings.chosen(CASES)),
        lambda case, threads: measure(case, threads, settings),
    )


def measure(case, threads, settings):
    say(f"federated {case}, {threads} threads")
    if case == "million":
        return million(threads, settings)
    if case == "secure_sum":
        return secure_sum(threads, settings)
    found = []
    try:
        found += started(ours, "ours", ["federated", case], threads)
        if settings.peers:
            found += started(peer, "torch-eager", ["federated", case], threads)
        turns = take_turns(found, rounds=5 if settings.quick else 15, budget=8.0 if settings.quick else 30.0)
    finally:
        for worker in found:
            worker.close()
    if "ours" not in turns:
        raise Failure(f"{case}: nothing was measured")
    speeds = {name: CASES[case] / median(values) for name, values in turns.items()}
    mine = speeds.pop("ours")
    emit("federated", case, "clients_per_s", mine, "clients/s", threads, speeds, lower_is_better=False)


def million(threads, settings):
    worker = ours("million", ["federated", "million"], threads)
    try:
        answer = worker.ask(f"run {5 if settings.quick else ROUNDS}")
        emit("federated", "million", "round", median([answer["seconds"]]), "s", threads)
        emit("federated", "million", "peak_memory", worker.ask("memory")["peak"] / 1e6, "MB", threads)
    finally:
        worker.close()


def secure_sum(threads, settings):
    worker = ours("secure_sum", ["federated", "secure_sum"], threads)
    try:
        answer = worker.ask(f"run {3 if settings.quick else 9}")
        emit("federated", "secure_sum", "time", median([answer["seconds"]]), "s", threads)
    finally:
        worker.close()
