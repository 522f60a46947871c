--[[
Renews an instance's registration, which is its lease, and leaves a mark that outlives it: who finds an older one, or none,
knows that Redis has lost something.
KEYS[1] the instance's hash          KEYS[2] the sorted set of ids by last heartbeat, each in the time of its sender
KEYS[3] the mark
ARGV[1] id   ARGV[2] time to live, ms   ARGV[3] the sender's cluster time, ms ('' Redis' own)
ARGV[4] the mark, a number that rises ('' none)   ARGV[5] ms to keep it   ARGV[6..] field, value, ...
Reply   {existed, now, mark}: existed = 1 when the lease had not run out; now = Redis' clock, ms since the epoch; mark: the
one before, '' where there was none
]]
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local existed = redis.call('EXISTS', KEYS[1])
local mark = redis.call('GET', KEYS[3]) or ''
redis.call('HSET', KEYS[1], 'last_heartbeat', now, unpack(ARGV, 6))
redis.call('PEXPIRE', KEYS[1], ARGV[2])
redis.call('ZADD', KEYS[2], ARGV[3] ~= '' and ARGV[3] or now, ARGV[1])
if ARGV[4] ~= '' and (mark == '' or tonumber(mark) < tonumber(ARGV[4])) then
  redis.call('SET', KEYS[3], ARGV[4], 'PX', ARGV[5])
end
return {existed, now, mark}
