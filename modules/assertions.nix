# What cannot work is refused when the machine is built, with what to write instead.
{
  config,
  lib,
  ...
}:
let
  cfg = config.services.homelab;
  facts = import ./facts.nix cfg;
  k3s = config.services.k3s;

  inStore = path: builtins.isPath path || lib.hasPrefix builtins.storeDir (toString path);
  secret = name: path: {
    assertion = path == null || !inStore path;
    message = "services.homelab.${name} lies in the Nix store, which every user of the machine can read, or would be copied there. Write the path of a file outside it, in quotes: \"/run/secrets/...\".";
  };
  needed = name: value: example: {
    assertion = facts.leads -> value != null;
    message = "services.homelab.${name} is missing; write services.homelab.${name} = \"${example}\";";
  };

  # One that is not known is refused by the program.
  provider =
    (import ./providers.nix).${cfg.settings.dns.provider or cfg.dns.provider} or {
      tokenFile = null;
    };

  # Whether any certificate is from an ACME server, which wants an address.
  usesAcme =
    (!facts.isOnNodes || facts.challengePort != null)
    && (
      (cfg.settings.issuer or "acme") != "ca"
      || lib.any (service: (service.issuer or null) == "acme") (
        lib.attrValues (cfg.settings.services or { }) ++ (cfg.settings.extraCertificates or [ ])
      )
    );

  ports = import ./ports.nix { inherit config lib; };
  clashes = lib.filter (port: port == 80 || port == 443);
  webServer = name: {
    assertion =
      !facts.managesIngress
      || !((config.services.${name} or { }).enable or false)
      || clashes ports.${name} == [ ];
    message = "services.${name} listens on port 80 or 443 of this machine, and so does the lab's ingress. Let services.${name} listen on another port, for example 8080, and give it a name in the lab: services.homelab.services.web.local = 8080;";
  };

  organisations = cfg.settings.organisations or { };
  ofOrganisation =
    name: one:
    let
      path = "organisations.${name}";
    in
    [
      (secret "${path}.tokenFile" (one.tokenFile or null))
      {
        assertion = (one.namespaces or [ ]) != [ ];
        message = "services.homelab.${path}.namespaces is empty, and its programs need a namespace to run in; write services.homelab.${path}.namespaces = [ \"${name}\" ];";
      }
    ];
  ofService =
    name: service:
    let
      whose = service.organisation or null;
    in
    {
      assertion = whose == null || organisations ? ${whose};
      message = "services.homelab.services.${name}.organisation is \"${toString whose}\", which is none of services.homelab.organisations (${
        if organisations == { } then "there are none" else toString (lib.attrNames organisations)
      }); correct the name, or add the organisation.";
    };
  makesZones = option: {
    assertion = facts.leads -> facts.makesZones;
    message = "services.homelab.${option} needs a DNS provider at which homelab makes zones; write services.homelab.dns.provider = \"route53\"; or remove it.";
  };

  # The names of the services that are programs on a node itself.
  local = lib.attrNames (lib.filterAttrs (_: service: service.local != null) cfg.services);

  disabled =
    component:
    lib.elem component (k3s.disable or [ ])
    || lib.any (
      flag: lib.hasInfix "--disable=${component}" flag || lib.hasInfix "--disable ${component}" flag
    ) (lib.toList k3s.extraFlags);
  flagged = lib.filter (flag: lib.hasPrefix "--flannel-backend=" flag) cfg.k3s.extraFlags;
  withWord =
    words: lib.filter (flag: lib.any (word: lib.hasPrefix word flag) words) cfg.k3s.extraFlags;
  ofFlannel = withWord [ "--flannel-" ];
  ofServers = withWord [
    "--flannel-backend"
    "--disable-network-policy"
    "--disable-kube-proxy"
  ];
  leftOut = component: {
    assertion = facts.isServer && facts.managesIngress -> disabled component;
    message = "k3s would start its own ${component}, which takes the ports of the lab's ingress. Do not force services.k3s.disable or services.k3s.extraFlags; add to services.homelab.k3s.disable and services.homelab.k3s.extraFlags.";
  };
