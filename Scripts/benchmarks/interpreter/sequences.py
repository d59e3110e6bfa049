"""What goes through lists: enumerate, zip, map, filter."""


def run(count):
    numbers = list(range(1000))
    sum = 0
    for turn in range(count):
        for i, x in enumerate(numbers):
            sum += i * x
        for a, b in zip(numbers, numbers):
            sum += a + b
        for y in map(lambda x: x + 1, numbers):
            sum += y
        for y in filter(lambda x: x % 3 == 0, numbers):
            sum += y
    return sum


print(run(800))
