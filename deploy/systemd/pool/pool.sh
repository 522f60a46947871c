#!/bin/sh
# The autoscaler's command driver: instances as units of a pool of hosts, by ssh. An instance's handle is ADDRESS:PORT.
#     pool.sh start            starts one on the host with the fewest, prints its handle
#     pool.sh stop HANDLE      begins its end
#     pool.sh list             all that run or start
# A host that does not answer is passed over, and told on stderr; when none does, list and start fail.
set -eu
folder=${POOL:-/etc/hokm/pool}
order() {
  host=$1
  shift
  # -n: the list of hosts is on stdin.
  ssh -n -o BatchMode=yes -o ConnectTimeout=3 -o ServerAliveInterval=3 -o ServerAliveCountMax=2 -i "$folder/id_ed25519" \
    -o UserKnownHostsFile="$folder/known_hosts" "hokm-pool@$host" "$*"
}
hosts() { sed 's/#.*//' "$folder/hosts" | awk 'NF > 1'; }

# The number of instances, the address and the free ports of each host that answers.
survey() {
  hosts | while read -r host ports; do
    if ! used=$(order "$host" list); then
      echo "$host does not answer" >&2
      continue
    fi
    free='' count=0
    for port in $used; do count=$((count + 1)); done
    for port in $ports; do
      case " $(echo $used) " in *" $port "*) ;; *) free="$free $port" ;; esac
    done
    echo "$count $host$free"
  done
}

case ${1:-} in
start)
  place=$(survey | awk 'NF > 2' | sort -n -s -k 1,1 | head -n 1)
  [ -n "$place" ] || { echo 'no host of the pool has a free port' >&2; exit 1; }
  set -- $place
  order "$2" start "$3" "${HOKM_FENCING:-0}" >&2
  echo "$2:$3"
  ;;
stop)
  handle=${2:?HANDLE}
  order "${handle%:*}" stop "${handle##*:}" "${HOKM_FENCING:-0}" >&2
  ;;
list)
  answered=0
  for host in $(hosts | awk '{ print $1 }'); do
    if used=$(order "$host" list); then
      answered=1
      for port in $used; do echo "$host:$port"; done
    else
      echo "$host does not answer" >&2
    fi
  done
  [ "$answered" = 1 ] || exit 1
  ;;
*)
  echo 'pool.sh start | stop HANDLE | list' >&2
  exit 1
  ;;
esac
