-- A million strings built from pseudo-random numbers, and sorted.
local function build(count)
  local x, keys = 42, {}
  for i = 1, count do
    x = x * 16807 % 2147483647
    keys[i] = "k" .. x
  end
  return keys
end

local keys = build(1000000)
table.sort(keys)
assert(#keys == 1000000 and keys[#keys] == "k99999979", "the last key is k99999979")
print(keys[1])
