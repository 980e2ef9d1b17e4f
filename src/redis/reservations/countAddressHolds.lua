-- Counts one hold of seats from an address, as a part of a whole one. A later call for the same reservation replaces
-- the count.
-- KEYS: one for each seat.
-- ARGV: the reservation, its units (1,000 are a whole hold), the milliseconds until Redis forgets the seat's holds.
-- Returns 0.
local reservation, units, keptMs = ARGV[1], ARGV[2], ARGV[3]

for _, key in ipairs(KEYS) do
  redis.call('HSET', key, reservation, units)
  redis.call('PEXPIRE', key, keptMs)
end
return 0
