"""Programs in Fairlead and Python, some in Lua too, each run as a whole process whose result is checked."""

import pathlib
import shutil

from contest import Command, Failure, emit, median, say, take_turns
from contestants import product, python_for_benchmarks

FOLDER = pathlib.Path(__file__).resolve().parents[1] / "interpreter"

# What each program prints, in every language.
PROGRAMS = {
    "fib": "832040",
    "numeric_loop": "1.8025941",
    "n_body": "1.947555",
    "string_sort": "k1000002386",
    "map_insert": "374999750000",
    "text_build": "2500000",
    "text_index": "120000",
    "number_format": "11699708 91428342857.1",
    "split_join": "23670000",
    "text_methods": "2400000",
    "sequences": "267599866400",
    "errors": "500000",
}


def contestants(name, peers):
    expected = PROGRAMS[name]
    found = [Command("fairlead", [str(product("fairlead")), "run", str(FOLDER / f"{name}.fl")], expected)]
    if peers:
        python = [python_for_benchmarks(), "-I", "-S", "-B", str(FOLDER / f"{name}.py")]
        found.append(Command("cpython", python, expected))
        lua = FOLDER / f"{name}.lua"
        if lua.exists() and shutil.which("lua5.4"):
            found.append(Command("lua5.4", ["lua5.4", str(lua)], expected))
        elif lua.exists():
            say("  lua5.4 is not installed and is left out")
    return found


def run(settings):
    for name in settings.chosen(PROGRAMS):
        say(f"interpreter {name}")
        turns = take_turns(contestants(name, settings.peers), rounds=5 if settings.quick else 15, budget=20.0)
        if "fairlead" not in turns:
            raise Failure(f"{name} did not run")
        values = {contestant: median(turn) for contestant, turn in turns.items()}
        emit("interpreter", name, "seconds", values.pop("fairlead"), "s", 1, values)
