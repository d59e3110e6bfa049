"""Steps of distillation: a language model of four blocks teaches one of two (PROTOCOL.md)."""

from contest import Failure, each, emit, median, say, take_turns
from contestants import ours, peer, started

CASES = ["d_lm"]
OURS = {"distillation_step": "kd", "student_step": "student", "teacher_pass": "teacher"}
PEERS = {"torch-eager": "", "torch-compile": "-compile"}


def run(settings):
    each(
        ((case, threads) for threads in settings.threads for case in settings.chosen(CASES)),
        lambda case, threads: measure(case, threads, settings),
    )


def measure(case, threads, settings):
    say(f"distill {case}, {threads} threads")
    found = []
    try:
        for figure, mode in OURS.items():
            found += started(ours, figure, ["distill", case, mode], threads)
            if settings.peers:
                for name, suffix in PEERS.items():
                    found += started(peer, f"{name} {mode}", ["distill", case, mode + suffix], threads)
        turns = take_turns(found, rounds=5 if settings.quick else 15, budget=8.0 if settings.quick else 30.0)
    finally:
        for worker in found:
            worker.close()
    milliseconds = {name: median(values) * 1e3 for name, values in turns.items()}
    for figure, mode in OURS.items():
        if figure not in milliseconds:
            raise Failure(f"{case}: {figure} was not measured")
        peers = {name: milliseconds[f"{name} {mode}"] for name in PEERS if f"{name} {mode}" in milliseconds}
        emit("distill", case, figure, milliseconds[figure], "ms", threads, peers)
