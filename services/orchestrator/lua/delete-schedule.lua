-- Deletes a schedule.
--
-- KEYS[1]  hash of the schedule
-- KEYS[2]  sorted set: names of all schedules
-- KEYS[3]  sorted set: the same names by when there is something to do, ms
-- ARGV[1]  the name, behind its namespace and a slash
--
-- Result   1, or 0 where there is none
redis.call('ZREM', KEYS[2], ARGV[1])
redis.call('ZREM', KEYS[3], ARGV[1])
return redis.call('DEL', KEYS[1])
