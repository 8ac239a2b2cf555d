-- Prolongs a lease that is still ours.
--
-- KEYS[1]  hash of the lease
-- ARGV[1]  epoch under which it was taken
-- ARGV[2]  how long from now, ms
--
-- Result   1 prolonged, 0 another epoch has begun, or the lease was given back
local held = redis.call('HMGET', KEYS[1], 'epoch', 'owner')
if held[1] ~= ARGV[1] or held[2] == '' then
  return 0
end
local time = redis.call('TIME')
redis.call('HSET', KEYS[1], 'leaseUntil', time[1] * 1000 + math.floor(time[2] / 1000) + tonumber(ARGV[2]))
return 1
