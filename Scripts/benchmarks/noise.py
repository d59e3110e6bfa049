"""How much of the machine others used while something was measured."""

import os
import resource
import time

TICK = os.sysconf("SC_CLK_TCK")

# Cores that others may use during a turn before it counts as disturbed.
TOLERATED = 0.25


def busy_seconds():
    """Processor seconds that all processes of the machine have used, stolen time included."""
    with open("/proc/stat") as lines:
        fields = [int(field) for field in lines.readline().split()[1:]]
    user, nice, system, _, _, interrupt, soft_interrupt, steal = fields[:8]
    return (user + nice + system + interrupt + soft_interrupt + steal) / TICK


def own_seconds():
    """Processor seconds of this process and of its children that have ended."""
    total = 0.0
    for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN):
        usage = resource.getrusage(who)
        total += usage.ru_utime + usage.ru_stime
    return total


class Watch:
    """Measures, between `with` and its end, the cores that others used (`foreign`). Processor time
    of workers that are still alive is not this process's: add it to `known`."""

    def __enter__(self):
        self.known = 0.0
        self._busy, self._own, self._start = busy_seconds(), own_seconds(), time.perf_counter()
        return self

    def __exit__(self, *_):
        self.seconds = time.perf_counter() - self._start
        used = busy_seconds() - self._busy - (own_seconds() - self._own) - self.known
        # The counters advance in ticks of 10 ms; two of them are within their error.
        self.foreign = max(0.0, used - 2 / TICK) / max(self.seconds, 1e-9)


def wait_until_quiet(limit=20.0):
    """Waits until others use less than what is tolerated, at most `limit` seconds."""
    start = time.monotonic()
    while time.monotonic() - start < limit:
        with Watch() as watch:
            time.sleep(0.25)
        if watch.foreign < TOLERATED:
            return
