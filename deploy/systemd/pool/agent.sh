#!/bin/sh
# What a host of the pool does for the autoscaler, and nothing else: the command of its key in authorized_keys, which is
#     restrict,command="/bin/sh /opt/hokm/deploy/systemd/pool/agent.sh" ssh-ed25519 …
# Orders: list | start PORT FENCING | stop PORT FENCING. One that is older than an order seen before is refused.
set -eu
set -f
set -- ${SSH_ORIGINAL_COMMAND:-}
verb=${1:-} port=${2:-} fencing=${3:-}
if [ "$verb" = list ]; then
  systemctl list-units --plain --no-legend --state=active,activating,deactivating,reloading 'hokm-game@*.service' |
    sed -n 's/^ *hokm-game@\([0-9]*\)\.service.*/\1/p'
  exit
fi
case $verb in start | stop) ;; *) echo 'list | start PORT FENCING | stop PORT FENCING' >&2; exit 1 ;; esac
case $port in 70[0-9][0-9]) ;; *) echo 'the port must be from 7000 to 7099' >&2; exit 1 ;; esac
case $fencing in '' | *[!0-9]*) echo 'the fencing number must be a number' >&2; exit 1 ;; esac
exec 9>>"$HOME/fencing.lock"
flock 9
seen=$(cat "$HOME/fencing" 2>/dev/null || echo 0)
[ "$fencing" -ge "$seen" ] || { echo "outdated: $fencing, $seen has been seen" >&2; exit 1; }
echo "$fencing" >"$HOME/fencing"
sudo -n systemctl "$verb" --no-block "hokm-game@$port.service"
