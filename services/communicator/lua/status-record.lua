-- Records the delivery status of one message, and forgets what is too old or too many.
-- KEYS[1] hash: status by message id
-- KEYS[2] sorted set: message id by time of acceptance
-- ARGV[1] message id   ARGV[2] status (JSON)   ARGV[3] now, epoch ms
-- ARGV[4] ms to keep a status   ARGV[5] most statuses to keep
-- Result: number of statuses kept.
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
redis.call('ZADD', KEYS[2], ARGV[3], ARGV[1])

-- A bounded share of the old ones per call: a long backlog must not hold up Redis.
local old = redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', ARGV[3] - ARGV[4], 'LIMIT', 0, 100)
local surplus = redis.call('ZCARD', KEYS[2]) - #old - ARGV[5]
if surplus > 0 then
  for _, id in ipairs(redis.call('ZRANGE', KEYS[2], #old, #old + math.min(surplus, 100) - 1)) do
    old[#old + 1] = id
  end
end
if #old > 0 then
  redis.call('HDEL', KEYS[1], unpack(old))
  redis.call('ZREM', KEYS[2], unpack(old))
end

redis.call('PEXPIRE', KEYS[1], ARGV[4])
redis.call('PEXPIRE', KEYS[2], ARGV[4])
return redis.call('ZCARD', KEYS[2])
