#!/bin/sh
# HAProxy in the foreground, with the copy of its backend that the controller keeps; one that is there names the instances.
set -eu
run=${HAPROXY_SOCKET%/*}
config=$(cd "$(dirname "$0")/../../haproxy" && pwd)
mkdir -p "$run"
[ -s "$run/game.cfg" ] || cp "$config/game.cfg" "$run/game.cfg"
exec haproxy -W -db -S "$run/master.sock,mode,600,level,admin" -f "$config/haproxy.cfg" -f "$run/game.cfg"
