-- What every script begins with. Numbers of 64 bits are decimals in text: Lua's own numbers lose their last digits.
local function less(a, b)
  return #a < #b or (#a == #b and a < b)
end

-- What INFO says behind a name: 40 digits.
local function field(section, name)
  local info = redis.call('INFO', section)
  local _, last = string.find(info, name, 1, true)
  return string.sub(info, last + 1, last + 40)
end

-- Whether this server is one of those whose data the caller's epoch speaks of: a restart changes the one id, a failover the other.
local function known(servers)
  return string.find(servers, field('server', 'run_id:') .. ':' .. field('replication', 'master_replid:'), 1, true) ~= nil
end

-- "<prefix>:{<id>}:" of a session's first key.
local function base(session)
  return string.sub(session, 1, -8)
end

-- Whether another node holds a session whose holder and epoch are these, and the caller did not see that its lease has run out, or it
-- runs again as far as can be seen here.
local function elsewhere(holder, its_epoch, node, epoch, lapsed, leases)
  if its_epoch ~= epoch or holder == node then
    return false
  end
  return holder ~= lapsed or (leases ~= '' and redis.call('EXISTS', leases .. holder) == 1)
end

-- Where a stream stands. What it was appended last may be told from its newest entries alone.
local function tail(stem, number, behind)
  local kept = redis.call('HMGET', stem .. 'stream:' .. number, 'r', 'l', 't', 'o', 'g', 'a', 'c', 'ca', 'm', 'ma')
  local noted = kept[2] or '0'
  local found = {
    exists = kept[1] ~= false,
    record = kept[1],
    last = noted,
    trimmed = kept[3] or '0',
    others = tonumber(kept[4] or '0'),
    gone = tonumber(kept[5] or '0'),
    answers = tonumber(kept[6] or '0'),
    cursor = kept[7],
    cursorAt = kept[8] or '0',
    moved = kept[9],
    movedAfter = kept[10],
  }
  if not (behind and found.exists) then
    return found
  end
  for sum, list in pairs({ others = 'events:', answers = 'answers:' }) do
    local newest = redis.call('XREVRANGE', stem .. list .. number, '+', '-', 'COUNT', 1)[1]
    local sequence = newest and string.match(newest[1], '^%d+')
    if newest and less(noted, sequence) then
      found[sum] = tonumber(newest[2][4])
      found.changed = true
      if less(found.last, sequence) then
        found.last = sequence
      end
      if newest[2][6] and less(found.cursorAt, sequence) then
        found.cursor, found.cursorAt, found.cursorChanged = newest[2][6], sequence, true
      end
    end
  end
  return found
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
