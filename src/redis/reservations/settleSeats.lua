-- Ends a claim. If another reservation has claimed a seat meanwhile, it keeps the seat: a late call never takes or
-- frees it.
-- KEYS: one for each seat.
-- ARGV: the reservation that claimed the seats, the milliseconds for which Redis remembers an owner, and from ARGV[3]
-- the owner of each seat, or '' for none.
-- Returns 0.
local claimant, takenMs = ARGV[1], ARGV[2]

for i, key in ipairs(KEYS) do
  local owner, now = redis.call('GET', key), ARGV[i + 2]
  if not owner or owner == claimant or owner == now then
    if now == '' then redis.call('DEL', key) else redis.call('SET', key, now, 'PX', takenMs) end
  end
end
return 0
