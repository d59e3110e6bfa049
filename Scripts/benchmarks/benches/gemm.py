"""Matrix products: throughput, and the share that it is of the machine's peak in the same round."""

import statistics

from contest import Failure, emit, say, take_turns
from contestants import ours, peer

# M×N×K; `t`: the right operand is stored N×K, as the weight of a linear layer is.
SHAPES = [
    "64x64x64",
    "128x128x128",
    "256x256x256",
    "512x512x512",
    "1024x1024x1024",
    "2048x2048x2048",
    "32x3072x768t",
    "1024x256x256t",
    "2048x1024x256t",
    "2048x256x1024t",
    "1024x8192x256t",
    "64x512x128t",
    "1280x512x128t",
    "128x50257x768t",
]
# Long enough that the peak's clock frequency and the product's are the same.
TURN = 0.3


def operations(shape):
    rows, columns, inner = (int(part) for part in shape.rstrip("t").split("x"))
    return 2 * rows * columns * inner


def run(settings):
    for threads in settings.threads:
        for shape in settings.chosen(SHAPES):
            measure(shape, threads, settings)


def measure(shape, threads, settings):
    say(f"gemm {shape}, {threads} threads")
    found = []
    try:
        found.append(ours("fairlead", ["gemm", shape], threads))
        found.append(ours("peak", ["peak", "fma"], threads))
        if settings.peers:
            found.append(peer("torch-mm", ["gemm", shape], threads))
        for contestant in found:
            contestant.adjust(TURN)
        turns = take_turns(found, rounds=3 if settings.quick else 9, budget=30.0)
        if "fairlead" not in turns or "peak" not in turns:
            raise Failure(f"{shape} was not measured")
        work = {"peak": next(one for one in found if one.name == "peak").ready["flops"]}
        rates = {
            name: [work.get(name, operations(shape)) / statistics.median(turn) / 1e9 for turn in rounds]
            for name, rounds in turns.items()
        }
    finally:
        for contestant in found:
            contestant.close()
    shares = [ours_ / peak for ours_, peak in zip(rates["fairlead"], rates["peak"])]
    peers = {name: statistics.median(values) for name, values in rates.items() if name.startswith("torch")}
    emit("gemm", shape, "throughput", statistics.median(rates["fairlead"]), "GFLOP/s", threads, peers, False)
    emit("gemm", shape, "peak", statistics.median(rates["peak"]), "GFLOP/s", threads)
    emit("gemm", shape, "share_of_peak", statistics.median(shares), "share", threads)
