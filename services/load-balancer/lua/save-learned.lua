-- Keeps what a replica has learned, where it rests on more attempts than what is kept already.
--
-- KEYS[1]  hash: pairs; the value is the number of attempts, a space, and the evidence (JSON)
-- KEYS[2]  hash: control, with its revision
-- ARGV[1]  the revision of the control that the replica has followed
-- ARGV[2]  how many pairs may be kept
-- ARGV[3]  how many pairs follow that had to make room; their names follow
-- ARGV     from there on for each pair: name, number of attempts, evidence
--
-- Result   how many were kept, or 'behind' where there is a command that the replica does not know yet
if ARGV[1] ~= (redis.call('HGET', KEYS[2], 'revision') or '0') then
  return 'behind'
end
local gone = tonumber(ARGV[3])
for at = 4, 3 + gone do
  redis.call('HDEL', KEYS[1], ARGV[at])
end
local room = tonumber(ARGV[2]) - redis.call('HLEN', KEYS[1])
local kept = 0
for at = 4 + gone, #ARGV, 3 do
  local stored = redis.call('HGET', KEYS[1], ARGV[at])
  local seen = stored and tonumber(string.match(stored, '^(%d+) '))
  if not stored then
    room = room - 1
  end
  if (seen and seen < tonumber(ARGV[at + 1])) or (not stored and room >= 0) then
    redis.call('HSET', KEYS[1], ARGV[at], ARGV[at + 1] .. ' ' .. ARGV[at + 2])
    kept = kept + 1
  end
end
return kept
