# The firewall stays on; what the lab needs passes.
{ config, lib, ... }:
let
  inherit (lib) mkIf optionals;
  cfg = config.services.homelab;
  facts = import ./facts.nix cfg;
  inherit (cfg.clusterFirewall) interface;
  ports = {
    # The API; the kubelet; etcd's clients and peers.
    allowedTCPPorts =
      optionals facts.isServer [ 6443 ]
      ++ [ 10250 ]
      ++ optionals facts.hasEtcd [
        2379
        2380
      ];
    # flannel's VXLAN, which must not be reachable from the internet.
    allowedUDPPorts = [ 8472 ];
  };
in
{
  config = mkIf cfg.enable {
    networking.firewall = lib.mkMerge [
      {
        # The pods of this machine and, by flannel, of the others: they must reach the API and DNS.
        trustedInterfaces = [
          "cni0"
          "flannel.1"
        ];
        allowedTCPPorts = mkIf cfg.openFirewall [
          80
          443
        ];
      }
      (mkIf cfg.clusterFirewall.enable (
        if interface == null then ports else { interfaces.${interface} = ports; }
      ))
    ];
  };
}
