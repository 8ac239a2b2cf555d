-- Deletes a part of what a shard has that is marked for an import, by the owner that holds it now and for the run of its mark.
--
-- KEYS[1]   hash of the shard: epoch, importing
-- KEYS[2..] what is deleted
-- ARGV[1]   epoch of the owner
-- ARGV[2]   the run of the import
-- ARGV[3]   1 where this was all and the import is given up: the mark is taken away with it
--
-- Result    1 deleted, 0 another epoch has begun, or the mark is of another run or gone: nothing is done
local held = redis.call('HMGET', KEYS[1], 'epoch', 'importing')
if held[1] ~= ARGV[1] or held[2] ~= ARGV[2] then
  return 0
end
if #KEYS > 1 then
  redis.call('UNLINK', unpack(KEYS, 2))
end
if ARGV[3] == '1' then
  redis.call('HDEL', KEYS[1], 'importing')
end
return 1
