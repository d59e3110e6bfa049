"""A million strings built from pseudo-random numbers, and sorted."""


def build(count):
    x = 42
    keys = []
    for i in range(count):
        x = x * 16807 % 2147483647
        keys.append(f"k{x}")
    return keys


keys = build(1_000_000)
keys.sort()
assert len(keys) == 1_000_000 and keys[-1] == "k99999979", f"the last key is k99999979, found {keys[-1]}"
print(keys[0])
