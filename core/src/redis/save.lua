-- KEYS: login, rest. ARGV: expected revision, next revision, 'record' or 'none', record,
-- 'first' or 'again'. Revisions are compared as text: a Lua number is exact only up to 2^53.
local revision = redis.call('HGET', KEYS[1], 'revision') or '0'
local record = ARGV[3] == 'record' and ARGV[4]
if revision == ARGV[1] then
  if record then
    redis.call('HSET', KEYS[1], 'revision', ARGV[2], 'record', record)
  else
    redis.call('HSET', KEYS[1], 'revision', ARGV[2])
    redis.call('HDEL', KEYS[1], 'record')
  end
  -- A rest is about the revision that could not be renewed, and that one is over.
  redis.call('DEL', KEYS[2])
  return 'saved'
end
-- The answer to the first try was lost: what stands there may be what it wrote.
if ARGV[5] == 'again' and revision == ARGV[2]
    and redis.call('HGET', KEYS[1], 'record') == record then
  return 'saved'
end
return 'conflict'
