"""From the start of a process to its end when it has nothing to do."""

import shutil

from contest import Command, Failure, emit, median, say, take_turns
from contestants import product, python_for_benchmarks

CASES = ["nothing"]
RUNS_A_TURN = 20


def run(settings):
    if not settings.chosen(CASES):
        return
    say("start-up")
    commands = {"fairlead": [str(product("fairlead")), "-e", ""]}
    if settings.peers:
        commands["cpython"] = [python_for_benchmarks(), "-c", ""]
        if shutil.which("lua5.4"):
            commands["lua5.4"] = ["lua5.4", "-e", ""]
    found = [Command(name, command, "", RUNS_A_TURN) for name, command in commands.items()]
    turns = take_turns(found, rounds=4 if settings.quick else 12, budget=20.0)
    if "fairlead" not in turns:
        raise Failure("fairlead did not start")
    values = {name: median(turn) * 1e3 for name, turn in turns.items()}
    emit("start-up", CASES[0], "start_up", values.pop("fairlead"), "ms", 1, values)
