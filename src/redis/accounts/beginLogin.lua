-- Begins a try to log in, if it needs no turn or gets one.
-- KEYS: the tries from here, the turn, the tries from everywhere.
-- ARGV: the number of tries that need no turn, the id of the turn, the milliseconds to keep a turn, the milliseconds
-- to keep tries.
-- Returns the number of earlier tries, from here and from everywhere. Returns nil if another try has its turn.
local here, turn, everywhere = KEYS[1], KEYS[2], KEYS[3]
local free, turnId, turnMs, keptMs = tonumber(ARGV[1]), ARGV[2], ARGV[3], ARGV[4]

local own = tonumber(redis.call('GET', here) or 0)
if own >= free and not redis.call('SET', turn, turnId, 'NX', 'PX', turnMs) then return false end
redis.call('SET', here, own + 1, 'PX', keptMs)
local all = redis.call('INCR', everywhere)
redis.call('PEXPIRE', everywhere, keptMs)
return {own, all - 1}
