-- Takes an ownership lease, and with it the next epoch.
--
-- KEYS[1]  hash of the lease: owner, epoch, leaseUntil (ms of the Redis clock), batchSeq
-- ARGV[1]  who asks
-- ARGV[2]  how long, ms
--
-- Result   { 1, epoch, batchSeq }              taken (also by its present owner: the epoch is raised all the same,
--                                              since a restarted process must fence its own older writes)
--          { 0, epoch, remainingMs, owner }    somebody else holds it
--
-- Only the clock of Redis is read, so the clocks of the replicas do not matter.
--
-- An epoch is at least the time in seconds: where Redis was set back to an earlier state, as from a backup, the next epoch is
-- later all the same than any that was given out since, and that swarms, owners and load-balancers have seen.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local held = redis.call('HMGET', KEYS[1], 'owner', 'epoch', 'leaseUntil', 'batchSeq')
local owner, epoch = held[1], tonumber(held[2] or '0')
local untilMs, batchSeq = tonumber(held[3] or '0'), tonumber(held[4] or '0')
if owner and owner ~= '' and owner ~= ARGV[1] and untilMs > now then
  return { 0, epoch, untilMs - now, owner }
end
epoch = math.max(epoch + 1, tonumber(time[1]))
redis.call('HSET', KEYS[1], 'owner', ARGV[1], 'epoch', epoch, 'leaseUntil', now + tonumber(ARGV[2]))
return { 1, epoch, batchSeq }
