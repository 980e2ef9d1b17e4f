-- Reads the statuses of a schedule's seats. Uses versions.lua.
-- KEYS: mark, kept (a hash with the statuses, their version, the mark before their load, and the time of their load).
-- ARGV: the version that the caller has, the microseconds for which statuses are trusted.
-- Returns the mark, the version, the statuses ('' if the caller has them) and their age in microseconds. If there are
-- none that the caller may use, version and statuses are nil.
local markKey, keptKey = KEYS[1], KEYS[2]
local known, trustedMicroseconds = ARGV[1], tonumber(ARGV[2])

local mark = redis.call('GET', markKey) or '0'
local kept = redis.call('HMGET', keptKey, 'mark', 'version', 'loaded')
local keptMark, version, loaded = kept[1], kept[2], kept[3]
if keptMark ~= mark or tonumber(version) < tonumber(known) then return {mark, false, false, 0} end
local age = now() - tonumber(loaded)
if age >= trustedMicroseconds then return {mark, false, false, 0} end
return {mark, version, version == known and '' or redis.call('HGET', keptKey, 'statuses'), age}
