-- fib(30) by plain recursion: calls, comparisons and whole numbers.
local function fib(n)
  if n < 2 then return n end
  return fib(n - 1) + fib(n - 2)
end

local result = fib(30)
assert(result == 832040, "fib(30) is 832040")
print(result)
