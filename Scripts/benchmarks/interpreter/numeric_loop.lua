-- Ten million turns of mixed arithmetic on whole and floating numbers.
local function total(turns)
  local sum = 0.0
  for i = 1, turns do
    sum = sum + 1.0 / (i * i) * (i % 3)
  end
  return sum
end

local result = total(10000000)
assert(1.80259411 < result and result < 1.80259412, "the sum is 1.802594116")
print(string.format("%.7f", result))
