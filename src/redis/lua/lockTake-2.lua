--[[
Takes a lock that is free, with a number above that of every holder before.
KEYS[1] the lock   KEYS[2] the counter of fencing numbers
ARGV[1] the holder's token   ARGV[2] time to live, ms
Reply   {'taken', fencing number}   {'held', token of its holder, ms until it ends}
]]
if redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2]) then return {'taken', redis.call('INCR', KEYS[2])} end
return {'held', redis.call('GET', KEYS[1]), redis.call('PTTL', KEYS[1])}
