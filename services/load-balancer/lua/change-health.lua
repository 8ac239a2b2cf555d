-- Sets or removes one thing that operators have set, counts the change, and writes down who did it.
--
-- KEYS[1]  hash: forced states by swarm, or maintenance windows by id; JSON
-- KEYS[2]  number: the last revision that was given out
-- KEYS[3]  list: what was done, newest first: a revision, a space, JSON
-- ARGV[1]  the swarm or the id
-- ARGV[2]  what it is set to, JSON; '' removes it
-- ARGV[3]  what it must be now to be removed, JSON; '' for whatever it is
-- ARGV[4]  the event that tells of it, JSON; '' where nobody did it
-- ARGV[5]  most entries of the hash
-- ARGV[6]  most entries of the list
--
-- Result   { revision, 1 where there was something before, else 0 }, or 'full'
local before = redis.call('HGET', KEYS[1], ARGV[1])
if ARGV[2] ~= '' then
  if not before and redis.call('HLEN', KEYS[1]) >= tonumber(ARGV[5]) then
    return 'full'
  end
  redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
elseif ARGV[3] == '' or ARGV[3] == before then
  redis.call('HDEL', KEYS[1], ARGV[1])
end
local revision = redis.call('INCR', KEYS[2])
if ARGV[4] ~= '' then
  redis.call('LPUSH', KEYS[3], string.format('%.0f', revision) .. ' ' .. ARGV[4])
  redis.call('LTRIM', KEYS[3], 0, tonumber(ARGV[6]) - 1)
end
return { revision, before and 1 or 0 }
