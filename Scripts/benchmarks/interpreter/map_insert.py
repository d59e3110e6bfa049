"""A million writes to a map of half a million string keys, then the sum of its values."""


def fill(count):
    table = {}
    for i in range(count):
        table[f"k{i % 500_000}"] = i
    return table


def total(table):
    sum = 0
    for key, value in table.items():
        sum += value
    return sum


result = total(fill(1_000_000))
assert result == 374_999_750_000, f"the sum is 374999750000, found {result}"
print(result)
