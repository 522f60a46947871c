--[[
Lets a room that was set aside be claimed again, if it still is, for the same reason.
KEYS[1] meta
ARGV[1] why, JSON, as it was seen
Reply   1 it may be claimed, 0 it is not set aside for that
]]
if redis.call('HGET', KEYS[1], 'failed') ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], 'failed', '')
return 1
