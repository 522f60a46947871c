--[[
Remembers which seats tokens have.
ARGV[1] ms to remember them   ARGV[2], [3], .. key and value of each
Reply   nil
]]
for at = 2, #ARGV, 2 do redis.call('SET', ARGV[at], ARGV[at + 1], 'PX', ARGV[1]) end
