-- Takes a session for a node. KEYS: the session's first key. ARGV: node, epoch, attempt, servers, a holder whose lease was seen to
-- have run out, and what names of leases begin with where they are within reach.
local session = KEYS[1]
local node, epoch, attempt, lapsed, leases = ARGV[1], ARGV[2], ARGV[3], ARGV[5], ARGV[6]
if not known(ARGV[4]) then
  return { 'changed' }
end
local found = redis.call('HMGET', session, 'h', 'e')
local holder = found[1]
if not holder then
  return { 'absent' }
end
if elsewhere(holder, found[2], node, epoch, lapsed, leases) then
  return { 'elsewhere', holder }
end
redis.call('HSET', session, 'h', node, 'e', epoch, 'n', attempt)
return { holder == node and 'held' or 'taken' }
