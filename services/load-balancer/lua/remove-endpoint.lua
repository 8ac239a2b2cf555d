-- Removes an endpoint.
--
-- KEYS[1]  hash of registered endpoints: see put-endpoint.lua
-- KEYS[2]  number: the last revision that was given out
-- ARGV[1]  id
-- ARGV[2]  the revision that it must have now, or '' where any will do
-- ARGV[3]  remove it only where it was not renewed after this instant (ms of the Redis clock), or '' where it does not matter
--
-- Result   the revision of the removal, 'conflict', or 'absent'
local stored = redis.call('HGET', KEYS[1], ARGV[1])
if not stored then
  return 'absent'
end
local revision, renewed = string.match(stored, '^(%d+) %S+ %d+ (%d+) ')
if ARGV[2] ~= '' and ARGV[2] ~= revision then
  return 'conflict'
end
if ARGV[3] ~= '' and tonumber(renewed) > tonumber(ARGV[3]) then
  return 'conflict'
end
redis.call('HDEL', KEYS[1], ARGV[1])
return redis.call('INCR', KEYS[2])
