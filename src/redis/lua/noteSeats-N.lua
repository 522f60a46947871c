--[[
Remembers which seats tokens have.
KEYS one of each token   ARGV[1] ms to remember them   ARGV[2], [3], .. value of each
Reply   nil
]]
for note = 1, #KEYS do redis.call('SET', KEYS[note], ARGV[note + 1], 'PX', ARGV[1]) end
