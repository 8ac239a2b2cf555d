-- Gives a lease back at once, so that a successor need not wait for its end. The epoch stays: it only grows.
--
-- KEYS[1]  hash of the lease
-- ARGV[1]  epoch under which it was taken
--
-- Result   1 given back, 0 another epoch has begun
if redis.call('HGET', KEYS[1], 'epoch') ~= ARGV[1] then
  return 0
end
redis.call('HSET', KEYS[1], 'owner', '', 'leaseUntil', 0)
return 1
