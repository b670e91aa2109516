-- Enters a value that was just set, and names those that must go so that the tenant stays within
-- its quota. Returns the word kept or refused, then the names of the values to remove,
-- with spaces between.
-- KEYS: use order (ZSET), sizes (HASH).
-- ARGV: now in ms, time to live in ms, quota in bytes, name, size in bytes, order.
-- Commands of Redis 6.2; both keys share one hash slot.
local now, ttl, quota = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local name, size, order = ARGV[4], tonumber(ARGV[5]), tonumber(ARGV[6])

local function forget(old)
  redis.call('ZREM', KEYS[1], old)
  local bytes = redis.call('HGET', KEYS[2], old)
  if bytes then
    redis.call('HDEL', KEYS[2], old)
    redis.call('HINCRBY', KEYS[2], 'total', -tonumber(bytes))
  end
end

if redis.call('ZCARD', KEYS[1]) == 0 then
  -- Redis may have evicted the order alone; sizes without it would count for ever.
  redis.call('DEL', KEYS[2])
end
forget(name)
-- What was not used for the time to live has expired by itself.
for _, old in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now - ttl, 'LIMIT', 0, 256)) do
  forget(old)
end
local gone = {}
local total = tonumber(redis.call('HGET', KEYS[2], 'total') or '0')
-- 256 bounds the work of one call.
while total + size > quota and #gone < 256 do
  local oldest = redis.call('ZRANGE', KEYS[1], 0, 0)[1]
  if not oldest then
    break
  end
  forget(oldest)
  gone[#gone + 1] = oldest
  total = tonumber(redis.call('HGET', KEYS[2], 'total') or '0')
end
if total + size > quota then
  return table.concat({'refused', name, unpack(gone)}, ' ')
end
redis.call('ZADD', KEYS[1], string.format('%.3f', now - order * 0.001), name)
redis.call('HSET', KEYS[2], name, size)
redis.call('HINCRBY', KEYS[2], 'total', size)
redis.call('PEXPIRE', KEYS[1], ttl)
redis.call('PEXPIRE', KEYS[2], ttl)
return table.concat({'kept', unpack(gone)}, ' ')
