# Runs modules/address.sh with programs that answer what the case says in the place of ip, k3s and systemctl.
set -euo pipefail

script=$(cd "$(dirname "${BASH_SOURCE[0]}")/../../modules" && pwd)/address.sh
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/bin" "$work/run"
touch "$work/kubeconfig"

fake() { printf '#!/bin/sh\n%s\n' "$2" >"$work/bin/$1" && chmod +x "$work/bin/$1"; }
fake ip 'case "$*" in *route*) echo "default via 192.168.1.1 dev eth0 proto dhcp src 192.168.1.7 metric 100" ;;
*) echo "2: eth0    inet $HAS/24 brd 192.168.1.255 scope global dynamic eth0\       valid_lft 1s" ;; esac'
fake k3s '[ -n "$KNOWN" ] && printf %s "$KNOWN"'
fake systemctl 'case $1 in is-active) exit "$STOPPED" ;; *) echo "$*" >>"$CALLS" ;; esac'

# check WHAT ACTIVE(0 or 3) HAS KNOWN RESTARTS
check() {
  : >"$work/calls"
  PATH="$work/bin:$PATH" STOPPED=$2 HAS=$3 KNOWN=$4 CALLS="$work/calls" INTERFACE='' NODE=node1 \
    RUNTIME_DIRECTORY="$work/run" KUBELET_KUBECONFIG="$work/kubeconfig" bash "$script" >"$work/said"
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
echo "restarted where it should, and nowhere else"
