"""Byte-level BPE of 8192 tokens: training on 20 MB, and encoding of documents of 50 lines."""

import corpora
from contest import Failure, each, emit, median, say, take_turns
from contestants import ours, peer, started

# Each case: its figure, and what makes a throughput of its seconds.
CASES = {"train": "training", "encode": "encoding"}


def run(settings):
    each(
        ((case, threads) for threads in settings.threads for case in settings.chosen(CASES)),
        lambda case, threads: measure(case, threads, settings),
    )


def measure(case, threads, settings):
    say(f"tokenizer {case}, {threads} threads")
    words = ["tokenizer", case, settings.text or corpora.python_sources()]
    found = []
    try:
        found += started(ours, "fairlead", words, threads)
        if settings.peers:
            found += started(peer, "tokenizers", words, threads)
        turns = take_turns(found, rounds=3 if settings.quick else 7, budget=30.0)
        size = found[0].ready["bytes"]
        counts = {one.name: one.ask("check")["check"] for one in found}
    finally:
        for worker in found:
            worker.close()
    if "fairlead" not in turns:
        raise Failure(f"{case} was not measured")
    if len(set(counts.values())) > 1:
        say(f"  the numbers of tokens differ: {counts}")
    rates = {name: size / median(values) / 1e6 for name, values in turns.items()}
    emit("tokenizer", case, CASES[case], rates.pop("fairlead"), "MB/s", threads, rates, False)
