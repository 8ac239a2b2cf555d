-- Writes down how the data of this deployment is laid out, where nobody has yet.
--
-- KEYS[1]  hash: shards, format
-- ARGV[1]  number of shards
-- ARGV[2]  number of the format
--
-- Result   { shards, format } of the data that is there; a format of '1' is one from before formats were written down
if redis.call('HEXISTS', KEYS[1], 'shards') == 0 then
  redis.call('HSET', KEYS[1], 'shards', ARGV[1], 'format', ARGV[2])
end
local held = redis.call('HMGET', KEYS[1], 'shards', 'format')
return { held[1], held[2] or '1' }
