"""Ten million turns of mixed arithmetic on whole and floating numbers."""


def total(turns):
    sum = 0.0
    for i in range(1, turns + 1):
        sum += 1.0 / (i * i) * (i % 3)
    return sum


result = total(10_000_000)
assert 1.80259411 < result < 1.80259412, f"the sum is 1.802594116, found {result}"
print(f"{result:.7f}")
