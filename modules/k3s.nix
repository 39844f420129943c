{
  config,
  lib,
  options,
  ...
}:
let
  cfg = config.services.homelab;
  facts = import ./facts.nix cfg;

  # An option where this release of NixOS has one, else the flag that it stands for (25.05 has neither of the three).
  optionOrFlags =
    name: value: flags:
    if options.services.k3s ? ${name} then { ${name} = value; } else { extraFlags = flags; };

  # k3s deletes what is disabled. gateway-api-crd brings definitions that clash with those of who installs them. All of it
  # stays where an ingress controller is used that is there already: it may be k3s' own.
  hasGatewayDefinitions = lib.versionAtLeast (config.services.k3s.package.version or "0") "1.37";
  disable = lib.unique (
    lib.optionals facts.managesIngress (
      [
        "traefik"
        "servicelb"
      ]
      ++ lib.optional hasGatewayDefinitions "gateway-api-crd"
    )
    ++ cfg.k3s.disable
  );

  # The names under which the API may be called from other machines; addresses k3s adds by itself.
  names = lib.unique (
    lib.filter (name: name != null && name != "") [
      config.networking.hostName
      config.networking.fqdnOrHostName
      cfg.nodeName
    ]
  );
in
{
  config = lib.mkIf cfg.enable {
    services.k3s = lib.mkMerge [
      {
        enable = true;
        inherit (cfg)
          role
          serverAddr
          tokenFile
          clusterInit
          ;
        extraFlags =
          # Without flannel, too: the node's address is this interface's then (k3s 0658e0c, pkg/cli/agent/agent.go).
          lib.optional (cfg.interface != null) "--flannel-iface=${cfg.interface}"
          # Agents learn both from their server and do not know the flags; all servers must agree on them (k3s 005499a,
          # pkg/daemons/config/types.go: CriticalControlArgs).
          ++ lib.optional (
            facts.isServer && facts.flannelBackend != "vxlan"
          ) "--flannel-backend=${facts.flannelBackend}"
          ++ lib.optional (facts.isServer && facts.usesCilium) "--disable-network-policy"
          ++ lib.optionals facts.isServer (map (name: "--tls-san=${name}") names)
          ++ lib.optionals (facts.isServer && cfg.kubeconfig.group != null) [
            "--write-kubeconfig-mode=0640"
            "--write-kubeconfig-group=${cfg.kubeconfig.group}"
          ]
          ++ cfg.k3s.extraFlags;
      }
      # Databases in pods get time to close their files.
      (lib.optionalAttrs (options.services.k3s ? gracefulNodeShutdown) {
        gracefulNodeShutdown.enable = lib.mkDefault true;
      })
      # Only on servers: an agent does not know the flag and does not start with it.
      (lib.mkIf facts.isServer (
        optionOrFlags "disable" disable (map (name: "--disable=${name}") disable)
      ))
      (lib.mkIf (cfg.nodeName != null) (
        optionOrFlags "nodeName" cfg.nodeName [ "--node-name=${cfg.nodeName}" ]
      ))
      (lib.mkIf (cfg.nodeIP != null) (optionOrFlags "nodeIP" cfg.nodeIP [ "--node-ip=${cfg.nodeIP}" ]))
    ];

    environment = lib.mkIf facts.isServer {
      systemPackages = [ cfg.package ];
      sessionVariables = lib.mkIf (cfg.kubeconfig.group != null) {
        KUBECONFIG = "/etc/rancher/k3s/k3s.yaml";
      };
    };
    users.groups = lib.mkIf (facts.isServer && cfg.kubeconfig.group != null) {
      ${cfg.kubeconfig.group} = { };
    };
  };
}
