-- What every script begins with. Numbers of 64 bits are decimals in text: Lua's own numbers lose their last digits.
local function less(a, b)
  return #a < #b or (#a == #b and a < b)
end

-- Whether this server is one of those whose data the caller's epoch speaks of: a restart changes the one id, a failover the other.
local function known(servers)
  local run = string.match(redis.call('INFO', 'server'), 'run_id:(%x+)')
  local replication = string.match(redis.call('INFO', 'replication'), 'master_replid:(%x+)')
  return string.find(servers, run .. ':' .. replication, 1, true) ~= nil
end

-- "<prefix>:{<id>}:" of a session's first key.
local function base(session)
  return string.sub(session, 1, -8)
end

-- Whether another node holds a session whose holder and epoch are these, and its lease runs as far as can be seen here.
local function elsewhere(holder, its_epoch, node, epoch, lapsed, leases)
  if its_epoch ~= epoch or holder == node or holder == lapsed then
    return false
  end
  return leases == '' or redis.call('EXISTS', leases .. holder) == 1
end

-- Removes all of a session, and keeps for some minutes who did: a write of the same node that was sent before and comes after
-- must not bring it back.
local function finish(session, node, attempt)
  local stem = base(session)
  for _, number in ipairs(redis.call('SMEMBERS', stem .. 'streams')) do
    redis.call('UNLINK', stem .. 'stream:' .. number, stem .. 'events:' .. number, stem .. 'answers:' .. number)
  end
  redis.call('UNLINK', session, stem .. 'streams')
  redis.call('SET', stem .. 'ended', node .. ' ' .. attempt, 'PX', 600000)
end
