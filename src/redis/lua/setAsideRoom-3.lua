--[[
Sets a room aside that cannot be played: nobody owns it, it says why, and it is forgotten after a while. Sent again after it
has landed it is ok again, and written again (see transferRoom).
KEYS[1] meta   KEYS[2] log   KEYS[3] snapshot
ARGV[1] owner   ARGV[2] epoch   ARGV[3] why, JSON   ARGV[4] time to live, ms
Reply   {'ok'}   {'fenced', owner, epoch, seq, digest}   {'gone'}
]]
local now = redis.call('HMGET', KEYS[1], 'owner', 'epoch', 'seq', 'digest', 'failed')
if not now[1] then return {'gone'} end
local landed = now[1] == '' and now[2] == ARGV[2] and now[5] == ARGV[3]
if not landed and (now[1] ~= ARGV[1] or now[2] ~= ARGV[2]) then return {'fenced', unpack(now)} end
redis.call('HSET', KEYS[1], 'owner', '', 'address', '', 'failed', ARGV[3])
for key = 1, 3 do redis.call('PEXPIRE', KEYS[key], ARGV[4]) end
return {'ok'}
