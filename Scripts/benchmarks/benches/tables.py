"""Verbs on a table of a million rows and five columns."""

from contest import Failure, each, emit, median, say, take_turns
from contestants import ours, peer, started

CASES = ["filter", "sort", "group", "column", "join", "load", "save"]


def run(settings):
    each(
        ((case, threads) for threads in settings.threads for case in settings.chosen(CASES)),
        lambda case, threads: measure(case, threads, settings),
    )


def measure(case, threads, settings):
    say(f"tables {case}, {threads} threads")
    found = []
    try:
        found += started(ours, "fairlead", ["table", case], threads)
        if settings.peers:
            found += started(peer, "pandas", ["table", case], threads)
        turns = take_turns(found, rounds=5 if settings.quick else 15, budget=20.0)
    finally:
        for worker in found:
            worker.close()
    if "fairlead" not in turns:
        raise Failure(f"{case} was not measured")
    times = {name: median(values) * 1e3 for name, values in turns.items()}
    emit("tables", case, "time", times.pop("fairlead"), "ms", threads, times)
