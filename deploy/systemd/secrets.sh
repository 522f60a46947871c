#!/bin/sh
# Makes the secrets of a cluster that are not there yet. Once, on one host; the others get a copy of the folder.
#     sh secrets.sh [FOLDER]        by default /etc/hokm/secrets
set -eu
umask 022
folder=${1:-/etc/hokm/secrets}
mkdir -p "$folder"
# A service reads those of its group, by name.
chmod 711 "$folder"
umask 077
for name in cluster_secret ops_token stats_password sentinel_password \
  redis_password redis_admin_password redis_replica_password redis_sentinel_password; do
  [ -s "$folder/$name" ] || od -An -vtx1 -N24 /dev/urandom | tr -d ' \n' >"$folder/$name"
done
printf 'redis://hokm:%s@127.0.0.1:6379' "$(cat "$folder/redis_password")" >"$folder/redis_url"
printf 'STATS_USER=operator\nSTATS_PASSWORD=%s\n' "$(cat "$folder/stats_password")" >"$folder/haproxy.env"
