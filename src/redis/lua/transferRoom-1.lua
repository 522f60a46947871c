--[[
Gives a room to another instance, if owner, epoch and end of the log are as its owner says: a copy that has taken over and
lacks the last moves must not change hands without them. Sent again after it has landed it is ok again, and written again,
so that whoever waits for the copies waits for this write.
KEYS[1] meta
ARGV[1] owner   ARGV[2] epoch   ARGV[3] seq and ARGV[4] digest of the log's end   ARGV[5] new owner   ARGV[6] its host:port
Reply   {'ok', new epoch}   {'fenced', owner, epoch, seq, digest}   {'gap', seq, digest}   {'gone'}
]]
local now = redis.call('HMGET', KEYS[1], 'owner', 'epoch', 'seq', 'digest')
if not now[1] then return {'gone'} end
local ends = now[3] == ARGV[3] and now[4] == ARGV[4]
local landed = now[1] == ARGV[5] and tonumber(now[2]) == ARGV[2] + 1 and ends
if not landed then
  if now[1] ~= ARGV[1] or now[2] ~= ARGV[2] then return {'fenced', unpack(now)} end
  if not ends then return {'gap', now[3], now[4]} end
end
local time = redis.call('TIME')
redis.call('HSET', KEYS[1], 'owner', ARGV[5], 'address', ARGV[6], 'epoch', ARGV[2] + 1,
  'alive_at', time[1] * 1000 + math.floor(time[2] / 1000))
return {'ok', ARGV[2] + 1}
