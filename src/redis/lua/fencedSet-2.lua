--[[
Writes what only the last holder of a lock may write.
KEYS[1] the counter of fencing numbers   KEYS[2] what is written
ARGV[1] the writer's fencing number   ARGV[2] the value
Reply   1 written   0 refused: a later number has been given out
]]
if tonumber(redis.call('GET', KEYS[1]) or '0') ~= tonumber(ARGV[1]) then return 0 end
redis.call('SET', KEYS[2], ARGV[2])
return 1
