-- Adds a version to a definition, unless its newest one is the same.
--
-- KEYS[1]  hash of the definition: hash of the newest body, and m<version>, b<version> of each
-- KEYS[2]  sorted set: names of all definitions
-- KEYS[3]  hash: the newest version that each name has had
-- ARGV[1]  the name, behind its namespace and a slash
-- ARGV[2]  hash of the body
-- ARGV[3]  the head, JSON
-- ARGV[4]  the body, JSON
-- ARGV[5]  how many names are remembered
-- ARGV[6]  how many versions a definition may have
--
-- Result   {version, head} of the version that is there now, or 'names' or 'versions' where there would be too many
local newest = tonumber(redis.call('HGET', KEYS[3], ARGV[1]) or 0)
local hash = redis.call('HGET', KEYS[1], 'hash')
if hash == ARGV[2] then
  return { newest, redis.call('HGET', KEYS[1], 'm' .. newest) }
end
-- The hash of the body stands beside two fields of each version.
if hash and (redis.call('HLEN', KEYS[1]) - 1) / 2 >= tonumber(ARGV[6]) then
  return 'versions'
end
if newest == 0 and redis.call('HLEN', KEYS[3]) >= tonumber(ARGV[5]) then
  return 'names'
end
local version = newest + 1
redis.call('HSET', KEYS[3], ARGV[1], version)
redis.call('HSET', KEYS[1], 'hash', ARGV[2], 'm' .. version, ARGV[3], 'b' .. version, ARGV[4])
redis.call('ZADD', KEYS[2], 0, ARGV[1])
return { version, ARGV[3] }
