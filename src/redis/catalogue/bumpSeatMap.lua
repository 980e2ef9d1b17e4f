-- Announces a commit that changed a seat. It sets the mark first, so that a process that gets the message finds the
-- new mark. Uses versions.lua.
-- KEYS: mark.
-- ARGV: the channel, the milliseconds to keep the mark.
-- Returns the number of processes that got the message.
local mark = KEYS[1]
local channel, keptMs = ARGV[1], ARGV[2]

redis.call('SET', mark, after(redis.call('GET', mark)), 'PX', keptMs)
return redis.call('PUBLISH', channel, '')
