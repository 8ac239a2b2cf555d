-- Sets what is set for one namespace, unless somebody else was faster.
--
-- KEYS[1]  hash: JSON with revision and settings, by name of the namespace
-- ARGV[1]  the namespace
-- ARGV[2]  the settings, JSON
-- ARGV[3]  the revision that it must have now (0: none yet), or '' where any will do
-- ARGV[4]  how many namespaces may have settings
--
-- Result   the new revision, 'conflict', or 'full' where there would be too many
local stored = redis.call('HGET', KEYS[1], ARGV[1])
-- The text begins with the revision, so that the settings need not be read.
local revision = stored and tonumber(string.match(stored, '^{"revision":(%d+),')) or 0
if ARGV[3] ~= '' and tonumber(ARGV[3]) ~= revision then
  return 'conflict'
end
if not stored and redis.call('HLEN', KEYS[1]) >= tonumber(ARGV[4]) then
  return 'full'
end
revision = revision + 1
redis.call('HSET', KEYS[1], ARGV[1], '{"revision":' .. revision .. ',"settings":' .. ARGV[2] .. '}')
return revision
