# As much of NixOS as the module touches. `era` is the release whose services.k3s is imitated.
{ lib, era, ... }:
let
  inherit (lib) mkOption types;
  any = mkOption {
    type = types.attrsOf types.anything;
    default = { };
  };
  option = type: default: mkOption { inherit type default; };
  text = option types.str "";
  texts = option (types.listOf types.str) [ ];
  maybe = option (types.nullOr types.str) null;
  ports = option (types.listOf types.port) [ ];
  firewall = {
    allowedTCPPorts = ports;
    allowedUDPPorts = ports;
  };
  server =
    extra:
    {
      enable = option types.bool false;
    }
    // extra;
in
{
  options = {
    assertions = option (types.listOf types.unspecified) [ ];
    warnings = texts;

    environment = {
      etc = mkOption {
        type = types.attrsOf (types.submodule { options.source = mkOption { type = types.path; }; });
        default = { };
      };
      systemPackages = option (types.listOf types.package) [ ];
      sessionVariables = any;
    };

    networking = {
      hostName = option types.str "node1";
      fqdnOrHostName = option types.str "node1.lan";
      firewall = firewall // {
        trustedInterfaces = texts;
        extraCommands = text;
        interfaces = mkOption {
          type = types.attrsOf (types.submodule { options = firewall; });
          default = { };
        };
      };
      nftables = server { flushRuleset = option types.bool false; };
    };

    systemd = {
      services = any;
      timers = any;
    };
    users.groups = any;

    services = {
      nginx = server {
        defaultListen = option (types.listOf types.anything) [ ];
        defaultHTTPListenPort = option types.port 80;
        defaultSSLListenPort = option types.port 443;
        virtualHosts = any;
      };
      httpd = server { virtualHosts = any; };
      caddy = server (
        lib.optionalAttrs (era != "25.05") {
          httpPort = option types.port 80;
          httpsPort = option types.port 443;
        }
      );
      traefik = server { };

      k3s = {
        enable = option types.bool false;
        package = option types.unspecified { version = "1.36.0+k3s1"; };
        role = option (types.enum [
          "server"
          "agent"
        ]) "server";
        serverAddr = text;
        tokenFile = option (types.nullOr types.path) null;
        clusterInit = option types.bool false;
        extraFlags = option (types.either types.str (types.listOf types.str)) [ ];
        gracefulNodeShutdown.enable = option types.bool false;
      }
      // lib.optionalAttrs (era != "25.05") {
        disable = texts;
        nodeName = maybe;
        nodeIP = maybe;
      };
    };
  };
}
