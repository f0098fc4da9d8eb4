-- Where a stream stands, in the order of its fields. KEYS: the stream's hash.
local stem, number = string.match(KEYS[1], '^(.*:)stream:(%d+)$')
local found = tail(stem, number, true)
if not found.exists then
  return {}
end
local function text(value)
  return string.format('%.0f', value)
end
return { found.record, found.last, found.trimmed, text(found.others), text(found.gone), text(found.answers),
  found.cursor, found.cursorAt, found.moved, found.movedAfter }
