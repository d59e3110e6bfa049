"""Numbers as texts, and back."""


def run(count):
    size = 0
    sum = 0.0
    for i in range(count):
        size += len(f"{i / 7:.3f} {i:>8} {i * 0.1}")
        sum += float(f"{i / 7}") + int(f"{i}")
    return f"{size} {sum:.1f}"


print(run(400_000))
