--[[
Notes that people of an address sit at a public table, unless they sit at as many others as they may.
KEYS[1] tables of the address: their codes by when they are forgotten
ARGV[1] code   ARGV[2] tables at most   ARGV[3] ms to remember it
Reply   1, or 0 when there are too many
]]
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
if not redis.call('ZSCORE', KEYS[1], ARGV[1]) and redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[2]) then return 0 end
redis.call('ZADD', KEYS[1], now + ARGV[3], ARGV[1])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return 1
