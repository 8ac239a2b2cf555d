-- Says that a shard is to be imported: its next owner deletes what it has.
--
-- KEYS[1]  hash of the shard
-- ARGV[1]  epoch of its owner
-- ARGV[2]  the run of the import
--
-- Result   1 marked, 0 another epoch has begun: nothing is done
if redis.call('HGET', KEYS[1], 'epoch') ~= ARGV[1] then
  return 0
end
redis.call('HSET', KEYS[1], 'importing', ARGV[2])
return 1
