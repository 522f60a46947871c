--[[
Makes an instance the owner, if owner and epoch are as it saw them; so must be the end of the log where it says one. The
new epoch is above the one in meta and the one of the last log entry, whichever a failover left higher.
KEYS[1] meta   KEYS[2] log   KEYS[3] snapshot
ARGV[1] owner as seen ('' nobody)   ARGV[2] epoch as seen   ARGV[3] new owner   ARGV[4] its host:port
ARGV[5] an epoch that the new one must be above (of an owner whose claim a failover took back), else 0
ARGV[6] seq and ARGV[7] digest of the log's end as seen by an owner that claims again; left out by whoever loads the room
ARGV[8] digest after the entries that the log lacks behind that, ARGV[9..] those entries, JSON, in order; they are appended
Reply   {'ok', meta as before but for owner, address, epoch, snapshot or false, entries after the snapshot}
        {'fenced', owner, epoch, seq, digest}   {'gap', seq, digest}   {'gone'}
]]
local now = redis.call('HMGET', KEYS[1], 'owner', 'epoch', 'seq', 'digest', 'snap_seq')
if not now[1] then return {'gone'} end
if now[1] ~= ARGV[1] or now[2] ~= ARGV[2] then return {'fenced', unpack(now)} end
if #ARGV > 5 and (now[3] ~= ARGV[6] or now[4] ~= ARGV[7]) then return {'gap', now[3], now[4]} end
local epoch = math.max(tonumber(now[2]), tonumber(ARGV[5]))
if #ARGV > 8 then
  for at = 9, #ARGV do redis.call('XADD', KEYS[2], (now[3] + at - 8) .. '-0', 'e', ARGV[at]) end
  redis.call('HSET', KEYS[1], 'seq', now[3] + #ARGV - 8, 'digest', ARGV[8])
end
local last = redis.call('XREVRANGE', KEYS[2], '+', '-', 'COUNT', 1)
-- One that cannot be read is found by whoever replays the log; refused here, the claim would be made again for ever.
local function epochOf(entry) return tonumber(cjson.decode(entry[2][2]).epoch) end
local isRead, written = pcall(epochOf, last[1])
if isRead and written then epoch = math.max(epoch, written) end
redis.call('HSET', KEYS[1], 'owner', ARGV[3], 'address', ARGV[4], 'epoch', epoch + 1, 'failed', '')
for key = 1, 3 do redis.call('PERSIST', KEYS[key]) end
return {'ok', redis.call('HGETALL', KEYS[1]), redis.call('GET', KEYS[3]),
  redis.call('XRANGE', KEYS[2], (now[5] + 1) .. '-0', '+')}
