-- Counts a request in its windows.
-- KEYS: for each window, the counter of the running window and the counter of the window before it.
-- ARGV: for each window, the number to add (0 only reads), and the milliseconds to keep a counter.
-- Returns for each window both counts.
local counts = {}
for i = 1, #KEYS, 2 do
  local running, before = KEYS[i], KEYS[i + 1]
  local add, keptMs = tonumber(ARGV[i]), ARGV[i + 1]
  if add > 0 then
    counts[i] = redis.call('INCRBY', running, add)
    if counts[i] == add then redis.call('PEXPIRE', running, keptMs) end
  else
    counts[i] = tonumber(redis.call('GET', running) or 0)
  end
  counts[i + 1] = tonumber(redis.call('GET', before) or 0)
end
return counts
