--[[
Gives a room to another instance.
KEYS[1] meta
ARGV[1] owner   ARGV[2] epoch   ARGV[3] new owner   ARGV[4] its host:port
Reply   {'ok', new epoch}   {'fenced', owner, epoch}   {'gone'}
]]
local now = redis.call('HMGET', KEYS[1], 'owner', 'epoch')
if not now[1] then return {'gone'} end
if now[1] ~= ARGV[1] or now[2] ~= ARGV[2] then return {'fenced', now[1], now[2]} end
local time = redis.call('TIME')
redis.call('HSET', KEYS[1], 'owner', ARGV[3], 'address', ARGV[4], 'epoch', ARGV[2] + 1,
  'alive_at', time[1] * 1000 + math.floor(time[2] / 1000))
return {'ok', ARGV[2] + 1}
