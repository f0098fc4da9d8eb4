-- Takes a session for a node, and says who held it. KEYS: the session's first key. ARGV: node, epoch, attempt, servers, a holder whose lease was seen to
-- have run out, what names of leases and what names of fences begin with where they are within reach.
local session = KEYS[1]
local node, epoch, attempt, lapsed, leases, fences = ARGV[1], ARGV[2], ARGV[3], ARGV[5], ARGV[6], ARGV[7]
if not known(ARGV[4]) then
  return { 'changed' }
end
local found = redis.call('HMGET', session, 'h', 'e', 'n')
local holder = found[1]
if not holder then
  return { 'absent' }
end
if elsewhere(holder, found[2], node, epoch, lapsed, leases) then
  return { 'elsewhere', holder }
end
if holder == node and found[2] == epoch then
  if not less(attempt, found[3]) then
    redis.call('HSET', session, 'n', attempt)
  end
  return { 'held' }
end
if fences ~= '' then
  redis.call('DEL', fences .. holder)
end
redis.call('HSET', session, 'h', node, 'e', epoch, 'n', attempt)
return { holder == node and 'held' or 'taken', holder }
