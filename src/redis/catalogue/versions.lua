-- Shared by the scripts of the seat map. Marks and versions are microseconds of Redis's clock, and greater than the
-- last one if there is one. So no value is used again, even after a loss of all data. A Lua number holds them exactly
-- (below 2^53).

-- Microseconds since 1970.
local function now()
  local time = redis.call('TIME')
  return time[1] * 1000000 + time[2]
end

-- The next mark or version, as text. `last`: the one before, as a number or text; nil or false for none.
local function after(last)
  return string.format('%.0f', math.max(now(), (tonumber(last) or 0) + 1))
end
