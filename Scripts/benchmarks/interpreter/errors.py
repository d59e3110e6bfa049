"""Errors that are thrown, by the script and by the language, and caught."""


def run(count):
    caught = 0
    for i in range(count):
        try:
            if i % 2 == 0:
                raise ValueError("no")
            x = [1][5]
        except (ValueError, IndexError) as e:
            caught += 1
    return caught


print(run(500_000))
