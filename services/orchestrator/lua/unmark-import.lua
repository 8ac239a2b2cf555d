-- The import of a shard is over. Numbers go on from the larger ones, those of the copy or those of the shard, and its next owner
-- begins a new incarnation.
--
-- KEYS[1]  hash of the shard
-- ARGV[1]  epoch of its owner
-- ARGV[2]  epoch of the copy
-- ARGV[3]  batchSeq of the copy
-- ARGV[4]  attemptBase of the copy
-- ARGV[5]  1 where something was imported, 0 where it was given up
--
-- Result   1 done, 0 another epoch has begun: nothing is done
local held = redis.call('HMGET', KEYS[1], 'epoch', 'batchSeq', 'attemptBase')
if held[1] ~= ARGV[1] then
  return 0
end
redis.call('HDEL', KEYS[1], 'importing')
if ARGV[5] == '1' then
  local function larger(field, stored, given)
    if tonumber(given) > tonumber(stored or '0') then
      redis.call('HSET', KEYS[1], field, given)
    end
  end
  larger('epoch', held[1], ARGV[2])
  larger('batchSeq', held[2], ARGV[3])
  larger('attemptBase', held[3], ARGV[4])
  redis.call('HSET', KEYS[1], 'renewal', 1)
end
return 1
