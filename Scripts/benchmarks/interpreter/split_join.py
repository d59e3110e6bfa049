"""Lines cut into fields and put together again."""


def run(count):
    line = ",".join([f"word{i}" for i in range(100)])
    words = " ".join([f"word{i}" for i in range(100)])
    size = 0
    for i in range(count):
        size += len(",".join(line.split(",")))
        size += len(words.split())
    return size


print(run(30_000))
