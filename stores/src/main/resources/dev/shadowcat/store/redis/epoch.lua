-- Compares the servers with those that were noted, and counts where one is another than it was: it may have lost writes.
-- KEYS: what the store keeps of itself. ARGV: a credential key for a new store, the epoch that the caller knows, whether it asks for
-- the next one, whether it found a store here before; then each server's name and what tells it from its like ('' where it does not answer).
local store = KEYS[1]
local kept = redis.call('HMGET', store, 'format', 'epoch', 'key')
if kept[1] and kept[1] ~= '1' then
  return { kept[1], '0', '' } -- another version's: its caller refuses it, and nothing of it is changed
end
local new = kept[1] == false
local before = tonumber(kept[2] or '0')
local epoch = math.max(before, tonumber(ARGV[2]))
local key = kept[3] or ARGV[1]
local differs = new or epoch ~= before
local rises = ARGV[3] == '1' or (new and ARGV[4] == '1')

local servers = {}
for i = 5, #ARGV, 2 do
  local field = 'server:' .. ARGV[i]
  local noted = redis.call('HGET', store, field)
  local now = ARGV[i + 1]
  if now == '' then
    now = noted
  elseif now ~= noted then
    differs = true
    rises = rises or not new
  end
  if now then
    servers[field] = now
  end
end
for _, field in ipairs(redis.call('HKEYS', store)) do
  if string.sub(field, 1, 7) == 'server:' and not servers[field] then
    redis.call('HDEL', store, field)
  end
end
if rises then
  epoch = epoch + 1
end
if differs or rises then
  redis.call('HSET', store, 'format', kept[1] or '1', 'epoch', string.format('%.0f', epoch), 'key', key)
  for field, server in pairs(servers) do
    redis.call('HSET', store, field, server)
  end
end
local answer = { kept[1] or '1', string.format('%.0f', epoch), key }
for _, server in pairs(servers) do
  answer[#answer + 1] = server
end
return answer
