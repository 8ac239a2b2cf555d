-- Freezes, unfreezes or resets what load-balancers have learned, and keeps who asked for it and why.
--
-- KEYS[1]  hash: control: revision, frozenAtMs, pausedMs
-- KEYS[2]  hash: pairs, by type, a space, and class
-- KEYS[3]  list: commands, JSON, newest first
-- ARGV[1]  freeze, unfreeze or reset
-- ARGV[2]  the command, JSON, without its braces, revision and time
-- ARGV[3]  reset: the type, or '' for all
-- ARGV[4]  reset: the class, or '' for all
-- ARGV[5]  how many commands are kept
--
-- Result   the revision of the command, or 0 where it changes nothing
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local frozen = redis.call('HGET', KEYS[1], 'frozenAtMs')
if (ARGV[1] == 'freeze' and frozen) or (ARGV[1] == 'unfreeze' and not frozen) then
  return 0
end
if ARGV[1] == 'freeze' then
  redis.call('HSET', KEYS[1], 'frozenAtMs', string.format('%.0f', now))
elseif ARGV[1] == 'unfreeze' then
  redis.call('HINCRBY', KEYS[1], 'pausedMs', string.format('%.0f', math.max(0, now - tonumber(frozen))))
  redis.call('HDEL', KEYS[1], 'frozenAtMs')
else
  for _, name in ipairs(redis.call('HKEYS', KEYS[2])) do
    -- Types have no spaces.
    local of, class = string.match(name, '^(%S+) (.*)$')
    if (ARGV[3] == '' or ARGV[3] == of) and (ARGV[4] == '' or ARGV[4] == class) then
      redis.call('HDEL', KEYS[2], name)
    end
  end
end
local revision = redis.call('HINCRBY', KEYS[1], 'revision', 1)
local command = string.format('{"revision":%.0f,"atMs":%.0f,%s}', revision, now, ARGV[2])
redis.call('LPUSH', KEYS[3], command)
redis.call('LTRIM', KEYS[3], 0, tonumber(ARGV[5]) - 1)
return revision
