--[[
Stores a whole room as its owner has it in memory, over what is older than all that the owner could append: a store that
was restored from a backup, or emptied. Only if what is there is as the owner saw it, and lower in (epoch, seq): of two
owners that both think so the one with the higher epoch stays.
KEYS[1] meta   KEYS[2] log   KEYS[3] snapshot
ARGV[1] owner, ARGV[2] epoch, ARGV[3] seq and ARGV[4] digest as seen, all '' where there was no room
ARGV[5] owner   ARGV[6] its host:port   ARGV[7] its epoch   ARGV[8] head, JSON   ARGV[9] the snapshot, JSON   ARGV[10] its seq
ARGV[11] digest after the entries   ARGV[12..] the entries behind the snapshot, JSON, in order
Reply   {'ok'}   {'fenced', owner, epoch, seq, digest}   {'gone'} where there is no room any more
]]
local now = redis.call('HMGET', KEYS[1], 'owner', 'epoch', 'seq', 'digest')
local ends = ARGV[10] + #ARGV - 11
if not now[1] then
  if ARGV[2] ~= '' then return {'gone'} end
else
  local same = now[1] == ARGV[1] and now[2] == ARGV[2] and now[3] == ARGV[3] and now[4] == ARGV[4]
  local above = tonumber(ARGV[7]) - now[2]
  if not same or above < 0 or (above == 0 and tonumber(now[3]) >= ends) then return {'fenced', unpack(now)} end
end
local time = redis.call('TIME')
for key = 1, 3 do redis.call('DEL', KEYS[key]) end
redis.call('SET', KEYS[3], ARGV[9])
for at = 12, #ARGV do redis.call('XADD', KEYS[2], (ARGV[10] + at - 11) .. '-0', 'e', ARGV[at]) end
redis.call('HSET', KEYS[1], 'v', 1, 'owner', ARGV[5], 'address', ARGV[6], 'epoch', ARGV[7], 'seq', ends, 'digest', ARGV[11],
  'head', ARGV[8], 'snap_seq', ARGV[10], 'alive_at', time[1] * 1000 + math.floor(time[2] / 1000))
return {'ok'}
