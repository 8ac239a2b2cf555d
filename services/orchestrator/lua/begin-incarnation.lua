-- Begins a new incarnation of a shard whose data was set back: numbers go on far beyond all that was used since.
--
-- KEYS[1]  hash of the shard: owner, epoch, leaseUntil, batchSeq, attemptBase, baseEpoch, renewal
-- ARGV[1]  epoch of the owner
-- ARGV[2]  batchSeq that it has now
-- ARGV[3]  batchSeq from now on
-- ARGV[4]  attemptBase from now on: the next attempts get larger numbers
--
-- Result   1 begun, 0 the epoch or the batchSeq is another one: nothing is done
local held = redis.call('HMGET', KEYS[1], 'epoch', 'batchSeq')
if held[1] ~= ARGV[1] or (held[2] or '0') ~= ARGV[2] then
  return 0
end
redis.call('HSET', KEYS[1], 'batchSeq', ARGV[3], 'attemptBase', ARGV[4], 'baseEpoch', ARGV[1])
redis.call('HDEL', KEYS[1], 'renewal')
return 1
