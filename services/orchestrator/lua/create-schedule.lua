-- Adds a schedule.
--
-- KEYS[1]  hash of the schedule: head, workflow, state, rev
-- KEYS[2]  sorted set: names of all schedules
-- KEYS[3]  sorted set: the same names by when there is something to do, ms
-- KEYS[4]  number: the last revision of any schedule
-- ARGV[1]  the name, behind its namespace and a slash
-- ARGV[2]  the head, JSON: what it is, without the workflow
-- ARGV[3]  the workflow, JSON
-- ARGV[4]  the state, JSON
-- ARGV[5]  when there is something to do, ms; empty: never
-- ARGV[6]  how many there may be
--
-- Result   its revision; 0 where there is one of the name; -1 where there would be too many
if redis.call('EXISTS', KEYS[1]) == 1 then
  return 0
end
if redis.call('ZCARD', KEYS[2]) >= tonumber(ARGV[6]) then
  return -1
end
-- Also one that is made anew under an old name has no revision that the old one had.
local revision = redis.call('INCR', KEYS[4])
redis.call('HSET', KEYS[1], 'head', ARGV[2], 'workflow', ARGV[3], 'state', ARGV[4], 'rev', revision)
redis.call('ZADD', KEYS[2], 0, ARGV[1])
if ARGV[5] ~= '' then
  redis.call('ZADD', KEYS[3], ARGV[5], ARGV[1])
end
return revision
