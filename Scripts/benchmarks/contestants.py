"""Where the contestants come from: our optimised build and the peers' Python."""

import functools
import hashlib
import os
import pathlib
import shutil
import subprocess
import sys

from contest import Failure, Worker, say

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]


def run_or_exit(command, **options):
    """Runs a command of the set-up; what it prints goes to standard error."""
    done = subprocess.run([str(word) for word in command], stdout=sys.stderr, **options)
    if done.returncode != 0:
        sys.exit(f"bench: {' '.join(map(str, command))} ended with status {done.returncode}")


@functools.cache
def product(name):
    """The path of one of our executables, built as users get it."""
    flags = ["-c", "release", "--package-path", ROOT, "--static-swift-stdlib"]
    say(f"building {name}")
    run_or_exit(["swift", "build", *flags, "--product", name])
    shown = subprocess.run(
        ["swift", "build", *map(str, flags), "--show-bin-path"], capture_output=True, text=True, check=True
    )
    return pathlib.Path(shown.stdout.strip()) / name


@functools.cache
def python_for_benchmarks():
    """CPython 3.11 where there is one: it is the interpreter that we compare with. What is on the
    path may be a script that picks a version, so the interpreter itself is asked where it lies."""
    found = shutil.which("python3.11") or shutil.which("python3") or sys.executable
    question = [found, "-c", "import sys; print(sys.executable)"]
    return subprocess.run(question, capture_output=True, text=True).stdout.strip() or found


@functools.cache
def peers_python():
    """The Python of the peers, in a virtual environment that is made when it is first needed."""
    named = os.environ.get("FAIRLEAD_PEERS_PYTHON")
    if named:
        return named
    cache = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache")
    folder = cache / "fairlead" / "peers"
    requirements = HERE / "requirements.txt"
    stamp = folder / "installed"
    wanted = hashlib.sha256(requirements.read_bytes()).hexdigest()
    if not stamp.exists() or stamp.read_text() != wanted:
        say(f"installing the peers into {folder}")
        run_or_exit([python_for_benchmarks(), "-m", "venv", folder])
        run_or_exit([folder / "bin" / "python", "-m", "pip", "install", "-q", "-r", requirements])
        stamp.write_text(wanted)
    return str(folder / "bin" / "python")


def ours(name, arguments, threads):
    return Worker(name, [str(product("fairlead-bench")), *arguments, "--threads", str(threads)])


def peer(name, arguments, threads):
    command = [peers_python(), str(HERE / "peers" / "worker.py"), *arguments, "--threads", str(threads)]
    return Worker(name, command, {"OMP_NUM_THREADS": str(threads), "PYTHONWARNINGS": "ignore"})


def started(make, name, arguments, threads):
    """A worker that knows how much makes a turn, in a list; none where a peer cannot do the case."""
    try:
        worker = make(name, arguments, threads)
        worker.adjust()
        return [worker]
    except Failure as failure:
        if make is ours:
            raise
        say(f"  {failure}")
        return []
