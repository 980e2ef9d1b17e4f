-- Ends a try to log in, and its turn.
-- KEYS: the tries from here, the turn, the tries from everywhere.
-- ARGV: the id of the turn, and the outcome of the try. `failed` keeps the try. `unknown` does not count it.
-- `succeeded` does not count it either, and deletes all tries from here.
-- Returns nil.
local here, turn, everywhere = KEYS[1], KEYS[2], KEYS[3]
local turnId, outcome = ARGV[1], ARGV[2]

if redis.call('GET', turn) == turnId then redis.call('DEL', turn) end
if outcome == 'failed' then return end
for _, key in ipairs({here, everywhere}) do
  if tonumber(redis.call('GET', key) or 0) > 0 then redis.call('DECR', key) end
end
if outcome == 'succeeded' then redis.call('DEL', here) end
