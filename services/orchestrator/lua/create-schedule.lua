-- Adds a schedule.
--
-- KEYS[1]  hash of the schedule: body, state, rev
-- KEYS[2]  sorted set: names of all schedules
-- KEYS[3]  sorted set: the same names by when there is something to do, ms
-- KEYS[4]  number: the last revision of any schedule
-- ARGV[1]  the name, behind its namespace and a slash
-- ARGV[2]  the body, JSON
-- ARGV[3]  the state, JSON
-- ARGV[4]  when there is something to do, ms; empty: never
-- ARGV[5]  how many there may be
--
-- Result   its revision; 0 where there is one of the name; -1 where there would be too many
if redis.call('EXISTS', KEYS[1]) == 1 then
  return 0
end
if redis.call('ZCARD', KEYS[2]) >= tonumber(ARGV[5]) then
  return -1
end
-- Also one that is made anew under an old name has no revision that the old one had.
local revision = redis.call('INCR', KEYS[4])
redis.call('HSET', KEYS[1], 'body', ARGV[2], 'state', ARGV[3], 'rev', revision)
redis.call('ZADD', KEYS[2], 0, ARGV[1])
if ARGV[4] ~= '' then
  redis.call('ZADD', KEYS[3], ARGV[4], ARGV[1])
end
return revision
