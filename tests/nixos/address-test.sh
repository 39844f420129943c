# Runs modules/address.sh with programs that answer what the case says in the place of ip, k3s and systemctl.
set -euo pipefail

script=$(cd "$(dirname "${BASH_SOURCE[0]}")/../../modules" && pwd)/address.sh
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/bin" "$work/run"
touch "$work/kubeconfig"

fake() { printf '#!/bin/sh\n%s\n' "$2" >"$work/bin/$1" && chmod +x "$work/bin/$1"; }
fake ip 'case "$*" in
*route*) for link in $ROUTES; do echo "default via 192.168.1.1 dev $link proto dhcp src 192.168.1.7 metric 100"; done ;;
*"dev eth0 "*) for has in $HAS; do echo "2: eth0    inet $has/24 brd 192.168.1.255 scope global dynamic eth0\       valid_lft 1s"; done ;;
*"dev eth1 "*) echo "3: eth1    inet 192.168.2.9/24 brd 192.168.2.255 scope global eth1\       valid_lft forever" ;;
*) echo "9: veth    inet ${OTHER:-169.254.7.7}/16 brd 169.254.255.255 scope global veth\       valid_lft forever" ;;
esac'
fake k3s '[ -n "$KNOWN" ] && printf %s "$KNOWN"'
fake systemctl 'case $1 in is-active) exit "$STOPPED" ;; *) echo "$*" >>"$CALLS" ;; esac'

# check WHAT ACTIVE(0 or 3) HAS KNOWN RESTARTS
check() {
  : >"$work/calls"
  PATH="$work/bin:$PATH" STOPPED=$2 HAS=$3 KNOWN=$4 CALLS="$work/calls" NODE=node1 \
    INTERFACE="${interface:-}" ROUTES="${routes:-eth0}" OTHER="${other:-}" \
    RUNTIME_DIRECTORY="$work/run" ETCD="$work/etcd" KUBELET_KUBECONFIG="$work/kubeconfig" bash "$script" >"$work/said"
  if [ "$(wc -l <"$work/calls")" != "$5" ]; then
    echo "$1: $(cat "$work/calls") $(cat "$work/said")" >&2
    exit 1
  fi
}

check "the same address" 0 192.168.1.7 192.168.1.7 0
check "k3s is starting" 3 192.168.1.8 192.168.1.7 0
check "the API does not answer" 0 192.168.1.8 "" 0
check "another address" 0 192.168.1.8 192.168.1.7 1
grep -q "changed from 192.168.1.7 to 192.168.1.8 on eth0" "$work/said"
check "a restart did not help" 0 192.168.1.8 192.168.1.7 0
grep -q "services.homelab.nodeIP" "$work/said"
check "it has come to agree" 0 192.168.1.8 192.168.1.8 0
check "and changes again" 0 192.168.1.7 192.168.1.8 1
rm "$work/run/restarted-for"

# A DHCP client that takes pods' links for networks gives them routes and addresses; k3s takes neither.
for link in veth1a2b cni0 flannel.1 docker0 virbr0 kube-ipvs0 br-0123456789ab; do
  routes="$link eth0" check "a default route by $link" 0 192.168.1.7 192.168.1.7 0
  routes="$link eth0" other=10.42.0.1 check "and an address on $link" 0 192.168.1.7 192.168.1.7 0
  routes=$link other=10.42.0.1 check "nothing but $link" 0 192.168.1.7 192.168.1.7 0
done
check "eth0 gave itself an address" 0 169.254.3.4 192.168.1.7 0
check "and has another one" 0 "169.254.3.4 192.168.1.7" 192.168.1.7 0
routes="veth1a2b eth0" check "a new address is seen beside them" 0 192.168.1.8 192.168.1.7 1
grep -q "changed from 192.168.1.7 to 192.168.1.8 on eth0" "$work/said"
rm "$work/run/restarted-for"
routes="eth0 eth1" check "the first route has no address, the second has" 0 "" 192.168.2.9 0
# A bridge of the owner's is a network like any other, and so is the interface that was named.
routes="br-lan eth1" other=192.168.1.7 check "a bridge of the LAN" 0 "" 192.168.1.7 0
interface=veth-lan routes=eth1 other=192.168.1.7 check "the interface that is set" 0 "" 192.168.1.7 0
mkdir "$work/etcd"
check "another address, with etcd" 0 192.168.1.9 192.168.1.7 0
grep -q -- "--cluster-reset" "$work/said"
check "the same with etcd, once more" 0 192.168.1.9 192.168.1.7 0
[ ! -s "$work/said" ]
check "the old address is back" 0 192.168.1.7 192.168.1.7 0
echo "restarted where it should, and nowhere else"
