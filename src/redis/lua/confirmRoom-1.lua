--[[
Tells how a room is stored, and writes what nobody reads: whoever waits until the copies have this write knows that they have
all that it was told.
KEYS[1] meta
Reply   {'ok', owner, epoch, seq, digest}   {'gone'}
]]
local now = redis.call('HMGET', KEYS[1], 'owner', 'epoch', 'seq', 'digest')
if not now[1] then return {'gone'} end
redis.call('HSET', KEYS[1], 'confirmed', now[2])
return {'ok', unpack(now)}
