-- Records the time of the draw: from then on, the line moves. Only the first call has an effect.
-- KEYS: draw, a hash of marks.
-- ARGV: the time in milliseconds since 1970, or '' for the clock of Redis.
-- Returns 0.
local draw, clock = KEYS[1], ARGV[1]

local time = redis.call('TIME')
redis.call('HSETNX', draw, 'drawn', tonumber(clock) or time[1] * 1000 + math.floor(time[2] / 1000))
return 0
