--[[
Gives a room up, if owner, epoch and end of the log are as its owner says: nobody owns it, and it is forgotten after a
while unless claimed again. Sent again after it has landed it is ok again, and written again (see transferRoom).
KEYS[1] meta   KEYS[2] log   KEYS[3] snapshot
ARGV[1] owner   ARGV[2] epoch   ARGV[3] seq and ARGV[4] digest of the log's end   ARGV[5] time to live, ms
Reply   {'ok'}   {'fenced', owner, epoch, seq, digest}   {'gap', seq, digest}   {'gone'}
]]
local now = redis.call('HMGET', KEYS[1], 'owner', 'epoch', 'seq', 'digest')
if not now[1] then return {'gone'} end
if (now[1] ~= ARGV[1] and now[1] ~= '') or now[2] ~= ARGV[2] then return {'fenced', unpack(now)} end
if now[3] ~= ARGV[3] or now[4] ~= ARGV[4] then
  if now[1] == '' then return {'fenced', unpack(now)} end
  return {'gap', now[3], now[4]}
end
local time = redis.call('TIME')
redis.call('HSET', KEYS[1], 'owner', '', 'address', '', 'alive_at', time[1] * 1000 + math.floor(time[2] / 1000))
for key = 1, 3 do redis.call('PEXPIRE', KEYS[key], ARGV[5]) end
return {'ok'}
