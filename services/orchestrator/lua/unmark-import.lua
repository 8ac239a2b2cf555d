-- The import of a shard is done. Numbers go on from the larger ones, those of the copy or those of the shard, its next owner
-- begins a new incarnation, and what came of the import is kept for whoever asks again.
--
-- KEYS[1]  hash of the shard
-- ARGV[1]  epoch of its owner
-- ARGV[2]  epoch of the copy
-- ARGV[3]  batchSeq of the copy
-- ARGV[4]  attemptBase of the copy
-- ARGV[5]  what came of it, as JSON: no two imports have the same
--
-- Result   1 done, now or before (the answer got lost); 0 another epoch has begun, or there is no mark: nothing is done
local held = redis.call('HMGET', KEYS[1], 'epoch', 'batchSeq', 'attemptBase', 'importing', 'imported')
if held[5] == ARGV[5] then
  return 1
end
if held[1] ~= ARGV[1] or not held[4] then
  return 0
end
redis.call('HDEL', KEYS[1], 'importing')
local function larger(field, stored, given)
  if tonumber(given) > tonumber(stored or '0') then
    redis.call('HSET', KEYS[1], field, given)
  end
end
larger('epoch', held[1], ARGV[2])
larger('batchSeq', held[2], ARGV[3])
larger('attemptBase', held[3], ARGV[4])
redis.call('HSET', KEYS[1], 'renewal', 1, 'imported', ARGV[5])
return 1
