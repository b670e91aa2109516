-- Removes one value; returns 1, or 0 when there was none.
-- KEYS: use order (ZSET), sizes (HASH), the value. ARGV: its name.
-- Commands of Redis 6.2; all keys share one hash slot.
redis.call('ZREM', KEYS[1], ARGV[1])
local bytes = redis.call('HGET', KEYS[2], ARGV[1])
if bytes then
  redis.call('HDEL', KEYS[2], ARGV[1])
  redis.call('HINCRBY', KEYS[2], 'total', -tonumber(bytes))
end
return redis.call('UNLINK', KEYS[3])
