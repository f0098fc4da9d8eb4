-- Stores the writes to one or more sessions, all of them or none.
-- KEYS: the first key of each session that is looked at. ARGV: node, epoch, attempt, servers, where the node's fence is ('' on a
-- cluster), the fence that the node knows ('' for none); then for each of these sessions whether it may begin, how many arguments
-- follow for it, and those. Then commands, each after how long it is, that the node made from what it knows: of sessions that nobody
-- took from it, or ended, since it was told that fence.
local node, epoch, attempt, fence, fenced = ARGV[1], ARGV[2], ARGV[3], ARGV[5], ARGV[6]
if not known(ARGV[4]) then
  return { 'changed' }
end
if fenced ~= '' and redis.call('GET', fence) ~= fenced then
  return { 'unknown' }
end

local there = {}
local lost = { 'lost' }
local at = 7
for i, session in ipairs(KEYS) do
  local begins = ARGV[at] == '1'
  at = at + 2 + tonumber(ARGV[at + 1])
  local found = redis.call('HMGET', session, 'h', 'e', 'n')
  there[i] = found[1] ~= false
  if not there[i] then
    local ended = begins and redis.call('GET', base(session) .. 'ended')
    if ended and string.sub(ended, 1, #node + 1) == node .. ' ' and less(attempt, string.sub(ended, #node + 2)) then
      return { 'stale' }
    end
  elseif found[1] ~= node or found[2] ~= epoch then
    lost[#lost + 1] = tostring(i - 1)
  elseif less(attempt, found[3]) then
    return { 'stale' }
  end
end
if #lost > 1 then
  return lost
end

local function text(number)
  return string.format('%.0f', number)
end

local answer = { 'stored' }
if fence ~= '' then
  if fenced == '' then
    -- Unlike any before. What this node sent before and comes later is refused by it, and what it knows has to be learned again.
    fenced = attempt
    redis.call('SET', fence, fenced, 'PX', 3600000)
  end
  answer[2] = fenced
end

at = 7
for i, session in ipairs(KEYS) do
  local stem = base(session)
  local exists = there[i]
  local streams = {}

  local function stream(number)
    local found = streams[number]
    if not found then
      found = tail(stem, number, fence ~= '')
      streams[number] = found
    end
    return found
  end

  -- The writes, each with what it is called by and how many arguments it has.
  local writes = {}
  local counts = { E = 7, R = 3, P = 4, S = 1, T = 2, M = 3, X = 2, D = 1, Z = 0 }

  function writes.E(number, sequence, size, kind, event, moves, cursor)
    local to = stream(number)
    if not to.exists or not less(to.last, sequence) then
      return
    end
    local list, sum = 'events:', 'others'
    if kind == 'a' then
      list, sum = 'answers:', 'answers'
    end
    to[sum] = to[sum] + tonumber(size)
    if moves == '1' then
      redis.call('XADD', stem .. list .. number, sequence .. '-0', 'e', event, 's', text(to[sum]), 'c', cursor)
      to.cursor, to.cursorAt, to.cursorChanged = cursor, sequence, true
    else
      redis.call('XADD', stem .. list .. number, sequence .. '-0', 'e', event, 's', text(to[sum]))
    end
    to.last = sequence
    to.changed = true
  end

  function writes.R(number, open, record)
    local to = stream(number)
    if not to.exists then
      to.exists = true
      redis.call('SADD', stem .. 'streams', number)
    end
    redis.call('HSET', stem .. 'stream:' .. number, 'r', record, 'p', open)
  end

  function writes.S(state)
    redis.call('HSET', session, 's', state)
  end

  function writes.T(activity, active)
    redis.call('HSET', session, 'a', activity, 'i', active)
  end

  function writes.M(number, after, cursor)
    if stream(number).exists then
      redis.call('HSET', stem .. 'stream:' .. number, 'm', cursor, 'ma', after)
    end
  end

  function writes.X(number, through)
    local from = stream(number)
    if less(from.last, through) then
      through = from.last
    end
    if not from.exists or not less(from.trimmed, through) then
      return
    end
    local events = stem .. 'events:' .. number
    local newest = redis.call('XREVRANGE', events, through .. '-0', '-', 'COUNT', 1)[1]
    if newest then
      from.gone = tonumber(newest[2][4])
      redis.call('XTRIM', events, 'MINID', '=', through .. '-1')
    end
    from.trimmed = through
    from.changed = true
  end

  function writes.D(number)
    if stream(number).exists then
      redis.call('UNLINK', stem .. 'stream:' .. number, stem .. 'events:' .. number, stem .. 'answers:' .. number)
      redis.call('SREM', stem .. 'streams', number)
      streams[number] = nil
    end
  end

  function writes.Z()
    finish(session, node, attempt)
    exists = false
    streams = {}
  end

  function writes.P(record, state, activity, active)
    redis.call('HSET', session, 'r', record, 's', state, 'a', activity, 'i', active, 'h', node, 'e', epoch)
    exists = true
  end

  local last = at + 1 + tonumber(ARGV[at + 1])
  at = at + 2
  while at <= last do
    local name = ARGV[at]
    if exists or name == 'P' then
      writes[name](ARGV[at + 1], ARGV[at + 2], ARGV[at + 3], ARGV[at + 4], ARGV[at + 5], ARGV[at + 6], ARGV[at + 7])
    end
    at = at + 1 + counts[name]
  end

  if exists then
    for number, changed in pairs(streams) do
      if changed.changed then
        local key = stem .. 'stream:' .. number
        redis.call('HSET', key, 'l', changed.last, 't', changed.trimmed,
          'o', text(changed.others), 'g', text(changed.gone), 'a', text(changed.answers))
        if changed.cursorChanged then
          redis.call('HSET', key, 'c', changed.cursor, 'ca', changed.cursorAt)
        end
      end
    end
    redis.call('HSET', session, 'n', attempt)
  end

  if fence ~= '' then
    local learned = {}
    if exists then
      for number, left in pairs(streams) do
        if left.exists then
          learned[#learned + 1] = number
          learned[#learned + 1] = left.last
          learned[#learned + 1] = text(left.others)
          learned[#learned + 1] = text(left.answers)
        end
      end
    end
    answer[#answer + 1] = { exists and '1' or '0', learned }
  end
end

while at <= #ARGV do
  local last = at + tonumber(ARGV[at])
  redis.call(unpack(ARGV, at + 1, last))
  at = last + 1
end
return answer
