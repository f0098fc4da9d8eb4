-- Deletes a session that was not used since, and says who held it. KEYS: the session's first key. ARGV: node, epoch, attempt, servers,
-- a holder whose lease was seen to have run out, what names of leases and what names of fences begin with where they are within
-- reach, the time.
local node, epoch, attempt, lapsed, leases, fences = ARGV[1], ARGV[2], ARGV[3], ARGV[5], ARGV[6], ARGV[7]
if not known(ARGV[4]) then
  return { 'changed' }
end
local found = redis.call('HMGET', KEYS[1], 'i', 'h', 'e')
local active, holder = found[1], found[2]
if not active or less(ARGV[8], active) then
  return { 'kept' }
end
if elsewhere(holder, found[3], node, epoch, lapsed, leases) then
  return { 'elsewhere', holder }
end
if fences ~= '' then
  redis.call('DEL', fences .. holder)
end
finish(KEYS[1], node, attempt)
return { 'deleted', holder, found[3] }
