# As much of NixOS as the module touches. `era` is the release whose options are imitated. Types and defaults are those of
# nixpkgs: nixos/modules/services/networking/{firewall,firewall-iptables,firewall-nftables,nftables,dhcpcd}.nix,
# nixos/modules/services/cluster/rancher, nixos/modules/services/web-servers; units stand in units.nix.
{
  config,
  lib,
  era,
  pkgs,
  ...
}:
let
  inherit (lib) mkOption types;
  any = mkOption {
    type = types.attrsOf types.anything;
    default = { };
  };
  option = type: default: mkOption { inherit type default; };
  lines = option types.lines "";
  text = option types.str "";
  texts = option (types.listOf types.str) [ ];
  maybe = option (types.nullOr types.str) null;
  no = option types.bool false;
  of = options: types.submodule { inherit options; };
  port = option types.port;
  isNew = lib.versionAtLeast era "26.05";

  ports = mkOption {
    type = types.listOf types.port;
    default = [ ];
    apply = list: lib.unique (builtins.sort builtins.lessThan list);
  };
  ranges = option (types.listOf (types.attrsOf types.port)) [ ];
  openPorts = {
    allowedTCPPorts = ports;
    allowedTCPPortRanges = ranges;
    allowedUDPPorts = ports;
    allowedUDPPortRanges = ranges;
  };
  server = extra: { enable = no; } // extra;
  hosts = options: option (types.attrsOf (of options)) { };

  # As nginx' `listen` has it; in `defaultListen`, `ssl` can be null and `addr` has a default.
  listener = {
    addr = mkOption { type = types.str; };
    port = option (types.nullOr types.port) null;
    ssl = no;
    proxyProtocol = no;
    extraParameters = texts;
  };
in
{
  imports = [ ./units.nix ];

  options = {
    assertions = option (types.listOf types.unspecified) [ ];
    warnings = texts;

    environment = {
      etc = option (types.attrsOf (of {
        source = mkOption { type = types.path; };
      })) { };
      systemPackages = option (types.listOf types.package) [ ];
      sessionVariables = any;
    };

    networking = {
      hostName = option types.str "node1";
      fqdnOrHostName = option types.str "node1.lan";
      dhcpcd.denyInterfaces = texts;
      hosts = option (types.attrsOf (types.listOf types.str)) { };
      firewall =
        openPorts
        // {
          enable = option types.bool true;
          trustedInterfaces = texts;
          extraCommands = lines;
          extraStopCommands = lines;
          extraInputRules = lines;
          extraForwardRules = lines;
          filterForward = no;
          checkReversePath = option (types.either types.bool (
            types.enum [
              "strict"
              "loose"
            ]
          )) true;
          interfaces = option (types.attrsOf (of openPorts)) { };
        }
        // lib.optionalAttrs isNew {
          backend = option (types.enum [
            "iptables"
            "nftables"
            "firewalld"
          ]) (if config.networking.nftables.enable then "nftables" else "iptables");
        };
      nftables = server {
        flushRuleset = no;
        tables = option (types.attrsOf (
          types.submodule (
            { name, ... }:
            {
              options = {
                enable = option types.bool true;
                name = option types.str name;
                content = mkOption { type = types.lines; };
                family = mkOption {
                  type = types.enum [
                    "ip"
                    "ip6"
                    "inet"
                    "arp"
                    "bridge"
                    "netdev"
                  ];
                };
              };
            }
          )
        )) { };
      };
    };

    users.groups = any;
    virtualisation.lxc.enable = no;

    services = {
      nginx = server {
        defaultListen = option (types.listOf (
          of (
            listener
            // {
              addr = mkOption { type = types.str; };
              ssl = option (types.nullOr types.bool) null;
            }
          )
        )) [ ];
        defaultHTTPListenPort = port 80;
        defaultSSLListenPort = port 443;
        virtualHosts = hosts {
          listen = option (types.listOf (of listener)) [ ];
          listenAddresses = texts;
          addSSL = no;
          onlySSL = no;
          forceSSL = no;
          rejectSSL = no;
        };
      };
      httpd = server {
        virtualHosts = mkOption {
          type = types.attrsOf (of {
            listen = option (types.listOf (of {
              ip = option types.str "*";
              port = port 80;
              ssl = no;
            })) [ ];
            addSSL = no;
            onlySSL = no;
            forceSSL = no;
          });
          default.localhost = { };
        };
      };
      caddy = server (
        {
          globalConfig = lines;
          extraConfig = lines;
          virtualHosts = option (types.attrsOf (
            types.submodule (
              { name, ... }:
              {
                options = {
                  hostName = option types.str name;
                  serverAliases = texts;
                  listenAddresses = texts;
                  extraConfig = lines;
                };
              }
            )
          )) { };
        }
        // lib.optionalAttrs (era != "25.05") {
          httpPort = option (types.nullOr types.port) null;
          httpsPort = option (types.nullOr types.port) null;
        }
      );
      traefik = server { };

      k3s = {
        enable = no;
        package = option types.package pkgs.k3s;
        role = option (types.enum [
          "server"
          "agent"
        ]) "server";
        serverAddr = text;
        tokenFile = option (types.nullOr types.path) null;
        clusterInit = no;
        extraFlags = option (types.either types.str (types.listOf types.str)) [ ];
        gracefulNodeShutdown.enable = no;
        images = option (types.listOf types.package) [ ];
        manifests = any;
      }
      // lib.optionalAttrs (era != "25.05") {
        disable = texts;
        nodeName = maybe;
        nodeIP = maybe;
      };
    };
  };

  # k3s tells systemd when it has started, and may take for ever.
  config.systemd.services.k3s = lib.mkIf config.services.k3s.enable {
    wantedBy = [ "multi-user.target" ];
    wants = [ "network-online.target" ];
    after = [
      "firewall.service"
      "network-online.target"
    ];
    serviceConfig = {
      Type = if config.services.k3s.role == "agent" then "exec" else "notify";
      Restart = "always";
      TimeoutStartSec = 0;
    };
  };
}
