-- A million writes to a map of half a million string keys, then the sum of its values.
local function fill(count)
  local t = {}
  for i = 0, count - 1 do
    t["k" .. i % 500000] = i
  end
  return t
end

local function total(t)
  local sum = 0
  for key, value in pairs(t) do
    sum = sum + value
  end
  return sum
end

local result = total(fill(1000000))
assert(result == 374999750000, "the sum is 374999750000")
print(result)
