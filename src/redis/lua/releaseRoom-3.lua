--[[
Gives a room up: nobody owns it, and it is forgotten after a while unless claimed again.
KEYS[1] meta   KEYS[2] log   KEYS[3] snapshot
ARGV[1] owner   ARGV[2] epoch   ARGV[3] time to live, ms
Reply   {'ok'}   {'fenced', owner, epoch}   {'gone'}
]]
local now = redis.call('HMGET', KEYS[1], 'owner', 'epoch')
if not now[1] then return {'gone'} end
if now[1] ~= ARGV[1] or now[2] ~= ARGV[2] then return {'fenced', now[1], now[2]} end
local time = redis.call('TIME')
redis.call('HSET', KEYS[1], 'owner', '', 'address', '', 'alive_at', time[1] * 1000 + math.floor(time[2] / 1000))
for key = 1, 3 do redis.call('PEXPIRE', KEYS[key], ARGV[3]) end
return {'ok'}
