--[[
Prolongs a lock that is still its holder's.
KEYS[1] the lock
ARGV[1] the holder's token   ARGV[2] time to live, ms
Reply   1 prolonged   0 it has ended, or is another's
]]
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])
