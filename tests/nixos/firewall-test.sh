#!/usr/bin/env bash
# Where ports answer, seen from network namespaces: the rules that the module writes (eval/golden) among NixOS' own
# (nixos-firewall.sh), with ports 80 and 443 handed to a pod as k3s' port mapping does it. Needs root, iptables, nftables,
# jq and python3. Makes namespaces with names of its own and removes them.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
work=$(mktemp -d)
id=homelab-fw-$$
places="node lan wan vpn pod peer cilium"
servers=()
looks=0
asking=()
# shellcheck source=tests/nixos/nixos-firewall.sh
source "$here/nixos-firewall.sh"

clean_up() {
  for pid in "${servers[@]}"; do kill "$pid" 2>/dev/null || true; done
  wait 2>/dev/null || true
  for place in $places; do ip netns delete "$id-$place" 2>/dev/null || true; done
  rm -rf "$work"
}
trap clean_up EXIT

in_place() { nsenter --net="/run/netns/$id-$1" -- "${@:2}"; }

# link NODE_END PLACE ADDRESSES_OF_THE_NODE ADDRESSES_OF_THE_PLACE: a wire between the node and a place
link() {
  local address
  in_place node ip link add "$1" type veth peer name "n-$1" netns "$id-$2"
  in_place node ip link set "$1" up
  in_place "$2" ip link set "n-$1" up
  for address in $3; do add_address node "$1" "$address"; done
  for address in $4; do add_address "$2" "n-$1" "$address"; done
}

# add_address PLACE LINK ADDRESS
add_address() {
  case $3 in
  *:*) in_place "$1" ip -6 address add "$3" dev "$2" nodad ;;
  *) in_place "$1" ip address add "$3" dev "$2" ;;
  esac
}

build() {
  local place
  for place in $places; do
    ip netns add "$id-$place"
    in_place "$place" ip link set lo up
  done
  in_place node sh -c 'echo 1 >/proc/sys/net/ipv4/ip_forward; echo 1 >/proc/sys/net/ipv6/conf/all/forwarding'
  link enp1s0 lan "192.168.1.11/24 fd00:1::11/64" "192.168.1.10/24 192.168.1.66/24 fd00:1::10/64 fd00:1::66/64"
  link enp2s0 wan "192.168.2.11/24 fd00:2::11/64" "192.168.2.10/24 fd00:2::10/64"
  link wg0 vpn "192.168.3.11/24" "192.168.3.10/24"
  # The links of two kinds of tunnel to the pods of another node.
  link flannel.1 peer "10.42.1.1/24" "10.42.1.5/24"
  link flannel-wg peer "10.42.2.1/24" "10.42.2.5/24"
  # A pod of Cilium: what it sends comes by a link of its own, and what goes to it by the host's. The kernel's own check of
  # that is off, as Cilium turns it off.
  link lxc0a1b2c cilium "" ""
  link cilium_host cilium "10.42.3.1/24" "10.42.3.5/32"
  in_place node sh -c 'for link in all default lxc0a1b2c; do echo 0 >/proc/sys/net/ipv4/conf/$link/rp_filter; done'
  in_place cilium sh -c 'for link in /proc/sys/net/ipv4/conf/*; do echo 0 >$link/rp_filter; done'
  in_place cilium ip route add 10.42.3.1 dev n-lxc0a1b2c src 10.42.3.5
  in_place cilium ip route add default via 10.42.3.1 dev n-lxc0a1b2c src 10.42.3.5
  in_place node ip link add cni0 type bridge
  in_place node ip link set cni0 up
  link vethpod pod "" "10.42.0.5/24 fd42::5/64"
  in_place node ip link set vethpod master cni0
  in_place node ip link set vethpod type bridge_slave hairpin on
  add_address node cni0 10.42.0.1/24
  add_address node cni0 fd42::1/64
  in_place pod ip route add default via 10.42.0.1
  in_place pod ip -6 route add default via fd42::1
  in_place lan ip route add default via 192.168.1.11
  in_place wan ip route add default via 192.168.2.11
  in_place peer ip route add 10.42.0.0/24 via 10.42.2.1
  in_place peer ip route add 192.168.1.11 via 10.42.1.1
  in_place peer ip route add 10.42.0.1 via 10.42.1.1
}

