# A machine whose address changed (DHCP) finds back without hands. `nodeIP` pins the address and makes this unneeded.
# Not with etcd, which knows its members by address: k3s goes on under the old one, and does not start under another
# (k3s-io/k3s#6524).
# A timer, since it works beside dhcpcd, NetworkManager and networkd alike.
{
  config,
  lib,
  pkgs,
  ...
}:
let
  cfg = config.services.homelab;
  facts = import ./facts.nix cfg;
  hardening = import ./hardening.nix;
in
{
  config = lib.mkIf (cfg.enable && cfg.nodeIP == null && !facts.hasEtcd) {
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
      }
      // hardening
      // {
        # Root alone may read the kubelet's credentials and restart k3s.
        DynamicUser = false;
        PrivateUsers = false;
        # The machine's name stands in /proc/sys.
        ProcSubset = "all";
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
