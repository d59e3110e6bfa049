"""fib(30) by plain recursion: calls, comparisons and whole numbers."""


def fib(n):
    return n if n < 2 else fib(n - 1) + fib(n - 2)


result = fib(30)
assert result == 832040, f"fib(30) is 832040, found {result}"
print(result)
