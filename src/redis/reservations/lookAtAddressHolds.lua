-- Reads the holds of seats from an address.
-- KEYS: one for each seat.
-- ARGV: none.
-- Returns for each seat two numbers: the units of all its holds (1,000 are a whole hold), and the milliseconds until
-- Redis forgets them. Without holds: 0 and -2.
local found = {}
for i, key in ipairs(KEYS) do
  local units = 0
  for _, one in ipairs(redis.call('HVALS', key)) do units = units + tonumber(one) end
  found[2 * i - 1] = units
  found[2 * i] = redis.call('PTTL', key)
end
return found
