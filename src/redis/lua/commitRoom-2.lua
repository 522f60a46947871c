--[[
Appends entries to a room's log. Checks first, then writes.
KEYS[1] meta   KEYS[2] log
ARGV[1] owner   ARGV[2] epoch   ARGV[3] seq and ARGV[4] digest that the entries follow
ARGV[5] digest after them; without it nothing is written   ARGV[6..] the entries, JSON, in order
Reply   {'ok'}   {'fenced', owner, epoch, seq, digest}   {'gap', seq, digest}   {'gone'}
]]
local now = redis.call('HMGET', KEYS[1], 'owner', 'epoch', 'seq', 'digest')
if not now[1] then return {'gone'} end
if now[1] ~= ARGV[1] or now[2] ~= ARGV[2] then return {'fenced', unpack(now)} end
if now[3] ~= ARGV[3] or now[4] ~= ARGV[4] then return {'gap', now[3], now[4]} end
if #ARGV < 5 then return {'ok'} end
local seq = tonumber(ARGV[3])
for at = 6, #ARGV do
  seq = seq + 1
  redis.call('XADD', KEYS[2], seq .. '-0', 'e', ARGV[at])
end
local time = redis.call('TIME')
redis.call('HSET', KEYS[1], 'seq', seq, 'digest', ARGV[5], 'alive_at', time[1] * 1000 + math.floor(time[2] / 1000))
return {'ok'}
