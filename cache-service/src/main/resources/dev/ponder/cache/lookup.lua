-- Counts the leading keys that have a value, and marks these as used now.
-- KEYS: use order (ZSET), sizes (HASH), counts (HASH), then the values.
-- ARGV: now in ms, time to live in ms, then the values' names, in the order of their keys.
-- Commands of Redis 6.2; all keys share one hash slot.
local now, ttl = tonumber(ARGV[1]), tonumber(ARGV[2])
local asked = #KEYS - 3
local found = 0
for i = 1, asked do
  local name = ARGV[2 + i]
  if redis.call('PEXPIRE', KEYS[3 + i], ttl) == 0 then
    -- Redis may have evicted it by itself, or it was never there.
    if redis.call('ZREM', KEYS[1], name) == 1 then
      local size = redis.call('HGET', KEYS[2], name)
      if size then
        redis.call('HDEL', KEYS[2], name)
        redis.call('HINCRBY', KEYS[2], 'total', -tonumber(size))
      end
    end
    break
  end
  -- Deeper blocks count as a little older: of one prefix the tail goes first.
  redis.call('ZADD', KEYS[1], 'XX', string.format('%.3f', now - (i - 1) * 0.001), name)
  found = i
end
if found > 0 then
  redis.call('PEXPIRE', KEYS[1], ttl)
  redis.call('PEXPIRE', KEYS[2], ttl)
  redis.call('HINCRBY', KEYS[3], 'hits', found)
end
if found < asked then
  redis.call('HINCRBY', KEYS[3], 'misses', asked - found)
end
redis.call('PEXPIRE', KEYS[3], ttl)
return found
