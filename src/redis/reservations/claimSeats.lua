-- Claims the first group in which no other reservation owns a seat.
-- KEYS: one for each seat, group by group.
-- ARGV: the reservation, the length of the claim in milliseconds, the number of seats in a group.
-- Returns the 1-based index of the first seat of the claimed group, or 0 for none. Also returns the indexes of the
-- seats that others own in the groups before it.
local reservation, leaseMs, groupSize = ARGV[1], ARGV[2], tonumber(ARGV[3])

local taken = {}
for first = 1, #KEYS, groupSize do
  local last, before = first + groupSize - 1, #taken
  for i = first, last do
    local owner = redis.call('GET', KEYS[i])
    if owner and owner ~= reservation then taken[#taken + 1] = i end
  end
  if #taken == before then
    for i = first, last do redis.call('SET', KEYS[i], reservation, 'PX', leaseMs) end
    return {first, taken}
  end
end
return {0, taken}
