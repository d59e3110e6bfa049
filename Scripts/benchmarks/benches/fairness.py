"""Role reversal over 10 MB of text: the gender of every word that has one is swapped."""

import corpora
from contest import Failure, each, emit, median, say, take_turns
from contestants import ours, peer, started

CASES = ["role_reversal"]
PEERS = {"python-words": "words", "python-alternation": "alternation"}


def run(settings):
    each(
        ((case, threads) for threads in settings.threads for case in settings.chosen(CASES)),
        lambda case, threads: measure(case, threads, settings),
    )


def measure(case, threads, settings):
    say(f"fairness {case}, {threads} threads")
    words = [case, settings.text or corpora.sentences()]
    found = []
    try:
        found += started(ours, "fairlead", words, threads)
        if settings.peers:
            for name, mode in PEERS.items():
                found += started(peer, name, [*words, mode], threads)
        turns = take_turns(found, rounds=5 if settings.quick else 11, budget=30.0)
        size = found[0].ready["bytes"]
    finally:
        for worker in found:
            worker.close()
    if "fairlead" not in turns:
        raise Failure(f"{case} was not measured")
    rates = {name: size / median(values) / 1e6 for name, values in turns.items()}
    emit("fairness", case, "throughput", rates.pop("fairlead"), "MB/s", threads, rates, False)
