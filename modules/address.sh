# Restarts k3s when this machine has another address than the one under which the cluster knows it.
# k3s reads the address once, when it starts; with DHCP it can change at any time.
# INTERFACE and NODE may be empty: then it is the default route's interface, as k3s chooses it, and the host name.
set -eu

kubeconfig=${KUBELET_KUBECONFIG:-/var/lib/rancher/k3s/agent/kubelet.kubeconfig}
etcd=${ETCD:-/var/lib/rancher/k3s/server/db/etcd}
marker=$RUNTIME_DIRECTORY/restarted-for

# While k3s is starting it reads the address anyway.
[ -e "$kubeconfig" ] && systemctl is-active --quiet k3s || exit 0

# The links of the default routes, in their order, of which k3s takes the first with a usable address. Links of pods and
# containers are none: a DHCP client that takes them for a network gives them such a route.
candidates() {
  ip -4 -o route show default | sed -n 's/.* dev \([^ ]*\).*/\1/p' |
    grep -Ev '^(veth|cni|flannel|kube-|docker|virbr)|^br-[0-9a-f]{12}$' || true
}
# Without 169.254.0.0/16, which k3s does not take either: it is what a link gives itself when nobody answers.
addresses_of() {
  ip -4 -o address show dev "$1" scope global | sed -n '/ inet 169\.254\./d; s/.* inet \([0-9.]*\).*/\1/p'
}

addresses=
for interface in ${INTERFACE:-$(candidates)}; do
  addresses=$(addresses_of "$interface")
  [ -z "$addresses" ] || break
done
[ -n "$addresses" ] || exit 0

node=${NODE:-$(tr '[:upper:]' '[:lower:]' </proc/sys/kernel/hostname)}
known=$(k3s kubectl --kubeconfig "$kubeconfig" --request-timeout=10s get node "$node" \
  -o 'jsonpath={.status.addresses[?(@.type=="InternalIP")].address}') || exit 0
[ -n "$known" ] || exit 0

for address in $addresses; do
  for one in $known; do
    if [ "$address" = "$one" ]; then
      rm -f "$marker"
      exit 0
    fi
  done
done

# etcd knows its members by address, and k3s does not start under another one (k3s-io/k3s#6524). Until then it goes on.
if [ -d "$etcd" ]; then
  if [ ! -e "$marker" ] || [ "$(cat "$marker")" != "$addresses" ]; then
    echo "the address changed from $known to $addresses on $interface, and k3s here keeps its data in etcd, which does not" \
      "start under another address: nothing is restarted. Give this machine $known back (a fixed lease in the router, or" \
      "services.homelab.nodeIP). If that cannot be: systemctl stop k3s, run the command of 'systemctl cat k3s' once with" \
      "--cluster-reset at its end, systemctl start k3s; further servers then have to join anew."
    printf '%s\n' "$addresses" >"$marker"
  fi
  exit 0
fi

# Once for each new address: where a restart does not help, restarting for ever would only do harm.
if [ -e "$marker" ] && [ "$(cat "$marker")" = "$addresses" ]; then
  echo "$interface has $addresses, the cluster knows $known, and a restart of k3s did not change that." \
    "Is --node-ip set somewhere? services.homelab.nodeIP pins the address."
  exit 0
fi
printf '%s\n' "$addresses" >"$marker"
echo "the address changed from $known to $addresses on $interface; restarting k3s." \
  "services.homelab.nodeIP pins the address."
systemctl restart k3s
