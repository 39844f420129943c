# A machine whose address changed (DHCP) finds back without hands. `nodeIP` pins the address and makes this unneeded.
# A timer, since it works beside dhcpcd, NetworkManager and networkd alike.
{
  config,
  lib,
  pkgs,
  ...
}:
let
  cfg = config.services.homelab;
in
{
  config = lib.mkIf (cfg.enable && cfg.nodeIP == null) {
    systemd.services.homelab-address = {
      description = "Restart k3s when this machine's address has changed";
      path = [
        pkgs.iproute2
        config.services.k3s.package
      ];
      environment = {
        INTERFACE = toString cfg.interface;
        NODE = toString cfg.nodeName;
      };
      script = builtins.readFile ./address.sh;
      serviceConfig = {
        Type = "oneshot";
        RuntimeDirectory = "homelab-address";
        RuntimeDirectoryPreserve = true;
        TimeoutStartSec = "10min";
        CapabilityBoundingSet = "";
        NoNewPrivileges = true;
        ProtectHome = true;
        ProtectSystem = "full";
        PrivateTmp = true;
      };
    };
    systemd.timers.homelab-address = {
      wantedBy = [ "timers.target" ];
      timerConfig = {
        OnBootSec = "2min";
        OnUnitInactiveSec = "1min";
        AccuracySec = "10s";
      };
    };
  };
}
