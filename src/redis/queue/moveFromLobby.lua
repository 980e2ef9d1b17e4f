-- Moves drawn clients from the lobby to the line, each in one step. An entry that is no longer in the lobby is
-- skipped. None of these clients counts as having polled since the draw.
-- KEYS: lobby (user → entry), waiting (user → number in line), seen (user → time at which the place is lost without
-- another poll).
-- ARGV: the number in line of the first entry, then the entry and the user of each.
-- Returns 0.
local lobby, waiting, seen = KEYS[1], KEYS[2], KEYS[3]
local firstNumber = tonumber(ARGV[1])

for i = 2, #ARGV, 2 do
  local entry, user = ARGV[i], ARGV[i + 1]
  if redis.call('HGET', lobby, user) == entry then
    redis.call('HDEL', lobby, user)
    redis.call('ZADD', waiting, firstNumber + (i - 2) / 2, user)
    redis.call('ZADD', seen, 0, user)
  end
end
return 0
