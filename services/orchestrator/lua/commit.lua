-- One group commit of a shard: all of it or, where the epoch is not ours any more, nothing.
--
-- KEYS[1]    hash of the shard: owner, epoch, leaseUntil, batchSeq
-- KEYS[2]    stream: the outbox
-- KEYS[3..]  the keys of the commands; then, from ARGV[3] on, one history per run of events that is kept
-- ARGV[1]    epoch of the writer
-- ARGV[2]    batchSeq: grows with every batch of the shard
-- ARGV[3]    where in KEYS the histories begin
-- ARGV[4]    number of commands; then of each: name, place of its key in KEYS, number of further arguments, those
-- then       number of runs of events; then of each: how many events it has, negative where they are not kept
-- then       number of messages; then of each: its id in the outbox, the head of its text, how many events it has
-- then       the events in their order, each as JSON: they are sent once and written to histories and outbox from here
--
-- Every key carries the hash tag of the shard.
--
-- Result     'committed'  applied now
--            'applied'    this batch was applied before (its answer got lost): nothing is done twice
--            'stale'      another owner has begun a newer epoch: nothing is done
local held = redis.call('HMGET', KEYS[1], 'epoch', 'batchSeq')
if held[1] ~= ARGV[1] then
  return 'stale'
end
if tonumber(held[2] or '0') >= tonumber(ARGV[2]) then
  return 'applied'
end
local at = 5
for _ = 1, tonumber(ARGV[4]) do
  local last = at + 2 + tonumber(ARGV[at + 2])
  redis.call(ARGV[at], KEYS[tonumber(ARGV[at + 1])], unpack(ARGV, at + 3, last))
  at = last + 1
end
local runs = tonumber(ARGV[at])
local messages = at + runs + 1
local events = messages + 1 + 3 * tonumber(ARGV[messages])
local from, history = events, tonumber(ARGV[3])
for run = at + 1, at + runs do
  local count = tonumber(ARGV[run])
  if count > 0 then
    redis.call('RPUSH', KEYS[history], unpack(ARGV, from, from + count - 1))
    history = history + 1
  end
  from = from + math.abs(count)
end
from = events
for message = messages + 1, events - 1, 3 do
  local last = from + tonumber(ARGV[message + 2]) - 1
  local text = ARGV[message + 1] .. table.concat(ARGV, ',', from, last) .. ']}'
  redis.call('XADD', KEYS[2], ARGV[message], 'batch', text)
  from = last + 1
end
redis.call('HSET', KEYS[1], 'batchSeq', ARGV[2])
return 'committed'
