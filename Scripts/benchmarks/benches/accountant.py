"""What a run of private training has cost, and how much noise keeps it within a budget.

Ours is a whole run of `fairlead -e`, start-up included; the peers' workers have started before.
"""

from benches.accountant_cases import CASES
from contest import Command, Failure, each, emit, median, say, take_turns
from contestants import peer, product, started

PEERS = {"dp-accounting": "pld", "dp-accounting-rdp": "rdp"}


def run(settings):
    each(((case,) for case in settings.chosen(CASES)), lambda case: measure(case, settings))


def measure(case, settings):
    say(f"accountant {case}")
    work = CASES[case]
    calls = "; ".join(f"dp.{case}({first!r}, {rate!r}, {steps})" for first, rate, steps in work)
    found = [Command("fairlead", [str(product("fairlead")), "-e", calls])]
    try:
        if settings.peers:
            for name, accountant in PEERS.items():
                found += started(peer, name, ["accountant", case, accountant], 1)
        turns = take_turns(found, rounds=5 if settings.quick else 11, budget=60.0)
    finally:
        for contestant in found:
            contestant.close()
    if "fairlead" not in turns:
        raise Failure(f"{case} was not measured")
    times = {name: median(values) * 1e3 / len(work) for name, values in turns.items()}
    ours = times.pop("fairlead")
    # Rényi orders answer sooner, with a larger epsilon: they are shown, but not what is compared.
    loose = times.pop("dp-accounting-rdp", None)
    emit("accountant", case, "time", ours, "ms", 1, times)
    if loose is not None:
        emit("accountant", case, "time_beside_rdp", ours, "ms", 1, {"dp-accounting-rdp": loose})
