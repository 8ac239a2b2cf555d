-- One group commit of a shard: all of it or, where the epoch is not ours any more, nothing.
--
-- KEYS[1]    hash of the shard: owner, epoch, leaseUntil, batchSeq
-- KEYS[2..]  one key per command
-- ARGV[1]    epoch of the writer
-- ARGV[2]    batchSeq: grows with every batch of the shard
-- then, per command: its name, the number of its further arguments, those arguments
--
-- Result     'committed'  applied now
--            'applied'    this batch was applied before (its answer got lost): nothing is done twice
--            'stale'      another owner has begun a newer epoch: nothing is done
local held = redis.call('HMGET', KEYS[1], 'epoch', 'batchSeq')
if held[1] ~= ARGV[1] then
  return 'stale'
end
if tonumber(held[2] or '0') >= tonumber(ARGV[2]) then
  return 'applied'
end
local at = 3
for k = 2, #KEYS do
  local count = tonumber(ARGV[at + 1])
  local command = { ARGV[at], KEYS[k] }
  for i = 1, count do
    command[i + 2] = ARGV[at + 1 + i]
  end
  redis.call(unpack(command))
  at = at + 2 + count
end
redis.call('HSET', KEYS[1], 'batchSeq', ARGV[2])
return 'committed'
