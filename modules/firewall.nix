# The firewall stays on. What the lab needs passes, and ports 80 and 443 answer where NixOS' own options say so.
#
# k3s hands ports 80 and 443 to the ingress by DNAT in PREROUTING (the CNI plugin portmap), and NixOS' firewall filters in
# INPUT, where such a packet never comes: alone, it closes neither. So a chain before DNAT (mangle comes before dstnat, and
# after connection tracking) drops what those options do not open. It looks at new connections to this machine's own
# addresses and these two ports, and at nothing else.
{ config, lib, ... }:
let
  inherit (lib) mkIf optionals;
  cfg = config.services.homelab;
  facts = import ./facts.nix cfg;
  inherit (config.networking) firewall;
  inherit (cfg.clusterFirewall) interface nodes;
  # An option since 26.05.
  backend =
    firewall.backend or (if config.networking.nftables.enable or false then "nftables" else "iptables");
  isIptables = firewall.enable && backend == "iptables";
  isNftables = firewall.enable && backend == "nftables";

  web = [
    80
    443
  ];
  opens =
    where: port:
    lib.elem port where.allowedTCPPorts
    || lib.any (range: range.from <= port && port <= range.to) where.allowedTCPPortRanges;
  guarded = lib.filter (port: !opens firewall port) web;
  # Where a port answers that is not open everywhere.
  links =
    port:
    lib.sort lib.lessThan (
      lib.unique (
        [ "lo" ]
        ++ firewall.trustedInterfaces
        ++ lib.attrNames (lib.filterAttrs (_: where: opens where port) firewall.interfaces)
      )
    );
  quoted = names: lib.concatMapStringsSep ", " (name: ''"${name}"'') names;

  rules = lib.concatMapStrings (
    port:
    lib.concatMapStrings (link: ''
      ip46tables -t mangle -A homelab-web-new -p tcp --dport ${toString port} -i ${link} -j RETURN
    '') (links port)
    + ''
      ip46tables -t mangle -A homelab-web-new -p tcp --dport ${toString port} -j DROP
    ''
  ) guarded;
  forget = chain: ''
    ip46tables -t mangle -D PREROUTING -p tcp -j ${chain} 2> /dev/null || true
    ip46tables -t mangle -F ${chain} 2> /dev/null || true
    ip46tables -t mangle -X ${chain} 2> /dev/null || true
  '';
  # The old chain goes when the new one is in its place. Without ports to close it goes, too: after a switch nothing else
  # would remove it.
  iptablesStart =
    forget "homelab-web-new"
    + lib.optionalString (guarded != [ ]) (
      ''
        ip46tables -t mangle -N homelab-web-new
        ip46tables -t mangle -A homelab-web-new -m addrtype ! --dst-type LOCAL -j RETURN
        ip46tables -t mangle -A homelab-web-new -m conntrack --ctstate ESTABLISHED,RELATED -j RETURN
      ''
      + rules
      + ''
        ip46tables -t mangle -A PREROUTING -p tcp -j homelab-web-new
      ''
    )
    + forget "homelab-web"
    + lib.optionalString (guarded != [ ]) ''
      ip46tables -t mangle -E homelab-web-new homelab-web
    '';
  # A reload runs this before it starts anew, with NixOS' chain nixos-drop in place: then nothing may open.
  iptablesStop = ''
    iptables -w -C INPUT -j nixos-drop 2> /dev/null || {
    ${forget "homelab-web"}}
  '';
  nftablesGuard = ''
    chain prerouting {
      type filter hook prerouting priority mangle; policy accept;

      fib daddr type != local accept
      ct state established,related accept
  ''
  + lib.concatMapStrings (port: ''
    ${"  "}tcp dport ${toString port} iifname != { ${quoted (links port)} } drop
  '') guarded
  + ''
    }
  '';

  # The name server for challenges is behind DNAT, too, and asked by the internet where the router forwards port 53 to it: its port
  # is closed unless somebody says so.
  challengePort = facts.challengePort;
  opensBy =
    where: protocol:
    let
      word = if protocol == "udp" then "UDP" else "TCP";
    in
    lib.elem challengePort where."allowed${word}Ports"
    || lib.any (
      range: range.from <= challengePort && challengePort <= range.to
    ) where."allowed${word}PortRanges";
  closed = lib.optionals (challengePort != null && !cfg.dns.challengeServer.openFirewall) (
    lib.filter (protocol: !opensBy firewall protocol) protocols
  );
  challengeLinks =
    protocol:
    lib.sort lib.lessThan (
      lib.unique (
        [ "lo" ]
        ++ firewall.trustedInterfaces
        ++ lib.attrNames (lib.filterAttrs (_: where: opensBy where protocol) firewall.interfaces)
      )
    );
  forgetChallenges = ''
    ip46tables -t mangle -D PREROUTING -j homelab-challenges 2> /dev/null || true
    ip46tables -t mangle -F homelab-challenges 2> /dev/null || true
    ip46tables -t mangle -X homelab-challenges 2> /dev/null || true
  '';
  iptablesChallenges =
    forgetChallenges
    + lib.optionalString (closed != [ ]) (
      ''
        ip46tables -t mangle -N homelab-challenges
        ip46tables -t mangle -A homelab-challenges -m addrtype ! --dst-type LOCAL -j RETURN
        ip46tables -t mangle -A homelab-challenges -m conntrack --ctstate ESTABLISHED,RELATED -j RETURN
      ''
      + lib.concatMapStrings (
        protocol:
        lib.concatMapStrings (link: ''
          ip46tables -t mangle -A homelab-challenges -p ${protocol} --dport ${toString challengePort} -i ${link} -j RETURN
        '') (challengeLinks protocol)
        + ''
          ip46tables -t mangle -A homelab-challenges -p ${protocol} --dport ${toString challengePort} -j DROP
        ''
      ) closed
      + ''
        ip46tables -t mangle -A PREROUTING -j homelab-challenges
      ''
    );
  nftablesChallenges = ''
    chain prerouting {
      type filter hook prerouting priority mangle; policy accept;

      fib daddr type != local accept
      ct state established,related accept
  ''
  + lib.concatMapStrings (protocol: ''
    ${"  "}${protocol} dport ${toString challengePort} iifname != { ${quoted (challengeLinks protocol)} } drop
  '') closed
  + ''
    }
  '';

  # What pods send, and what other nodes' pods send to them; answers and forwarded ports pass by NixOS' own rules.
  forward =
    if facts.usesCilium then
      ''
        iifname { ${quoted ciliumLinks} } accept
      ''
    else
      flannelForward;
  flannelForward = ''
    iifname "cni0" accept
  ''
  + lib.optionalString (facts.tunnels != [ ]) ''
    iifname { ${quoted facts.tunnels} } oifname "cni0" accept
  '';

  # Where packets of pods come out of Cilium: each pod's own link, and those of the host to which its programs redirect
  # (cilium 1.20.2, bpf/bpf_lxc.c, bpf/lib/local_delivery.h, pkg/datapath/connector/add.go). Each firewall has a sign of its
  # own for the rest of a name.
  ciliumLinks = [
    "cilium_host"
    "cilium_net"
    "cilium_vxlan"
    (if isNftables then "lxc*" else "lxc+")
  ];

  ports = {
    # The API; the kubelet; etcd's clients and peers; Cilium's health, which also asks by ping (cilium 1.20.2,
    # Documentation/operations/system_requirements.rst, "Firewall Rules").
    allowedTCPPorts =
      optionals facts.isServer [ 6443 ]
      ++ [ 10250 ]
      ++ optionals facts.hasEtcd [
        2379
        2380
      ]
      ++ optionals facts.usesCilium [ 4240 ];
    # flannel's or Cilium's. VXLAN knows no secret: who reaches its port can send into the cluster's network.
    allowedUDPPorts =
      optionals facts.usesVxlan [ 8472 ]
      ++ optionals (facts.flannelBackend == "wireguard-native") [
        51820
        51821
      ];
  };

  # The lab's own name server answers the house and nobody else: whoever asks has an address of a private network (RFC 1918,
  # RFC 4193) or of the link.
  private = {
    iptables = "10.0.0.0/8,172.16.0.0/12,192.168.0.0/16";
    ip6tables = "fc00::/7,fe80::/10";
  };
  iptablesNames = lib.concatMapStrings (
    protocol:
    lib.concatMapStrings (tables: ''
      ${tables} -w -A nixos-fw ${
        lib.optionalString (cfg.interface != null) "-i ${cfg.interface} "
      }-s ${private.${tables}} -p ${protocol} --dport 53 -j nixos-fw-accept
    '') (lib.attrNames private)
  ) protocols;
  nftablesNames =
    lib.concatMapStrings
      (
        family:
        "${
          lib.optionalString (cfg.interface != null) ''iifname "${cfg.interface}" ''
        }${family.name} saddr { ${
          lib.concatStringsSep ", " (lib.splitString "," private.${family.tables})
        } } meta l4proto { ${lib.concatStringsSep ", " protocols} } th dport 53 accept\n"
      )
      [
        {
          tables = "iptables";
          name = "ip";
        }
        {
          tables = "ip6tables";
          name = "ip6";
        }
      ];
  protocols = [
    "tcp"
    "udp"
  ];

  # The same for some senders only, which NixOS' lists of ports cannot say.
  isIPv6 = lib.hasInfix ":";
  families = [
    {
      tables = "iptables";
      name = "ip";
      senders = lib.filter (node: !isIPv6 node) nodes;
    }
    {
      tables = "ip6tables";
      name = "ip6";
      senders = lib.filter isIPv6 nodes;
    }
  ];
  fromNodes =
    rule:
    lib.concatMapStrings (
      family:
      lib.optionalString (family.senders != [ ]) (
        lib.concatMapStrings
          (
            protocol:
            lib.optionalString (protocol.ports != [ ]) ''
              ${rule family protocol.name (map toString protocol.ports)}
            ''
          )
          [
            {
              name = "tcp";
              ports = ports.allowedTCPPorts;
            }
            {
              name = "udp";
              ports = ports.allowedUDPPorts;
            }
          ]
      )
    ) families;
  iptablesNodes = fromNodes (
    family: protocol: numbers:
    "${family.tables} -w -A nixos-fw ${
      lib.optionalString (interface != null) "-i ${interface} "
    }-s ${lib.concatStringsSep "," family.senders} -p ${protocol} -m multiport --dports ${lib.concatStringsSep "," numbers} -j nixos-fw-accept"
  );
  nftablesNodes = fromNodes (
    family: protocol: numbers:
    "${
      lib.optionalString (interface != null) ''iifname "${interface}" ''
    }${family.name} saddr { ${lib.concatStringsSep ", " family.senders} } ${protocol} dport { ${lib.concatStringsSep ", " numbers} } accept"
  );
