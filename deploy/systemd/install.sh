#!/bin/sh
# Puts units and settings of one host of three in place. A file of settings that is there already stays as it is.
#     sh install.sh --self ADDRESS --hosts FIRST,SECOND,THIRD --address PLAYERS/LENGTH --interface NAME [--root FOLDER]
# Redis and Sentinel run on all three, the first Redis begins as primary; the first two have a HAProxy. --root: for an image, or a test.
set -eu
umask 022
here=$(cd "$(dirname "$0")" && pwd)
self='' hosts='' address='' interface='' root=''
fail() {
  echo "install.sh: $1" >&2
  exit 1
}
while [ $# -gt 0 ]; do
  [ $# -gt 1 ] || fail "$1 needs a value"
  case $1 in
  --self) self=$2 ;;
  --hosts) hosts=$2 ;;
  --address) address=$2 ;;
  --interface) interface=$2 ;;
  --root) root=$2 ;;
  *) fail "unknown option $1" ;;
  esac
  shift 2
done
for value in "$self" "$hosts" "$address" "$interface"; do
  case $value in '' | *[!0-9A-Za-z.,/_-]*) fail '--self, --hosts, --address and --interface are all needed' ;; esac
done
IFS=, read -r host1 host2 host3 rest <<HOSTS
$hosts
HOSTS
[ -n "$host3" ] && [ -z "$rest" ] || fail '--hosts takes three addresses'
case $self in
"$host1") number=1 other=$host2 priority=100 ;;
"$host2") number=2 other=$host1 priority=90 ;;
"$host3") number=3 other='' priority=0 ;;
*) fail '--self is none of --hosts' ;;
esac

secrets=$root/etc/hokm/secrets
[ -s "$secrets/redis_url" ] || fail "$secrets is empty: secrets.sh makes it on the first host, the others get a copy"
secret() { cat "$secrets/$1"; }
hash() { secret "$1" | sha256sum | cut -d ' ' -f 1; }

for name in redis_password redis_admin_password redis_replica_password redis_sentinel_password sentinel_password; do
  [ -s "$secrets/$name" ] || fail "$secrets/$name is missing"
done
# It holds a hash, no password.
user=$(node "$here/../../dist/deploy/hokm/main.js" redis acl --password-file "$secrets/redis_password" |
  sed -e 's/^ACL SETUSER /user /' -e 's/[&|\\]/\\&/g')
[ -n "$user" ] || fail 'hokm redis acl has printed nothing'
follows='# The first one begins as primary.'
[ "$number" -eq 1 ] || follows="replicaof $host1 6379"

# The passwords go through no command line: ps would show them.
script=$(mktemp)
trap 'rm -f "$script"' EXIT
chmod 600 "$script"
cat >"$script" <<SED
s|@SELF@|$self|g
s|@HOST1@|$host1|g
s|@HOST2@|$host2|g
s|@HOST3@|$host3|g
s|@OTHER@|$other|g
s|@NUMBER@|$number|g
s|@OTHER_NUMBER@|$((3 - number))|g
s|@PRIORITY@|$priority|g
s|@ADDRESS@|$address|g
s|@INTERFACE@|$interface|g
s|@HOKM_USER@|$user|g
s|@REPLICAOF@|$follows|g
s|@ADMIN_SHA256@|$(hash redis_admin_password)|g
s|@REPLICA_SHA256@|$(hash redis_replica_password)|g
s|@SENTINEL_SHA256@|$(hash redis_sentinel_password)|g
s|@REPLICA_PASSWORD@|$(secret redis_replica_password)|g
s|@SENTINEL_USER_PASSWORD@|$(secret redis_sentinel_password)|g
s|@SENTINEL_PASSWORD@|$(secret sentinel_password)|g
SED

# put SOURCE TARGET [MODE]
put() {
  if [ -e "$root$2" ]; then
    echo "kept     $2"
    return
  fi
  mkdir -p "$(dirname "$root$2")"
  (umask 077 && sed -f "$script" "$here/$1" >"$root$2.new")
  chmod "${3:-644}" "$root$2.new"
  mv "$root$2.new" "$root$2"
  echo "written  $2"
}

# Units are the release's: always those of this one.
mkdir -p "$root/etc/systemd/system" "$root/etc/sysusers.d"
cp "$here"/units/* "$root/etc/systemd/system/"
cp "$here/users.conf" "$root/etc/sysusers.d/hokm.conf"

for name in cluster game autoscaler; do put "env/$name.env" "/etc/hokm/$name.env"; done
put env/log-level /etc/hokm/log-level
put policy.yaml /etc/hokm/policy.yaml
put pool/hosts /etc/hokm/pool/hosts
put firewall.nft /etc/hokm/firewall.nft
if [ "$number" -lt 3 ]; then
  for name in haproxy controller; do put "env/$name.env" "/etc/hokm/$name.env"; done
  put keepalived/keepalived.conf /etc/keepalived/keepalived.conf 600
fi

put redis/redis.conf /var/lib/hokm-redis/redis.conf 600
put redis/users.acl /var/lib/hokm-redis/users.acl 600
put redis/sentinel.conf /var/lib/hokm-sentinel/sentinel.conf 600

[ -z "$root" ] || exit 0
systemd-sysusers
chown -R redis:redis /var/lib/hokm-redis /var/lib/hokm-sentinel
chgrp hokm-redis "$secrets/redis_url" "$secrets/sentinel_password"
chgrp hokm "$secrets/cluster_secret" "$secrets/ops_token"
chmod 640 "$secrets/redis_url" "$secrets/sentinel_password" "$secrets/cluster_secret" "$secrets/ops_token"
systemctl daemon-reload
