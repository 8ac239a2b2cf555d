-- Changes the cordons of a region, unless another coordinator has begun a newer epoch.
--
-- KEYS[1]  hash of the region's lease: owner, epoch, leaseUntil
-- KEYS[2]  hash: cordons, JSON by swarm
-- ARGV[1]  epoch of the coordinator
-- then     per swarm: its id, and the cordon, or '' to remove it
--
-- Result   1 changed, 0 another coordinator has taken over: nothing is done
if redis.call('HGET', KEYS[1], 'epoch') ~= ARGV[1] then
  return 0
end
for at = 2, #ARGV, 2 do
  if ARGV[at + 1] == '' then
    redis.call('HDEL', KEYS[2], ARGV[at])
  else
    redis.call('HSET', KEYS[2], ARGV[at], ARGV[at + 1])
  end
end
return 1
