-- Registers an endpoint, replaces what was registered under its id, or renews it where it is the same.
--
-- KEYS[1]  hash: revision, instance, registered at, renewed at (ms of the Redis clock) and registration (JSON), with a space
--          between each, by id
-- KEYS[2]  number: the last revision that was given out
-- ARGV[1]  id
-- ARGV[2]  registration, JSON
-- ARGV[3]  instance, if the id is not registered
-- ARGV[4]  the revision that it must have now (0: none), or '' where any will do
-- ARGV[5]  how many endpoints may be registered
--
-- Result   { revision, instance, registered at, renewed at }, 'conflict', or 'full' where there would be too many
local stored = redis.call('HGET', KEYS[1], ARGV[1])
local revision, instance, registered, text
if stored then
  revision, instance, registered, text = string.match(stored, '^(%d+) (%S+) (%d+) %d+ (.*)$')
end
if ARGV[4] ~= '' and ARGV[4] ~= (revision or '0') then
  return 'conflict'
end
if not stored and redis.call('HLEN', KEYS[1]) >= tonumber(ARGV[5]) then
  return 'full'
end
local time = redis.call('TIME')
local now = string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000))
if text ~= ARGV[2] then
  revision = string.format('%.0f', redis.call('INCR', KEYS[2]))
end
instance = instance or ARGV[3]
registered = registered or now
redis.call('HSET', KEYS[1], ARGV[1], table.concat({ revision, instance, registered, now, ARGV[2] }, ' '))
return { revision, instance, registered, now }
