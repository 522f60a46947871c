--[[
Takes a lock that is free, with a number above that of every holder before: not below the seconds since 2025, so that it
rises also where Redis has lost the counter; and no more than an hour above them, where nobody would obey it.
KEYS[1] the lock   KEYS[2] the counter of fencing numbers
ARGV[1] the holder's token   ARGV[2] time to live, ms
Reply   {'taken', fencing number}   {'held', token of its holder, ms until it ends}
]]
if not redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2]) then
  return {'held', redis.call('GET', KEYS[1]), redis.call('PTTL', KEYS[1])}
end
local clock = tonumber(redis.call('TIME')[1]) - 1735689600
local number = math.max(tonumber(redis.call('GET', KEYS[2]) or '0') + 1, clock)
if number > clock + 3600 then number = clock end
redis.call('SET', KEYS[2], number)
return {'taken', number}
