"""The peer's work on tables: pandas, with the same verbs on the same kind of data."""

ROWS = 1_000_000


def verb(case):
    """Work, what `ready` says, and the check."""
    import atexit
    import os
    import tempfile

    import numpy
    import pandas

    random = numpy.random.default_rng(1)
    table = pandas.DataFrame(
        {
            "id": random.integers(0, ROWS, ROWS),
            "x": random.random(ROWS),
            "y": random.random(ROWS) * 100,
            "k": [f"key{number}" for number in random.integers(0, 1000, ROWS)],
            "s": [f"name {number}" for number in random.integers(0, ROWS, ROWS)],
        }
    )
    other = pandas.DataFrame({"k": [f"key{number}" for number in range(1000)], "z": range(1000)})
    handle, path = tempfile.mkstemp(suffix=".csv")
    os.close(handle)
    atexit.register(os.remove, path)
    if case == "load":
        table.to_csv(path, index=False)

    def save():
        table.to_csv(path, index=False)
        return table

    verbs = {
        "filter": lambda: table[table.x > 0.5],
        "sort": lambda: table.sort_values("x", kind="stable"),
        "group": lambda: table.groupby("k", sort=False).mean(numeric_only=True),
        "column": lambda: table.assign(z=(table.x + table.y) * 2),
        "join": lambda: table.merge(other, on="k", how="left"),
        "load": lambda: pandas.read_csv(path),
        "save": save,
    }
    state = {"rows": 0}

    def work():
        state["rows"] = len(verbs[case]())

    work()
    return work, {"rows": ROWS}, lambda: state["rows"]
