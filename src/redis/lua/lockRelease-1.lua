--[[
Frees a lock that is still its holder's.
KEYS[1] the lock
ARGV[1] the holder's token
Reply   1 freed   0 it had ended, or is another's
]]
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('DEL', KEYS[1])
