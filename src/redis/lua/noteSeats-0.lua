--[[
Remembers which seats tokens have.
ARGV[1] ms to remember them   ARGV[2], [3], .. key and value of each
Reply   nil
]]
for note = 1, (#ARGV - 1) / 2 do redis.call('SET', ARGV[2 * note], ARGV[2 * note + 1], 'PX', ARGV[1]) end
