# NixOS' firewall with the values of a golden file, for firewall-test.sh: the same tables, chains, hooks, priorities and
# order as nixpkgs has them in
#   nixos/modules/services/networking/firewall-iptables.nix at 0d953321a18cf484b637b9932f8b3040bbfb11e3
#   nixos/modules/services/networking/firewall-nftables.nix at 040b4eb6c33439c14b2ed3ff0660131bee4ef852
#   nixos/modules/services/networking/helpers.nix           at 14fd976016aee7e8a52f362b145a16947e111515
# without logging, temporary ports and exceptions for DHCP and containers. Port 22 is open, as services.openssh opens it.
# shellcheck shell=bash

# golden CASE FILTER: a value of the case
golden() { jq --raw-output "$2" "$here/eval/golden/$1.json"; }

# open_ports CASE: one line `LINK PROTOCOL PORT` for each port that NixOS' lists open; LINK is `-` for all
open_ports() {
  echo "- tcp 22"
  golden "$1" '.firewall
    | ([{key: "-", value: .}] + (.interfaces | to_entries))[]
    | .key as $link | .value
    | ("tcp \(.allowedTCPPorts[])", "udp \(.allowedUDPPorts[])")
    | "\($link) \(.)"'
}

# is_loose CASE: the check of the way back takes any link
is_loose() { [ "$(golden "$1" .firewall.checkReversePath)" = loose ]; }

# iptables_start CASE [without]: the script that starts the firewall; `without` leaves the module's own commands out
iptables_start() {
  cat <<'RULES'
for chain in nixos-fw nixos-fw-accept nixos-fw-refuse; do
  ip46tables -D INPUT -j nixos-fw 2>/dev/null || true
done
for chain in nixos-fw nixos-fw-accept nixos-fw-refuse; do ip46tables -F $chain 2>/dev/null || true; done
for chain in nixos-fw nixos-fw-accept nixos-fw-refuse; do ip46tables -X $chain 2>/dev/null || true; done
ip46tables -t mangle -D PREROUTING -j nixos-fw-rpfilter 2>/dev/null || true
ip46tables -t mangle -F nixos-fw-rpfilter 2>/dev/null || true
ip46tables -t mangle -X nixos-fw-rpfilter 2>/dev/null || true
ip46tables -N nixos-fw-accept
ip46tables -A nixos-fw-accept -j ACCEPT
ip46tables -N nixos-fw-refuse
ip46tables -A nixos-fw-refuse -j DROP
ip46tables -N nixos-fw
ip46tables -t mangle -N nixos-fw-rpfilter
ip46tables -t mangle -A nixos-fw-rpfilter -j DROP
ip46tables -t mangle -A PREROUTING -j nixos-fw-rpfilter
RULES
  echo "ip46tables -t mangle -I nixos-fw-rpfilter -m rpfilter --validmark $(is_loose "$1" && echo --loose) -j RETURN"
  for link in $(golden "$1" '.firewall.trustedInterfaces[]') lo; do
    echo "ip46tables -A nixos-fw -i $link -j nixos-fw-accept"
  done
  echo "ip46tables -A nixos-fw -m conntrack --ctstate ESTABLISHED,RELATED -j nixos-fw-accept"
  open_ports "$1" | while read -r link protocol port; do
    [ "$link" = - ] && link="" || link="-i $link"
    echo "ip46tables -A nixos-fw -p $protocol --dport $port -j nixos-fw-accept $link"
  done
  echo "iptables -w -A nixos-fw -p icmp --icmp-type echo-request -j nixos-fw-accept"
  echo "ip6tables -w -A nixos-fw -p icmpv6 -j nixos-fw-accept"
  [ "${2:-}" = without ] || golden "$1" .firewall.extraCommands
  echo "ip46tables -A nixos-fw -j nixos-fw-refuse"
  echo "ip46tables -A INPUT -j nixos-fw"
}

helpers='ip46tables() { iptables -w "$@"; ip6tables -w "$@"; }'

# load_iptables CASE [without]: what a reload does, which comes after each switch that changes the firewall. Until it is
# done, a rule of its own drops what comes in.
load_iptables() {
  {
    echo "$helpers"
    echo "ip46tables -N nixos-drop"
    echo "ip46tables -A nixos-drop -j DROP"
    echo "ip46tables -A INPUT -j nixos-drop"
    golden "$1" .firewall.extraStopCommands
    iptables_start "$@"
    echo "ip46tables -D INPUT -j nixos-drop"
    echo "ip46tables -F nixos-drop"
    echo "ip46tables -X nixos-drop"
  } >"$work/iptables.sh"
  in_place node bash -e "$work/iptables.sh"
}

# unload_iptables CASE: what stopping the service does
unload_iptables() {
  {
    echo "$helpers"
    echo "ip46tables -D INPUT -j nixos-fw"
    echo "ip46tables -t mangle -D PREROUTING -j nixos-fw-rpfilter"
    golden "$1" .firewall.extraStopCommands
  } >"$work/iptables.sh"
  in_place node bash -e "$work/iptables.sh"
}

# load_nftables CASE [without]: all tables anew; those of a case before go, as NixOS deletes what it made
load_nftables() {
  local own=yes link
  [ "${2:-}" = without ] && own=no
  {
    in_place node nft list tables | sed -n 's/^table \(inet .*\)$/delete table \1/p'
    echo "table inet nixos-fw {"
    cat <<'RULES'
  chain rpfilter {
    type filter hook prerouting priority mangle + 10; policy drop;
RULES
    echo "fib saddr . mark $(is_loose "$1" || echo '. iif') oif exists accept"
    cat <<'RULES'
  }
  chain input {
    type filter hook input priority filter; policy drop;
RULES
    echo "iifname { $(golden "$1" '.firewall.trustedInterfaces + ["lo"] | map("\"\(.)\"") | join(", ")') } accept"
    cat <<'RULES'
    ct state vmap { invalid : drop, established : accept, related : accept, new : jump input-allow, untracked : jump input-allow }
  }
  chain input-allow {
RULES
    open_ports "$1" | while read -r link protocol port; do
      [ "$link" = - ] && link="" || link="iifname $link"
      echo "$link $protocol dport { $port } accept"
    done
    echo "icmp type echo-request accept"
    echo "icmpv6 type != { nd-redirect, 139 } accept"
    [ $own = no ] || golden "$1" .firewall.extraInputRules
    echo "}"
    if [ "$(golden "$1" .firewall.filterForward)" = true ]; then
      cat <<'RULES'
  chain forward {
    type filter hook forward priority filter; policy drop;
    ct state vmap { invalid : drop, established : accept, related : accept, new : jump forward-allow, untracked : jump forward-allow }
  }
  chain forward-allow {
    icmpv6 type != { router-renumbering, 139 } accept
    ct status dnat accept
RULES
      [ $own = no ] || golden "$1" .firewall.extraForwardRules
      echo "}"
    fi
    echo "}"
    [ $own = no ] || golden "$1" '.nftables | to_entries[] | "table \(.value.family) \(.key) {\n\(.value.content)\n}"'
  } >"$work/ruleset.nft"
  in_place node nft -f "$work/ruleset.nft"
}
