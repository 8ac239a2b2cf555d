-- Deletes all versions of a definition. Its name is remembered, so that no version of it is ever used again.
--
-- KEYS[1]  hash of the definition
-- KEYS[2]  sorted set: names of all definitions
-- KEYS[3]  hash: the newest version that each name has had
-- ARGV[1]  the name, behind its namespace and a slash
--
-- Result   the newest version that it had, or 0 where there is no such definition
if redis.call('DEL', KEYS[1]) == 0 then
  return 0
end
redis.call('ZREM', KEYS[2], ARGV[1])
return tonumber(redis.call('HGET', KEYS[3], ARGV[1]))