# What the CNI plugin portmap does for `hostPort` (containernetworking/plugins be65b5b, plugins/meta/portmap/portmap_iptables.go):
# its chains joined in one, and the mark that lets a pod reach itself so.
map_ports() {
  local tables pod pods
  for tables in iptables ip6tables; do
    case $tables in
    iptables) pod=10.42.0.5 pods=10.42.0.0/16 ;;
    ip6tables) pod=[fd42::5] pods=fd42::/64 ;;
    esac
    in_place node sh -e -s "$tables" "$pod" "$pods" <<'RULES'
      nat() { "$tables" -w -t nat "$@"; }
      tables=$1 pod=$2 pods=$3
      nat -N CNI-HOSTPORT-DNAT
      for port in 80 443; do
        nat -A CNI-HOSTPORT-DNAT -p tcp --dport $port -s "$pods" -j MARK --set-xmark 0x2000/0x2000
        nat -A CNI-HOSTPORT-DNAT -p tcp --dport $port -j DNAT --to-destination "$pod:$port"
      done
      nat -A PREROUTING -m addrtype --dst-type LOCAL -j CNI-HOSTPORT-DNAT
      nat -A OUTPUT -m addrtype --dst-type LOCAL -j CNI-HOSTPORT-DNAT
      nat -A POSTROUTING -m mark --mark 0x2000/0x2000 -j MASQUERADE
RULES
  done
}

cat >"$work/serve.py" <<'PYTHON'
import socket, sys, threading
def talk(connection):
    with connection:
        for line in connection.makefile("rb"):
            connection.sendall(line)
def tcp(server):
    while True:
        threading.Thread(target=talk, args=(server.accept()[0],), daemon=True).start()
def udp(server):
    while True:
        data, sender = server.recvfrom(100)
        server.sendto(data, sender)
for word in sys.argv[2:]:
    kind, port = word.split(":")
    stream = kind == "tcp"
    server = socket.socket(socket.AF_INET6, socket.SOCK_STREAM if stream else socket.SOCK_DGRAM)
    server.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    server.bind(("::", int(port)))
    if stream:
        server.listen()
    threading.Thread(target=tcp if stream else udp, args=(server,), daemon=True).start()
open(sys.argv[1], "w").close()
threading.Event().wait()
PYTHON

# Asks for an echo; with a file to wait for, holds the connection until that is there and asks again.
cat >"$work/ask.py" <<'PYTHON'
import os, socket, sys, time
kind, host, port, source, patience, hold = sys.argv[1:]
family = socket.AF_INET6 if ":" in host else socket.AF_INET
client = socket.socket(family, socket.SOCK_STREAM if kind == "tcp" else socket.SOCK_DGRAM)
client.settimeout(float(patience))
if source:
    client.bind((source, 0))
try:
    client.connect((host, int(port)))
    def echo():
        client.sendall(b"x\n")
        if client.recv(10) != b"x\n":
            sys.exit(1)
    echo()
    if hold:
        open(hold + ".held", "w").close()
        end = time.monotonic() + 300
        while not os.path.exists(hold) and time.monotonic() < end:
            time.sleep(0.02)
        echo()
except OSError:
    sys.exit(1)
PYTHON

# Tries to connect all the time, until the file is there; fails if one attempt succeeds.
cat >"$work/knock.py" <<'PYTHON'
import os, socket, sys
host, port, end = sys.argv[1:]
open(end + ".held", "w").close()
tries = 0
while not os.path.exists(end):
    tries += 1
    with socket.socket() as client:
        client.settimeout(0.02)
        if client.connect_ex((host, int(port))) == 0:
            sys.exit(1)
sys.exit(0 if tries > 5 else 1)
PYTHON

# serve PLACE PORTS...
serve() {
  nsenter --net="/run/netns/$id-$1" -- python3 "$work/serve.py" "$work/$1.ready" "${@:2}" &
  servers+=($!)
  appears "$work/$1.ready"
}

# appears FILE: within a minute
appears() {
  local _
  for _ in $(seq 1200); do
    [ -e "$1" ] && return
    sleep 0.05
  done
  echo "$1 did not appear" >&2
  exit 1
}

# ask PLACE KIND:PORT ADDRESS SOURCE SECONDS
ask() { in_place "$1" python3 "$work/ask.py" "${2%:*}" "$3" "${2#*:}" "$4" "$5" "" 2>/dev/null; }

# yes PLACE KIND:PORT ADDRESS [SOURCE]: an answer must come, on a busy machine after a while
yes() {
  looks=$((looks + 1))
  { ask "$1" "$2" "$3" "${4:-}" 10 || wrong "$1${4:+ ($4)} gets no answer from $3 at $2"; } &
  asking+=($!)
}

