-- KEYS: lease, rest. ARGV: token, milliseconds of rest (0: none), its code.
local lease = redis.call('GET', KEYS[1])
if not lease or string.match(lease, ' (.*)$') ~= ARGV[1] then
  -- It ran out, and may be somebody else's by now: nothing here is ours to change.
  return 'gone'
end
redis.call('DEL', KEYS[1])
if ARGV[2] == '0' then
  redis.call('DEL', KEYS[2])
else
  redis.call('SET', KEYS[2], ARGV[3], 'PX', ARGV[2])
end
return 'unlocked'
