"""Generation of 64 tokens by a GPT-2 small with random weights, greedily, with a key-value cache."""

from contest import Failure, each, emit, median, say, take_turns
from contestants import ours, peer, started

CASES = ["gpt2small"]


def run(settings):
    each(
        ((case, threads) for threads in settings.threads for case in settings.chosen(CASES)),
        lambda case, threads: measure(case, threads, settings),
    )


def measure(case, threads, settings):
    say(f"generation {case}, {threads} threads")
    found = []
    try:
        found += started(ours, "fairlead", ["generation", case, "drafts"], threads)
        found += started(ours, "fairlead-tokens", ["generation", case, "tokens"], threads)
        if settings.peers:
            found += started(peer, "transformers", ["generation", case, "tokens"], threads)
            found += started(peer, "transformers-lookup", ["generation", case, "drafts"], threads)
        turns = take_turns(found, rounds=3 if settings.quick else 9, budget=60.0)
        tokens = {one.name: one.ask("check")["check"] for one in found}
        expected = found[0].ready["tokens"]
    finally:
        for worker in found:
            worker.close()
    if "fairlead" not in turns or "fairlead-tokens" not in turns:
        raise Failure(f"{case} was not measured")
    for name, count in tokens.items():
        if count != expected:
            raise Failure(f"{case}: {name} made {count} tokens, not {expected}")
    rates = {name: expected / median(values) for name, values in turns.items()}
    drafted, single = rates.pop("fairlead"), rates.pop("fairlead-tokens")
    emit("generation", case, "throughput", drafted, "tokens/s", threads, rates, False)
    plain = {name: rate for name, rate in rates.items() if name == "transformers"}
    emit("generation", case, "throughput_token_by_token", single, "tokens/s", threads, plain, False)
