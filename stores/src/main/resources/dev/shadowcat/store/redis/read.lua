-- Events of a stream and its answers as one run, in order: sequence, event and upstream id in turns.
-- KEYS: the events, the answers. ARGV: after which sequence, how many at most, how many bytes at most.
local most, bytes = tonumber(ARGV[2]), tonumber(ARGV[3])

-- Reads on in steps that grow: events may be large, and most readers want few.
local function cursor(key)
  local after, page, next, step = ARGV[1], {}, 1, 8
  return function(take)
    if next > #page and step then
      page = redis.call('XRANGE', key, after .. '-1', '+', 'COUNT', math.min(step, most))
      next = 1
      step = #page > 0 and math.min(step * 2, 512) or nil
      if #page > 0 then
        after = string.match(page[#page][1], '^%d+')
      end
    end
    local entry = page[next]
    if take then
      next = next + 1
    end
    return entry
  end
end

local events, answers = cursor(KEYS[1]), cursor(KEYS[2])
local found, size = {}, 0
while #found < 3 * most and (size < bytes or #found == 0) do
  local event, answer = events(false), answers(false)
  local first
  if event and answer then
    local a, b = string.match(event[1], '^%d+'), string.match(answer[1], '^%d+')
    first = less(a, b) and events(true) or answers(true)
  elseif event then
    first = events(true)
  elseif answer then
    first = answers(true)
  else
    break
  end
  found[#found + 1] = string.match(first[1], '^%d+')
  found[#found + 1] = first[2][2]
  found[#found + 1] = first[2][6] or false
  size = size + #first[2][2]
end
return found
