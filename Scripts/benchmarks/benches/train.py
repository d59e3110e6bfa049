"""Training steps with and without privacy: time, memory, and what privacy costs."""

from contest import Failure, each, emit, median, say, take_turns
from contestants import ours, peer, started

# Each case has a network in peers/networks.py and in Sources/fairlead-bench.
CASES = ["a_bilstm", "b_bagmlp", "c_transformer", "d_lm", "e_gpt2small", "f_cnn", "g_padded"]
# 124 million parameters on a batch of one example: there is nothing to clip apart.
PLAIN_ONLY = ["e_gpt2small"]

OURS = {"plain_step": "plain", "dp_step": "dp", "edp_step": "edp"}
PLAIN_PEERS = {"torch-eager": "eager", "torch-compile": "compile"}
PRIVATE_PEERS = {
    "torch-loop": "loop",
    "opacus-ghost": "ghost",
    "opacus-hooks": "hooks",
    "opacus-functorch": "functorch",
    "opacus-ew": "ew",
}


def run(settings):
    each(
        ((case, threads) for threads in settings.threads for case in settings.chosen(CASES)),
        lambda case, threads: measure(case, threads, settings),
    )


def measure(case, threads, settings):
    steps(case, threads, settings)
    memory(case, threads, settings)


def steps(case, threads, settings):
    say(f"train {case}, {threads} threads")
    figures = {"plain_step": "plain"} if case in PLAIN_ONLY else OURS
    rivals = PLAIN_PEERS if case in PLAIN_ONLY else PLAIN_PEERS | PRIVATE_PEERS
    found = []
    try:
        for figure, mode in figures.items():
            found += started(ours, figure, ["train", case, mode], threads)
        if settings.peers:
            for name, mode in rivals.items():
                found += started(peer, name, ["train", case, mode], threads)
        turns = take_turns(found, rounds=5 if settings.quick else 15, budget=8.0 if settings.quick else 30.0)
    finally:
        for worker in found:
            worker.close()
    milliseconds = {name: median(values) * 1e3 for name, values in turns.items()}
    for figure in figures:
        if figure not in milliseconds:
            raise Failure(f"{case}: {figure} was not measured")
        rivals = PLAIN_PEERS if figure == "plain_step" else PRIVATE_PEERS
        peers = {name: milliseconds[name] for name in rivals if name in milliseconds}
        emit("train", case, figure, milliseconds[figure], "ms", threads, peers)
    if case in PLAIN_ONLY:
        return
    plain = milliseconds["plain_step"]
    emit("train", case, "dp_over_plain", milliseconds["dp_step"] / plain, "ratio", threads)
    emit("train", case, "edp_over_plain", milliseconds["edp_step"] / plain, "ratio", threads)


def added_memory(make, name, arguments, threads):
    """MB that a few steps add at their peak to what the process held before its model."""
    worker = make(name, arguments, threads)
    try:
        worker.ask("run 3")
        sizes = worker.ask("memory")
        return (sizes["peak"] - sizes["resident"]) / 1e6
    finally:
        worker.close()


def memory(case, threads, settings):
    plain = added_memory(ours, "plain", ["train", case, "plain"], threads)
    peers = {}
    if settings.peers:
        for name, mode in PLAIN_PEERS.items():
            try:
                peers[name] = added_memory(peer, name, ["train", case, mode], threads)
            except Failure as failure:
                say(f"  {failure}")
    emit("train", case, "peak_memory", plain, "MB", threads, peers)
    if case in PLAIN_ONLY:
        return
    private = added_memory(ours, "dp", ["train", case, "dp"], threads)
    emit("train", case, "dp_memory_over_plain", private / plain, "ratio", threads)
