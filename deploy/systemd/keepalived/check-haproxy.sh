#!/bin/sh
# Whether the HAProxy of this host answers players; how many instances it has is not its fault.
set -eu
file=${1:-/etc/hokm/haproxy.env}
value() { sed -n "s/^$1=//p" "$file" | tail -n 1; }
scheme=http
[ -z "$(value HAPROXY_CERT)" ] || scheme=https
host=$(value HAPROXY_BIND)
# -k: the name in the certificate is the players', not this.
case $host in '*' | 0.0.0.0 | '') host=127.0.0.1 ;; esac
exec curl -fsk -o /dev/null --noproxy '*' --max-time 0.9 "$scheme://$host:$(value HAPROXY_PORT)/haproxy-health"
