-- Runs a command on the place of an account in a waiting room.
--
-- Every call moves the line, and no background process does. The order is the order of entry. Only a client that
-- leaves the line changes it, so a position never grows.
--
-- A client in the lobby may be absent at the draw. If it has not polled since then when it is admitted, it must claim
-- the place within the silence time. So absent clients never fill the room.
--
-- KEYS:
-- - waiting: user → number in line
-- - active: user → end of the place
-- - seen: user → time at which the place is lost without another poll
-- - pace: a hash with the admission rate, the speed of the line, and the decisions of the control
-- - place: the place of the caller
-- - lobby: user → entry
-- - draw: its marks
-- - unclaimed: user → end of the place after the user has claimed it
--
-- ARGV: the command (enter, look, isLive, free or leave), the user, the place id, the most active clients, the
-- admissions a second or 0 for no limit, the milliseconds of an active place, of silence, and of the memory of ended
-- places, the opening in ms since 1970 or 0 without a draw, 1 if the draw is done, the time in ms since 1970 or ''
-- for the clock of Redis, 1 if admissions need free seats.
--
-- Returns {state, place id, end in ms since 1970 or position, seconds to wait or -1, what is known about the seats,
-- the time of the control's step that the caller must run or 0, seconds until the next poll}.
local waiting, active, seen, pace, place = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local lobby, draw, unclaimed = KEYS[6], KEYS[7], KEYS[8]
local command, user, placeId = ARGV[1], ARGV[2], ARGV[3]
local maxActive, rate = tonumber(ARGV[4]), tonumber(ARGV[5])
local activeMs, silenceMs, memoryMs = tonumber(ARGV[6]), tonumber(ARGV[7]), tonumber(ARGV[8])
local opensAt, drawIsDone = tonumber(ARGV[9]), ARGV[10] == '1'
local clock, needsSeats = ARGV[11], ARGV[12] == '1'

local time = redis.call('TIME')
local now = tonumber(clock) or time[1] * 1000 + math.floor(time[2] / 1000)
local silentUntil = now

local known = redis.call('GET', place)
local activeUntil = tonumber(redis.call('ZSCORE', active, user) or 0)

if command == 'leave' then
  redis.call('ZREM', waiting, user)
  redis.call('ZREM', active, user)
  redis.call('ZREM', seen, user)
  redis.call('HDEL', lobby, user)
  redis.call('HDEL', unclaimed, user)
  -- A freed place does not come back either.
  if known then redis.call('SET', place, 'left', 'PX', memoryMs) end
  return {'ENDED'}
end

if command == 'free' then
  if redis.call('ZREM', active, user) == 1 and known then
    redis.call('SET', place, 'freed:' .. known, 'PX', memoryMs)
  end
  return {'ENDED'}
end

-- Every hold and payment takes this path: for an admitted place the script returns before it touches the line.
if activeUntil > now and (known == placeId or command == 'enter') then
  local claimed = opensAt > 0 and redis.call('HGET', unclaimed, user)
  if claimed then
    redis.call('HDEL', unclaimed, user)
    redis.call('ZADD', active, claimed, user)
    activeUntil = tonumber(claimed)
  end
  return {'ACTIVE', known or placeId, activeUntil}
end

local isFreed = known == 'freed:' .. placeId
if command == 'isLive' then
  local isThere = redis.call('ZSCORE', waiting, user) or redis.call('HEXISTS', lobby, user) == 1
  local lives = not known or isFreed or (known == placeId and isThere)
  return lives and {'WAITING', placeId, 0} or {'ENDED'}
end

-- A room with a draw. Until the draw is done:
-- - a client in the lobby has no position
-- - the room admits no client
-- - no client loses its place because it does not poll
-- - a client that enters after the opening is in line behind the whole lobby
-- From the draw on, the time without a poll counts from the draw.
--
-- Drawn clients have numbers up to 0, and clients that came later have numbers from 1. The drawn clients move in
-- their order, each in one step from the lobby to the line. So no position ever grows.
local drawnAt, isGated = 0, false
if opensAt > 0 then
  local marks = redis.call('HMGET', draw, 'closed', 'drawn')
  drawnAt = tonumber(marks[2] or 0)
  isGated = drawnAt == 0 and not drawIsDone
  if isGated then
    local isOpen = now < opensAt and not marks[1]
    local entry = redis.call('HGET', lobby, user)
    if isOpen and not entry and (command == 'enter' or not known) then
      -- A new entry, or one that was lost with Redis's data.
      entry = placeId
      redis.call('HSET', lobby, user, entry)
    end
    if entry and (command == 'enter' or entry == placeId) then
      redis.call('SET', place, entry, 'PX', memoryMs)
      return {'LOBBY', entry, 0}
    end
    if entry or isOpen then return {'ENDED'} end
    maxActive = 0
  end
  if isGated or now < drawnAt + silenceMs then silentUntil = -1 end
end

local function leaveLine(names)
  for _, name in ipairs(names) do
    redis.call('ZREM', waiting, name)
    redis.call('ZREM', seen, name)
  end
end

-- Bounded work for one call. The next call continues.
local ended = redis.call('ZRANGEBYSCORE', active, '-inf', now, 'LIMIT', 0, 100)
for _, name in ipairs(ended) do
  redis.call('ZREM', active, name)
  redis.call('HDEL', unclaimed, name)
end

if activeUntil <= now then redis.call('ZREM', active, user) end
if known and redis.call('ZSCORE', waiting, user) and (known == placeId or command == 'enter') then
  redis.call('ZADD', seen, now + silenceMs, user)
elseif command == 'enter' or not known or isFreed or (known == placeId and redis.call('HDEL', lobby, user) == 1) then
  -- A new place. Or one that was freed after a purchase, was lost with Redis's data, or stayed in the lobby because
  -- Redis restored older data.
  redis.call('SET', place, placeId, 'PX', memoryMs)
  known = placeId
  local last = redis.call('ZREVRANGE', waiting, 0, 0, 'WITHSCORES')
  redis.call('ZADD', waiting, 'NX', math.max(0, last[2] or 0) + 1, user)
  redis.call('ZADD', seen, now + silenceMs, user)
end

leaveLine(redis.call('ZRANGEBYSCORE', seen, '-inf', silentUntil, 'LIMIT', 0, 100))

local stored = redis.call('HMGET', pace, 'tokens', 'at', 'measured', 'measuredAt', 'full',
  'limit', 'pacedAt', 'supply', 'seats', 'stepAt')

-- One caller a second, over all processes, runs the step of the control. An old limit says nothing.
local stepAt = 0
if now - tonumber(stored[10] or 0) >= 1000 then
  stepAt = now
  redis.call('HSET', pace, 'stepAt', now)
  redis.call('PEXPIRE', pace, math.ceil(math.max(3600, rate > 0 and 1 / rate or 0) * 1000))
end
local paceAge = now - tonumber(stored[7] or 0)
local limit = paceAge < 60000 and tonumber(stored[6])
if limit and (rate == 0 or limit < rate) then rate = limit end

-- The script admits no client if the count of seats is old. Between two steps of the control, it admits at most the
-- number of seats that were free at the first one.
local supply, seats = '', math.huge
if needsSeats then
  supply, seats = 'UNKNOWN', 0
  if paceAge <= 3000 then supply, seats = stored[8], tonumber(stored[9]) end
end
local paused = supply ~= '' and supply ~= 'OPEN'

local line = redis.call('ZCARD', waiting)
local vacant = maxActive - redis.call('ZCARD', active)
local free = paused and 0 or math.max(0, math.min(100, vacant, line, seats))
if rate > 0 and free > 0 then
  -- A token bucket. It holds the tokens of one second, at least one admission.
  local full = math.max(1, rate)
  local passed = math.max(0, now - (tonumber(stored[2]) or now))
  local tokens = math.min(full, (tonumber(stored[1]) or full) + passed * rate / 1000)
  free = math.min(free, math.floor(tokens))
  if free > 0 then redis.call('HSET', pace, 'tokens', tostring(tokens - free), 'at', now) end
end
if free > 0 then
  local first = redis.call('ZRANGE', waiting, 0, free - 1)
  for _, name in ipairs(first) do
    local isAbsent = drawnAt > 0
      and tonumber(redis.call('ZSCORE', seen, name) or math.huge) < drawnAt + silenceMs
    if isAbsent then redis.call('HSET', unclaimed, name, now + activeMs) end
    redis.call('ZADD', active, now + (isAbsent and silenceMs or activeMs), name)
  end
  leaveLine(first)
  if supply ~= '' then redis.call('HINCRBY', pace, 'seats', -free) end
end

-- The speed of this line: admissions a second, with exponential decay over the time of about five admissions. It
-- starts with the value from the settings. It starts again when the room is full, because then places have to end
-- first.
local isFull = vacant - free <= 0
local expected = rate > 0 and rate or math.huge
if isFull or rate == 0 then expected = math.min(expected, maxActive * 1000 / activeMs) end
local measured = tonumber(stored[3])
local memory = math.max(30, 5 / (measured or expected))
if line - free == 0 or paused or isGated then
  if measured then redis.call('HDEL', pace, 'measured', 'measuredAt', 'full') end
else
  local begins = not measured or (isFull and not stored[5])
  if begins then measured = expected
  else measured = measured * math.exp((stored[4] - now) / 1000 / memory) + free / memory end
  if begins or free > 0 then
    redis.call('HSET', pace, 'measured', tostring(measured), 'measuredAt', now)
    if isFull then redis.call('HSET', pace, 'full', 1) end
  end
end

-- Seconds until the turn of a position, or -1 while no client gets a turn. In a full room it is never longer than
-- until enough places have ended.
local function wait(position)
  if paused or isGated then return -1 end
  local seconds = position / measured
  local mustEnd = position - (vacant - free)
  if mustEnd > 0 then
    local rounds, nth = math.floor((mustEnd - 1) / maxActive), (mustEnd - 1) % maxActive
    local last = tonumber(redis.call('ZRANGE', active, nth, nth, 'WITHSCORES')[2] or now)
    local latest = (last - now + rounds * activeMs) / 1000
    seconds = math.min(seconds, rate > 0 and math.max(latest, position / rate) or latest)
  end
  return math.ceil(math.min(seconds, memoryMs / 1000))
end

-- When to poll again: after a quarter of the wait. The first few clients poll sooner, because a place may become free
-- at any time. The end of a long line polls less often: about 200 times a second for each time that the line doubles,
-- and not for each client.
--
-- A slow line may become fast. So the next poll is no later than the turn at full speed: otherwise the room would be
-- full of clients that do not know of their admission. A client stays two seconds in the room, at least: it notices the
-- admission, holds and pays. A room without a rate is slow because it is full, and stays slow.
local function askAfter(position, seconds)
  local longest = math.max(30, math.min(120, position / 200))
  if supply == 'SOLD_OUT' then return math.ceil(longest) end
  -- If the wait is unknown, assume ten admissions a second.
  local quarter = (seconds < 0 and position / 10 or seconds) / 4
  local isBound = seconds >= 0 and rate > 0
  local latest = isBound and math.floor(position / math.min(rate, maxActive / 2)) or math.huge
  return math.max(1, math.min(math.ceil(math.min(longest, position, quarter)), latest))
end

if known ~= placeId and command ~= 'enter' then return {'ENDED', '', 0, 0, '', stepAt} end
local rank = redis.call('ZRANK', waiting, user)
if rank and isGated and tonumber(redis.call('ZSCORE', waiting, user)) > 0 then
  rank = rank + redis.call('HLEN', lobby)
end
if rank then
  local seconds = wait(rank + 1)
  local ask = askAfter(rank + 1, seconds)
  -- The client may lose one poll.
  if 2000 * ask > silenceMs then redis.call('ZADD', seen, now + 2000 * ask, user) end
  return {'WAITING', known, rank + 1, seconds, supply, stepAt, ask}
end
activeUntil = redis.call('ZSCORE', active, user)
if activeUntil then return {'ACTIVE', known, tonumber(activeUntil), 0, supply, stepAt} end
return {'ENDED', '', 0, 0, '', stepAt}