in
{
  config = lib.mkIf cfg.enable {
    assertions = [
      (needed "domain" (cfg.settings.domain or null) "home.example.com")
      (needed "email" (
        if usesAcme then cfg.settings.email or null else "none is asked for"
      ) "you@example.com")
      (needed "dns.tokenFile" (
        if provider.tokenFile == null then "none is asked for" else cfg.settings.dns.tokenFile or null
      ) provider.tokenFile)
      (secret "tokenFile" cfg.tokenFile)
      (secret "doctor.onFailure.urlFile" cfg.doctor.onFailure.urlFile)
      (secret "dns.tokenFile" (cfg.settings.dns.tokenFile or cfg.dns.tokenFile))
      (secret "zones.prune.tokenFile" cfg.zones.prune.tokenFile)
      {
        assertion =
          lib.count lib.id [
            (cfg.doctor.onFailure.command != [ ])
            (cfg.doctor.onFailure.url != null)
            (cfg.doctor.onFailure.urlFile != null)
          ] <= 1;
        message = "services.homelab.doctor.onFailure has more than one of command, url and urlFile; keep one.";
      }
      {
        assertion = cfg.role == "agent" -> cfg.serverAddr != "";
        message = "services.homelab.role is \"agent\", and an agent needs a server to join; write services.homelab.serverAddr = \"https://<the first server>:6443\";";
      }
      {
        assertion = cfg.serverAddr != "" -> cfg.tokenFile != null;
        message = "services.homelab.serverAddr is set, and joining needs the cluster's secret; write services.homelab.tokenFile = \"/run/secrets/k3s-token\"; with the content of /var/lib/rancher/k3s/server/token of the first server.";
      }
      {
        assertion =
          facts.leads && !facts.managesIngress -> (cfg.settings.ingress.class or cfg.ingress.class) != null;
        message = "services.homelab.ingress.manage is false, and homelab must know which controller to use; write services.homelab.ingress.class = \"traefik\"; with the name of its IngressClass.";
      }
      {
        assertion = cfg.clusterInit -> facts.leads;
        message = "services.homelab.clusterInit belongs on the first server alone, the one without serverAddr.";
      }
      {
        assertion = cfg.role == "agent" -> cfg.k3s.disable == [ ] && (k3s.disable or [ ]) == [ ];
        message = "k3s agents have no --disable and do not start with it; set services.homelab.k3s.disable on the servers.";
      }
      {
        assertion = facts.usesCilium -> cfg.flannelBackend != "wireguard-native";
        message = "services.homelab.cni is \"cilium\", and then flannel does not run: remove services.homelab.flannelBackend. Cilium encrypts what goes between machines with encryption.enabled=true and encryption.type=wireguard in its own values; open 51871/udp for that.";
      }
      {
        assertion = facts.usesCilium -> ofFlannel == [ ];
        message = "services.homelab.k3s.extraFlags has ${toString ofFlannel}, and with services.homelab.cni = \"cilium\" flannel does not run; remove it. The LAN's interface stands in services.homelab.interface.";
      }
      {
        assertion = cfg.role == "agent" -> ofServers == [ ];
        message = "services.homelab.k3s.extraFlags has ${toString ofServers}, which k3s agents do not know and do not start with; set it on the servers, from which agents learn it.";
      }
      {
        assertion = facts.usesCilium || lib.all (flag: flag == "--flannel-backend=host-gw") flagged;
        message = "services.homelab.k3s.extraFlags has ${toString flagged}, of which the firewall does not know. Write it as services.homelab.flannelBackend, on every machine.";
      }
      (leftOut "traefik")
      (leftOut "servicelb")
      (webServer "nginx")
      (webServer "httpd")
      (webServer "caddy")
      {
        assertion =
          !(config.networking.nftables.enable or false)
          || !(config.networking.nftables.flushRuleset or false);
        message = "networking.nftables.flushRuleset deletes the rules by which k3s brings ports 80 and 443 to the ingress, each time the firewall is reloaded; set it to false.";
      }
    ]
    ++ lib.optional (organisations != { }) (makesZones "organisations")
    ++ lib.optional cfg.zones.prune.enable (makesZones "zones.prune")
    ++ lib.concatLists (lib.mapAttrsToList ofOrganisation organisations)
    ++ lib.optionals facts.leads (lib.mapAttrsToList ofService cfg.services);

    warnings =
      lib.optional
        ((config.services.caddy.enable or false) && config.services.caddy.virtualHosts or { } == { })
        "services.caddy is enabled on a node of the lab, and what it listens on is not in its virtualHosts: that must not be ports 80 and 443, which the lab's ingress has."
      ++
        lib.optional (config.services.traefik.enable or false)
          "services.traefik is enabled on a node of the lab: its entry points must not be ports 80 and 443, which the lab's ingress has."
      ++
        lib.optional (lib.hasInfix "-t nat -F" (config.networking.firewall.extraCommands or ""))
          "networking.firewall.extraCommands flushes the nat table, and with it the rules by which k3s brings ports 80 and 443 to the ingress: delete your own rules one by one instead."
      ++
        lib.optional
          (!facts.leads && (cfg.services != { } || cfg.organisations != { } || cfg.settings != { }))
          "services.homelab.services, organisations and settings have no effect on this machine: only the first server, the one without serverAddr, applies the configuration."
      ++
        lib.optional (facts.usesCilium && cfg.clusterFirewall.enable && local != [ ])
          "services.homelab.services.${lib.head local}.local: with Cilium, pods of other machines come to it by the LAN, from their node's address. Open the port to the other nodes: networking.firewall.extraInputRules or extraCommands with their addresses, or for the whole LAN networking.firewall.interfaces.<link>.allowedTCPPorts = [ ${
            toString cfg.services.${lib.head local}.local
          } ];"
      ++
        lib.optional (!facts.usesCilium && cfg.flannelBackend == "none" && local != [ ])
          "services.homelab.services.${lib.head local}.local: with flannelBackend \"none\", the firewall does not know over which link pods come. Open the port to that link: networking.firewall.interfaces.<link>.allowedTCPPorts = [ ${
            toString cfg.services.${lib.head local}.local
          } ];"
      ++
        lib.optional (facts.hasEtcd && cfg.nodeIP == null)
          "This server is a member of etcd, whose members know each other by address: reserve this machine's address in your router and write it into services.homelab.nodeIP.";
  };
}
