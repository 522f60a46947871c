--[[
Keeps a snapshot and trims the log behind it. One that arrives after a newer one (from a connection that was given up
while Redis was paused) is ok and changes nothing: the log it would need is trimmed.
KEYS[1] meta   KEYS[2] log   KEYS[3] snapshot
ARGV[1] owner   ARGV[2] epoch   ARGV[3] seq of the snapshot   ARGV[4] the snapshot, JSON   ARGV[5] entries kept behind it
Reply   {'ok'}   {'fenced', owner, epoch, seq, digest}   {'gone'}
]]
local now = redis.call('HMGET', KEYS[1], 'owner', 'epoch', 'seq', 'digest', 'snap_seq')
if not now[1] then return {'gone'} end
if now[1] ~= ARGV[1] or now[2] ~= ARGV[2] or tonumber(now[3]) < tonumber(ARGV[3]) then
  return {'fenced', unpack(now)}
end
if tonumber(ARGV[3]) < tonumber(now[5]) then return {'ok'} end
redis.call('SET', KEYS[3], ARGV[4])
redis.call('HSET', KEYS[1], 'snap_seq', ARGV[3])
redis.call('XTRIM', KEYS[2], 'MINID', math.max(0, ARGV[3] - ARGV[5]) + 1)
return {'ok'}