# no PLACE KIND:PORT ADDRESS [SOURCE]
no() {
  looks=$((looks + 1))
  { if ask "$1" "$2" "$3" "${4:-}" 0.4; then wrong "$1${4:+ ($4)} gets an answer from $3 at $2"; fi; } &
  asking+=($!)
}

# Looks go side by side, under the same rules: other rules, and other words for them, come when all have an answer.
answered() {
  # Without a word, `wait` would wait for the servers.
  if [ ${#asking[@]} -gt 0 ]; then wait "${asking[@]}"; fi
  asking=()
}

# rules COMMAND...: changes them
rules() {
  answered
  "$@"
}

wrong() {
  echo "$now: $1" | tee -a "$work/wrong" >&2
}

# Ports that must answer whatever is said of 80 and 443: ssh from everywhere, and what is only passed on to others.
others_answer() {
  yes lan tcp:22 192.168.1.11
  yes wan tcp:22 192.168.2.11
  yes lan tcp:22 fd00:1::11
  yes pod tcp:6443 10.42.0.1
  yes pod tcp:80 192.168.2.10
}

# The machine itself, its pods and those of other nodes, at the node's address of the LAN.
insiders_answer() {
  local port
  for port in 80 443; do
    yes node tcp:$port 192.168.1.11
    yes pod tcp:$port 192.168.1.11
    yes peer tcp:$port 192.168.1.11
  done
}

# A program on the node itself (`local`), whose port is opened nowhere: pods of every node reach it at the bridge of the
# node's own pods, and nobody else does, not even with the node as the router.
local_answers_pods() {
  yes pod tcp:8096 10.42.0.1
  yes peer tcp:8096 10.42.0.1
  no lan tcp:8096 192.168.1.11
  no lan tcp:8096 10.42.0.1
  no wan tcp:8096 10.42.0.1
}

# web yes|no PLACE NETWORK: both ports, both families
web() {
  local port
  for port in 80 443; do
    "$1" "$2" tcp:$port "192.168.$3.11"
    "$1" "$2" tcp:$port "fd00:$3::11"
  done
}

say() {
  answered
  now=$1
  echo "- $1"
}

build
map_ports
serve node tcp:22 tcp:4240 tcp:6443 tcp:8096 tcp:10250 udp:8472 udp:51820 udp:51821
serve pod tcp:80 tcp:443 tcp:9000
serve wan tcp:80 tcp:443 tcp:8080
serve peer tcp:9000

say "iptables: without the module's rules, closed ports are open (what this is about)"
rules load_iptables closed without
web yes lan 1
web yes wan 2

say "iptables, minimal: 80 and 443 answer everywhere, the cluster's ports nowhere"
rules load_iptables minimal
web yes lan 1
web yes wan 2
others_answer
insiders_answer
local_answers_pods
no lan tcp:6443 192.168.1.11
no lan udp:8472 192.168.1.11

say "iptables, openFirewall = false: what was open before stays, nothing new comes"
in_place wan python3 "$work/ask.py" tcp 192.168.2.11 443 "" 10 "$work/go" &
held=$!
appears "$work/go.held"
rules load_iptables closed
touch "$work/go"
wait "$held" || wrong "a connection that was open was cut"
web no lan 1
web no wan 2
others_answer
insiders_answer
local_answers_pods
yes lan tcp:80 192.168.2.10

say "iptables, reloaded: not open for a moment"
in_place wan python3 "$work/knock.py" 192.168.2.11 80 "$work/knock" &
knocking=$!
appears "$work/knock.held"
rules load_iptables closed
rules load_iptables closed
touch "$work/knock"
wait "$knocking" || wrong "a reload opened the port for a moment"

say "iptables, stopped: the module's chain goes, and so it does with a switch back to minimal"
rules unload_iptables closed
web yes wan 2
rules load_iptables closed
web no wan 2
rules load_iptables minimal
web yes wan 2

say "iptables, interface (agent): only there, and the cluster's ports too"
rules load_iptables agent
web yes lan 1
web no wan 2
# The node's other address through the LAN's link, and the LAN's through the other: the link counts, not the address.
yes lan tcp:80 192.168.2.11
no wan tcp:80 192.168.1.11
others_answer
insiders_answer
local_answers_pods
yes lan tcp:10250 192.168.1.11
yes lan udp:8472 192.168.1.11
no wan tcp:10250 192.168.2.11
no wan udp:8472 192.168.2.11

say "iptables, clusterFirewall.nodes (second-server): the cluster's ports for these alone"
rules load_iptables second-server
web yes wan 2
yes lan tcp:6443 192.168.1.11 192.168.1.10
yes lan udp:8472 192.168.1.11 192.168.1.10
yes lan udp:8472 fd00:1::11 fd00:1::10
no lan tcp:6443 192.168.1.11 192.168.1.66
no lan udp:8472 192.168.1.11 192.168.1.66
no lan udp:8472 fd00:1::11 fd00:1::66
no wan udp:8472 192.168.2.11
rules unload_iptables second-server

say "iptables, Cilium, the cluster's ports for other nodes alone (cilium): its pods pass, by whatever link they go back"
rules load_iptables cilium
web yes wan 2
yes cilium tcp:6443 192.168.1.11
yes cilium tcp:8096 10.42.3.1
yes cilium tcp:8080 192.168.2.10
yes lan tcp:4240 192.168.1.11 192.168.1.10
yes lan udp:8472 192.168.1.11 192.168.1.10
no lan tcp:4240 192.168.1.11 192.168.1.66
no lan udp:8472 192.168.1.11 192.168.1.66
no wan tcp:4240 192.168.2.11
no lan tcp:8096 192.168.1.11

say "iptables, Cilium on an agent, with the plugin portmap (cilium-agent): 80 and 443 on one interface, and for pods"
rules load_iptables cilium-agent
web yes lan 1
web no wan 2
yes cilium tcp:80 192.168.1.11
yes cilium tcp:10250 192.168.1.11
yes lan tcp:4240 192.168.1.11
no wan tcp:4240 192.168.2.11
rules unload_iptables cilium-agent

say "nftables: without the module's rules, closed ports are open, and filterForward cuts pods off"
rules load_nftables everything without
web yes lan 1
rules load_nftables filtered without
no pod tcp:8080 192.168.2.10
no pod tcp:9000 10.42.2.5

say "nftables, openFirewall = false, the cluster's ports on another interface (everything)"
rules load_nftables everything
web no lan 1
web no wan 2
others_answer
insiders_answer
local_answers_pods
yes lan tcp:80 192.168.2.10
yes wan tcp:6443 192.168.2.11
yes wan udp:8472 192.168.2.11
no lan tcp:6443 192.168.1.11
no lan udp:8472 192.168.1.11

say "nftables, interface, filterForward, wireguard-native (filtered): pods pass, strangers do not"
rules load_nftables filtered
web yes lan 1
web no wan 2
yes lan tcp:22 192.168.1.11
yes pod tcp:6443 10.42.0.1
yes pod tcp:8080 192.168.2.10
yes pod tcp:80 192.168.1.11
yes pod tcp:9000 10.42.2.5
yes peer tcp:9000 10.42.0.5 10.42.2.5
no wan tcp:9000 10.42.0.5
no lan tcp:8080 192.168.2.10
yes lan udp:51820 192.168.1.11
yes wan udp:51821 192.168.2.11
no lan udp:8472 192.168.1.11

say "nftables, Cilium, filterForward (cilium-filtered): its pods pass, strangers do not"
rules load_nftables cilium-filtered
web yes lan 1
web no wan 2
yes cilium tcp:6443 192.168.1.11
yes cilium tcp:8096 10.42.3.1
yes cilium tcp:8080 192.168.2.10
yes cilium tcp:80 192.168.1.11
yes lan tcp:4240 192.168.1.11
yes lan udp:8472 192.168.1.11
no wan tcp:4240 192.168.2.11
no wan udp:8472 192.168.2.11
no lan tcp:8096 192.168.1.11
no lan tcp:8080 192.168.2.10

say "nftables, ports opened by hand (opened-by-hand): one for all, one for a tunnel"
rules load_nftables opened-by-hand
yes lan tcp:80 192.168.1.11
yes wan tcp:80 192.168.2.11
no lan tcp:443 192.168.1.11
no wan tcp:443 192.168.2.11
yes vpn tcp:443 192.168.3.11
yes lan tcp:6443 192.168.1.11
no wan tcp:6443 192.168.2.11
others_answer
insiders_answer
local_answers_pods

answered
if [ -e "$work/wrong" ]; then exit 1; fi
echo "$looks looks: every port answers where the options say, and nowhere else"
