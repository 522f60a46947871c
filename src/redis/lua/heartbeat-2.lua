--[[
Renews an instance's registration, which is its lease.
KEYS[1] the instance's hash          KEYS[2] the sorted set of ids by last heartbeat, each in the time of its sender
ARGV[1] id   ARGV[2] time to live, ms   ARGV[3] the sender's cluster time, ms ('' Redis' own)   ARGV[4..] field, value, ...
Reply   {existed, now}: existed = 1 when the lease had not run out; now = Redis' clock, ms since the epoch
]]
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local existed = redis.call('EXISTS', KEYS[1])
redis.call('HSET', KEYS[1], 'last_heartbeat', now, unpack(ARGV, 4))
redis.call('PEXPIRE', KEYS[1], ARGV[2])
redis.call('ZADD', KEYS[2], ARGV[3] ~= '' and ARGV[3] or now, ARGV[1])
return {existed, now}
