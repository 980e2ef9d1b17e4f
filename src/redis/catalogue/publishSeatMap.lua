-- Assigns a version to statuses that a process has loaded, and stores them. Uses versions.lua.
--
-- Every version is in the log with its difference to the version before, or it starts the log. Statuses that were
-- loaded before a change was announced never replace statuses that were loaded after it.
--
-- KEYS: mark, kept (as for readSeatMap), log (a stream of versions).
-- ARGV: the mark that the process read before its load, the statuses, the version that the caller had (0 for none),
-- the microseconds since the load began, the most versions in the log, the most changes of one version in the log,
-- the milliseconds to keep all.
-- Returns the version, and the statuses if they are not the given ones (otherwise nil).
local markKey, keptKey, logKey = KEYS[1], KEYS[2], KEYS[3]
local readMark, statuses, known, ageMicroseconds = ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
local loggedVersions, loggedChanges, keptMs = ARGV[5], tonumber(ARGV[6]), ARGV[7]

-- The number of seats that are compared at once, so that a few changes among 15,000 seats take few steps.
local CHUNK = 64

-- '12S40A': the position and the new letter of every seat that differs. Also returns their number. false if the two
-- lists are not of the same seats.
local function difference(old, new)
  if not old or #old ~= #new then return false, 0 end
  local changes = {}
  for start = 1, #new, CHUNK do
    local last = start + CHUNK - 1
    if string.sub(old, start, last) ~= string.sub(new, start, last) then
      for at = start, math.min(last, #new) do
        local letter = string.sub(new, at, at)
        if letter ~= string.sub(old, at, at) then changes[#changes + 1] = (at - 1) .. letter end
      end
    end
  end
  return table.concat(changes), #changes
end

local mark = redis.call('GET', markKey) or '0'
local kept = redis.call('HMGET', keptKey, 'mark', 'version', 'statuses')
local keptMark, version, keptStatuses = kept[1], kept[2], kept[3]
local isBehind = version and tonumber(version) < known
if version and not isBehind and mark ~= readMark and tonumber(keptMark) > tonumber(readMark) then
  return {version, keptStatuses}
end
if isBehind or keptStatuses ~= statuses then
  local changes, count = difference(keptStatuses, statuses)
  version = after(math.max(tonumber(version) or 0, known))
  if not changes or count > loggedChanges then
    redis.call('DEL', logKey)
    changes = ''
  end
  redis.call('XADD', logKey, 'MAXLEN', loggedVersions, version .. '-0', 'changes', changes)
end
local loaded = string.format('%.0f', now() - ageMicroseconds)
redis.call('HSET', keptKey, 'mark', readMark, 'version', version, 'statuses', statuses, 'loaded', loaded)
redis.call('PEXPIRE', keptKey, keptMs)
redis.call('PEXPIRE', logKey, keptMs)
return {version, false}
