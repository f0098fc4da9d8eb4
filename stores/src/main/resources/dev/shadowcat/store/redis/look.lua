-- Who holds a session and whether a stream of it is open. KEYS: the session's first key.
local found = redis.call('HMGET', KEYS[1], 'h', 'e')
if not found[1] then
  return {}
end
local stem = base(KEYS[1])
for _, number in ipairs(redis.call('SMEMBERS', stem .. 'streams')) do
  if redis.call('HGET', stem .. 'stream:' .. number, 'p') == '1' then
    return { found[1], found[2], 'open' }
  end
end
return { found[1], found[2], 'idle' }