in
{
  config = mkIf cfg.enable {
    networking.firewall = lib.mkMerge [
      {
        # The pods of this machine and, by flannel, of the others: they must reach the API, DNS, and the programs on this
        # machine that have a name (`local`).
        trustedInterfaces = if facts.usesCilium then ciliumLinks else [ "cni0" ] ++ facts.tunnels;
        # The way back to a pod is by cilium_host, not by the link it came from: the strict check would drop what it sends
        # (cilium 1.20.2, tools/sysctlfix/main.go, turns off the kernel's own check for that).
        checkReversePath = mkIf facts.usesCilium (lib.mkDefault "loose");
        extraCommands = mkIf isIptables iptablesStart;
        extraStopCommands = mkIf isIptables iptablesStop;
        # Used with `filterForward` only.
        extraForwardRules = mkIf isNftables forward;
      }
      (mkIf cfg.openFirewall (
        if cfg.interface == null then
          { allowedTCPPorts = web; }
        else
          { interfaces.${cfg.interface}.allowedTCPPorts = web; }
      ))
      (mkIf (challengePort != null) {
        extraCommands = mkIf isIptables iptablesChallenges;
        extraStopCommands = mkIf isIptables forgetChallenges;
      })
      (mkIf facts.isNameServer {
        extraCommands = mkIf isIptables iptablesNames;
        extraInputRules = mkIf isNftables nftablesNames;
      })
      (mkIf cfg.clusterFirewall.enable (
        if nodes != [ ] then
          {
            extraCommands = mkIf isIptables iptablesNodes;
            extraInputRules = mkIf isNftables nftablesNodes;
          }
        else if interface == null then
          ports
        else
          { interfaces.${interface} = ports; }
      ))
    ];
    networking.nftables.tables = {
      homelab-web = mkIf (isNftables && guarded != [ ]) {
        family = "inet";
        content = nftablesGuard;
      };
      homelab-challenges = mkIf (isNftables && closed != [ ]) {
        family = "inet";
        content = nftablesChallenges;
      };
    };

    # NixOS' usual DHCP client takes each new link for a network: it would give pods' links addresses and routes of
    # 169.254.0.0/16 (nixpkgs#109389).
    networking.dhcpcd.denyInterfaces = [
      "veth*"
      "cni*"
      "flannel*"
    ]
    ++ optionals facts.usesCilium [
      "lxc*"
      "cilium*"
    ];

    assertions = [
      {
        assertion = cfg.clusterFirewall.enable && facts.usesVxlan -> interface != null || nodes != [ ];
        message = "services.homelab.clusterFirewall would open 8472/udp, ${
          if facts.usesCilium then "Cilium's" else "flannel's"
        } VXLAN, to everybody who reaches this machine, and who does can send packets into the cluster's network. Write the LAN's interface (ip -brief link shows it): services.homelab.interface = \"enp1s0\"; or the other machines' addresses: services.homelab.clusterFirewall.nodes = [ \"192.168.1.11\" ];${
          lib.optionalString (
            !facts.usesCilium
          ) " or, on every machine, services.homelab.flannelBackend = \"wireguard-native\";"
        }";
      }
    ];
    warnings =
      # cilium 1.20.2, bpf/bpf_host.c: a packet that comes in is translated before the kernel's own filters see it.
      lib.optional (facts.usesCilium && (guarded != [ ] || closed != [ ]))
        "services.homelab.cni is \"cilium\": with kubeProxyReplacement=true, Cilium hands ${
          lib.concatMapStringsSep ", " toString (
            lib.unique (guarded ++ lib.optional (closed != [ ]) challengePort)
          )
        } to pods before this firewall looks, whatever services.homelab.openFirewall, interface and dns.challengeServer.openFirewall say. In Cilium's values, devices=<the LAN's interface> keeps that to one interface, and cni.chainingMode=portmap in place of kubeProxyReplacement leaves it to this firewall (docs/egress.md, \"Cilium on k3s\")."
      ++
        lib.optional
          (
            facts.usesCilium
            && firewall.enable
            && !lib.elem firewall.checkReversePath [
              false
              "loose"
            ]
          )
          "networking.firewall.checkReversePath is strict, and with services.homelab.cni = \"cilium\" it drops what pods send; set it to \"loose\"."
      ++
        lib.optional (facts.usesCilium && firewall.enable && (config.virtualisation.lxc.enable or false))
          "virtualisation.lxc is enabled, and services.homelab.cni is \"cilium\": the links of Cilium's pods begin with lxc, as LXC's bridge lxcbr0 does, and this firewall trusts both. Give that bridge another name."
      ++
        lib.optional (!firewall.enable && (!cfg.openFirewall || cfg.interface != null))
          "networking.firewall.enable is false: ports 80 and 443 of this machine answer on every interface, whatever services.homelab.openFirewall and services.homelab.interface say."
      ++
        lib.optional
          (
            firewall.enable
            && !isIptables
            && !isNftables
            && (guarded != [ ] || (cfg.clusterFirewall.enable && nodes != [ ]))
          )
          "networking.firewall.backend is ${backend}, for which services.homelab writes no rules: ports 80 and 443 answer on every interface, and services.homelab.clusterFirewall.nodes opens nothing.";
  };
}
