#!/bin/bash
# radosgw.sh DIR PORT ACCESS SECRET [CERTIFICATE KEY]: Ceph's S3 server on 127.0.0.1:PORT, path-style, its objects in memory; with TLS if it
# is given a certificate and its key, as PEM files.
# Answers leave at once (tcp_nodelay): else a small body waits 40 ms for the acknowledgement of its headers, as at no S3 of the world.
# Uses the ports PORT (S3), PORT+1 (monitor), PORT+2 … PORT+21 (storage), and nothing outside of DIR, which must not exist.
#
# Says "ready" when it can be asked, then obeys one word a line: "kill" ends the S3 server at once and says "killed",
# "start" starts it again with its data and says "ready". Ends all that it started when its input ends, and so with whoever started it.
set -u
dir=$1 port=$2 access=$3 secret=$4
listen=endpoint=127.0.0.1:$port
[ $# -gt 4 ] && listen="ssl_endpoint=127.0.0.1:$port ssl_certificate=$5 ssl_private_key=$6"
mkdir -p "$dir"/{mon,osd,rgw,run} && cd "$dir" || exit 1
dir=$PWD

fail() { printf '%s\n' "$*"; exit 1; }

end() { # NAME: ends a process that was started here
    [ -f "$1.pid" ] || return 0
    kill -9 "$(cat "$1.pid")" 2>/dev/null
    while kill -0 "$(cat "$1.pid")" 2>/dev/null; do sleep 0.02; done
    rm -f "$1.pid"
}
trap 'end rgw; end osd; end mon' EXIT
trap 'exit 1' TERM INT HUP

answers() { (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; }

start_rgw() {
    radosgw -c "$dir/ceph.conf" -f -n client.rgw </dev/null >rgw.out 2>&1 &
    echo $! >rgw.pid
    disown
    for _ in $(seq 400); do
        answers && echo ready && return 0
        kill -0 "$(cat rgw.pid)" 2>/dev/null || break
        sleep 0.05
    done
    fail "radosgw did not start: $(tail -n 3 rgw.out)"
}

cat >ceph.conf <<CONF
[global]
fsid = $(cat /proc/sys/kernel/random/uuid)
mon_host = v1:127.0.0.1:$((port + 1))
public_addr = 127.0.0.1
cluster_addr = 127.0.0.1
ms_bind_msgr2 = false
ms_bind_port_min = $((port + 2))
ms_bind_port_max = $((port + 21))
auth_cluster_required = none
auth_service_required = none
auth_client_required = none
auth_allow_insecure_global_id_reclaim = true
run_dir = $dir/run
admin_socket = $dir/run/\$name.\$pid.asok
log_file = $dir/\$name.log
mon_data = $dir/mon
osd_data = $dir/osd
rgw_data = $dir/rgw
keyring = $dir/keyring
mon_data_avail_crit = 1
paxos_propose_interval = 0.05
paxos_min_wait = 0.01
mon_allow_pool_size_one = true
mon_max_pg_per_osd = 1000
osd_pool_default_size = 1
osd_pool_default_min_size = 1
osd_pool_default_pg_num = 1
osd_pool_default_pgp_num = 1
osd_pool_default_pg_autoscale_mode = off
osd_crush_chooseleaf_type = 0
osd_class_dir = $(ls -d /usr/lib/*/rados-classes | head -n 1)
osd_objectstore = memstore
memstore_device_bytes = 4294967296
rgw_gc_obj_min_wait = 1
rgw_gc_processor_period = 1
rgw_gc_processor_max_time = 1
osd_numa_auto_affinity = false
rgw_frontends = beast $listen tcp_nodelay=1
CONF
: >keyring
fsid=$(sed -n 's/^fsid = //p' ceph.conf) osd=$(cat /proc/sys/kernel/random/uuid)

monmaptool --create --fsid "$fsid" --addv a "[v1:127.0.0.1:$((port + 1))]" monmap >/dev/null || fail "no monitor map"
ceph-mon -c ceph.conf --mkfs -i a --monmap monmap >mon.out 2>&1 || fail "no monitor: $(tail -n 3 mon.out)"
ceph-mon -c "$dir/ceph.conf" -f -i a --public-addrv "[v1:127.0.0.1:$((port + 1))]" </dev/null >mon.out 2>&1 &
echo $! >mon.pid
disown # the shell does not announce its end
timeout 60 ceph -c ceph.conf osd new "$osd" 0 </dev/null >new.out 2>&1 || fail "the monitor does not answer: $(tail -n 3 new.out mon.out)"

# A storage daemon that comes early can lose a race with the newborn monitor ('wrong fsid'): then it is started again.
booted=
for _ in 1 2 3 4 5; do
    rm -rf osd && mkdir osd && : >osd.0.log
    ceph-osd -c "$dir/ceph.conf" -i 0 --mkfs --osd-uuid "$osd" >mkfs.out 2>&1 || continue
    ceph-osd -c "$dir/ceph.conf" -f -i 0 </dev/null >osd.out 2>&1 &
    echo $! >osd.pid
    disown
    for _ in $(seq 400); do
        kill -0 "$(cat osd.pid)" 2>/dev/null || break
        grep -q start_boot osd.0.log && booted=yes && break 2
        sleep 0.05
    done
done
[ -n "$booted" ] || fail "no storage daemon: $(tail -n 3 osd.out mkfs.out)"
timeout 120 radosgw-admin -c ceph.conf user create --uid=test --display-name=test --access-key="$access" --secret-key="$secret" --max-buckets=0 >user.json 2>user.err || fail "no user: $(tail -n 3 user.err)"
start_rgw

while read -r word; do
    case $word in
        kill) end rgw && echo killed ;;
        start) start_rgw ;;
        *) echo "unknown word: $word" ;;
    esac
done
