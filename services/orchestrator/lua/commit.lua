-- One group commit of a shard: all of it or, where the epoch is not ours any more, nothing.
--
-- KEYS[1]    hash of the shard: owner, epoch, leaseUntil, batchSeq
-- KEYS[2]    stream: the outbox
-- KEYS[3..]  the keys of the commands; then, from ARGV[4] on, one history per root of which events are kept
-- ARGV[1]    epoch of the writer
-- ARGV[2]    batchSeq of the batch before this one
-- ARGV[3]    batchSeq: grows with every batch of the shard
-- ARGV[4]    where in KEYS the histories begin
-- ARGV[5]    number of commands; then of each: name, place of its key in KEYS, number of further arguments, those
-- then       of each history: number of its events, those, each as JSON
-- then       number of messages for the event stream; then of each: its id in the outbox, its text
--
-- Every key carries the hash tag of the shard. The messages repeat the events of the histories: to put them together from
-- there would take Redis several times as long as to read them twice (measured).
--
-- Result     'committed'  applied now
--            'applied'    this batch was applied before (its answer got lost): nothing is done twice
--            'stale'      another owner has begun a newer epoch: nothing is done
--            'gap'        the batch before this one is missing: nothing is done
local held = redis.call('HMGET', KEYS[1], 'epoch', 'batchSeq')
if held[1] ~= ARGV[1] then
  return 'stale'
end
local newest = tonumber(held[2] or '0')
if newest >= tonumber(ARGV[3]) then
  return 'applied'
end
if newest ~= tonumber(ARGV[2]) then
  return 'gap'
end
local at = 6
for _ = 1, tonumber(ARGV[5]) do
  local last = at + 2 + tonumber(ARGV[at + 2])
  redis.call(ARGV[at], KEYS[tonumber(ARGV[at + 1])], unpack(ARGV, at + 3, last))
  at = last + 1
end
for history = tonumber(ARGV[4]), #KEYS do
  local last = at + tonumber(ARGV[at])
  redis.call('RPUSH', KEYS[history], unpack(ARGV, at + 1, last))
  at = last + 1
end
for _ = 1, tonumber(ARGV[at]) do
  redis.call('XADD', KEYS[2], ARGV[at + 1], 'batch', ARGV[at + 2])
  at = at + 2
end
redis.call('HSET', KEYS[1], 'batchSeq', ARGV[3])
return 'committed'
