-- Deletes a session that was not used since, and says who held it. KEYS: the session's first key. ARGV: node, attempt, the time.
local found = redis.call('HMGET', KEYS[1], 'i', 'h', 'e')
local active = found[1]
if not active or less(ARGV[3], active) then
  return { 'kept' }
end
finish(KEYS[1], ARGV[1], ARGV[2])
return { 'deleted', found[2], found[3] }
