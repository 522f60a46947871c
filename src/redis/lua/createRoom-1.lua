--[[
Stores a room that nobody owns.
KEYS[1] meta
ARGV[1] head, JSON   ARGV[2] digest of the empty log   ARGV[3] time to live, ms
Reply   1 stored, 0 the code is in use
]]
if redis.call('EXISTS', KEYS[1]) == 1 then return 0 end
local time = redis.call('TIME')
redis.call('HSET', KEYS[1], 'v', 1, 'owner', '', 'address', '', 'epoch', 0, 'seq', 0, 'digest', ARGV[2], 'head', ARGV[1],
  'snap_seq', 0, 'alive_at', time[1] * 1000 + math.floor(time[2] / 1000))
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return 1
