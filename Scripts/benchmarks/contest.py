"""Contestants that take turns: the loop that all benches share.

A contestant has a `name` and `turn()`, which does one turn of work and returns a `Turn`. Workers
(PROTOCOL.md) are contestants that live in a process of their own; whole runs of a command are
contestants that start one process a turn.
"""

import json
import math
import os
import signal
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass

import noise

# A turn is at least this long, so that the tick of /proc/stat can say who used the machine.
SHORTEST_TURN = 0.25
ATTEMPTS = 4


def say(*words):
    print(*words, file=sys.stderr, flush=True)


@dataclass
class Turn:
    seconds: list  # of each repetition
    processor: float = 0.0  # seconds, of a process that is still alive
    ended: bool = False  # whether the processor time is that of children that have ended


class Failure(Exception):
    pass


class Worker:
    """A process that speaks the lines of PROTOCOL.md."""

    def __init__(self, name, command, environment=None):
        self.name = name
        self.count = 1
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=dict(os.environ, **(environment or {})),
        )
        self.ready = self.read()

    def read(self):
        line = self.process.stdout.readline()
        if not line:
            raise Failure(f"{self.name} ended with status {self.process.wait()}")
        try:
            fields = json.loads(line)
        except ValueError:
            raise Failure(f"{self.name} printed {line.strip()!r}") from None
        if "error" in fields:
            raise Failure(f"{self.name}: {fields['error']}")
        return fields

    def ask(self, request):
        try:
            self.process.stdin.write(request + "\n")
            self.process.stdin.flush()
        except OSError:
            raise Failure(f"{self.name} ended with status {self.process.wait()}") from None
        return self.read()

    def adjust(self, shortest=SHORTEST_TURN):
        """Chooses how many repetitions make a turn."""
        while True:
            seconds = sum(self.ask(f"run {self.count}")["seconds"])
            if seconds >= shortest * 0.7 or self.count >= 1 << 22:
                break
            self.count = max(self.count + 1, math.ceil(self.count * min(100, shortest / max(seconds, 1e-9))))

    def turn(self):
        answer = self.ask(f"run {self.count}")
        seconds = answer["seconds"]
        if len(seconds) == 1 and self.count > 1:
            seconds = [seconds[0] / self.count]
        return Turn(seconds, answer.get("cpu", 0.0))

    def close(self):
        try:
            self.process.stdin.close()
            self.process.wait(10)
        except (OSError, subprocess.TimeoutExpired):
            self.process.kill()
            self.process.wait()


class Command:
    """A program that is run as a whole, `count` times a turn; `expected` is what it must print."""

    def __init__(self, name, command, expected=None, count=1):
        self.name, self.command, self.expected, self.count = name, command, expected, count

    def turn(self):
        seconds = []
        for _ in range(self.count):
            start = time.perf_counter()
            done = subprocess.run(
                self.command, stdin=subprocess.DEVNULL, capture_output=True, text=True
            )
            seconds.append(time.perf_counter() - start)
            if done.returncode != 0:
                raise Failure(f"{self.name} ended with {done.returncode}: {done.stderr.strip()[-400:]}")
            if self.expected is not None and done.stdout.strip() != self.expected:
                raise Failure(f"{self.name} printed {done.stdout.strip()[:100]!r}, not {self.expected!r}")
        return Turn(seconds, ended=True)

    def close(self):
        pass


def measured_turn(contestant):
    """One turn that others did not disturb; the least disturbed one where that cannot be had."""
    best = None
    for attempt in range(ATTEMPTS):
        if attempt:
            noise.wait_until_quiet(5.0 * attempt)
        with noise.Watch() as watch:
            turn = contestant.turn()
            watch.known += 0.0 if turn.ended else turn.processor
        if best is None or watch.foreign < best[1]:
            best = (turn, watch.foreign)
        if watch.foreign < noise.TOLERATED:
            return turn
    say(f"  {contestant.name}: disturbed by {best[1]:.1f} cores, kept")
    return best[0]


def take_turns(contestants, rounds, budget):
    """Gives each contestant up to `rounds` turns, at least three, and not many more once it has
    used `budget` seconds. Returns each one's turns, a list of lists of seconds, by name."""
    turns = {contestant.name: [] for contestant in contestants}
    spent = dict.fromkeys(turns, 0.0)
    alive = list(contestants)
    for number in range(rounds):
        first = number % max(1, len(alive))
        for contestant in alive[first:] + alive[:first]:
            name = contestant.name
            if len(turns[name]) >= 3 and spent[name] > budget:
                continue
            start = time.monotonic()
            try:
                turns[name].append(measured_turn(contestant).seconds)
            except Failure as failure:
                say(f"  {failure}")
                alive.remove(contestant)
                turns.pop(name)
                break
            spent[name] += time.monotonic() - start
            # Threads of a peer may spin for a moment after their work.
            time.sleep(0.03)
    return {name: values for name, values in turns.items() if values}


def each(cases, measure):
    """Calls `measure` with each tuple of `cases`; one that fails does not keep the others from being
    measured."""
    failures = []
    for case in cases:
        try:
            measure(*case)
        except Failure as failure:
            say(f"  {failure}")
            failures.append(str(failure))
    if failures:
        raise Failure("; ".join(failures))


def median(turns):
    return statistics.median(value for turn in turns for value in turn)


def emit(bench, case, figure, value, unit, threads, peers=None, lower_is_better=True):
    """One line of standard output. `peers` are the other contestants' values by name."""
    short = lambda number: float(f"{number:.5g}")  # noqa: E731
    line = {"bench": bench, "case": case, "figure": figure, "value": short(value), "unit": unit}
    line["threads"] = threads
    if peers:
        best = (min if lower_is_better else max)(peers, key=peers.get)
        ratio = peers[best] / value if lower_is_better else value / peers[best]
        line |= {"peer": best, "peer_value": short(peers[best]), "ratio": float(f"{ratio:.4g}")}
        line["peers"] = {name: short(number) for name, number in peers.items()}
    print(json.dumps(line, separators=(",", ":")), flush=True)


def stop_politely():
    """Makes Ctrl-C and SIGTERM end the workers too: they end with their standard input."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
