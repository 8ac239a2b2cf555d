-- Writes what has become of a schedule, unless it was changed since it was read.
--
-- KEYS[1]  hash of the schedule: head, workflow, state, rev
-- KEYS[2]  sorted set: names of schedules by when there is something to do, ms
-- KEYS[3]  number: the last revision of any schedule
-- KEYS[4]  hash of the scheduler's lease
-- ARGV[1]  the name, behind its namespace and a slash
-- ARGV[2]  the revision that was read
-- ARGV[3]  the state, JSON
-- ARGV[4]  when there is something to do, ms; empty: never
-- ARGV[5]  epoch of the scheduler that writes; empty for what people ask
-- ARGV[6]  the head, JSON, and
-- ARGV[7]  the workflow, JSON; empty: as they are
--
-- Result   the new revision; 0 where it was changed, or deleted; -1 where another scheduler has begun a newer epoch
if ARGV[5] ~= '' and redis.call('HGET', KEYS[4], 'epoch') ~= ARGV[5] then
  return -1
end
if redis.call('HGET', KEYS[1], 'rev') ~= ARGV[2] then
  return 0
end
local revision = redis.call('INCR', KEYS[3])
redis.call('HSET', KEYS[1], 'state', ARGV[3], 'rev', revision)
if ARGV[6] ~= '' then
  redis.call('HSET', KEYS[1], 'head', ARGV[6], 'workflow', ARGV[7])
end
if ARGV[4] == '' then
  redis.call('ZREM', KEYS[2], ARGV[1])
else
  redis.call('ZADD', KEYS[2], ARGV[4], ARGV[1])
end
return revision
