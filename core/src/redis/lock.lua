-- KEYS: lease, rest. ARGV: token, milliseconds, 'force' or 'heed'. A lease is 'milliseconds token'.
local lease = redis.call('GET', KEYS[1])
if lease and string.match(lease, ' (.*)$') ~= ARGV[1] then
  -- How long it has been held, by the only clock that all programs share. Never its token.
  local held = tonumber(string.match(lease, '^%d+')) - redis.call('PTTL', KEYS[1])
  return {'busy', held}
end
if not lease and ARGV[3] ~= 'force' then
  local left = redis.call('PTTL', KEYS[2])
  if left > 0 then
    return {'resting', left, redis.call('GET', KEYS[2])}
  end
end
-- Also where it is ours already, because the answer to the first try was lost.
redis.call('SET', KEYS[1], ARGV[2] .. ' ' .. ARGV[1], 'PX', ARGV[2])
return {'locked'}
