# Registries whose certificate the lab's own authority has signed: containerd gets the root, and this machine the address of a name
# that only pods can look up.
{
  config,
  lib,
  pkgs,
  ...
}:
let
  cfg = config.services.homelab;
  inherit (cfg) registries;
  # k3s gives it to containerd when it starts (k3s documentation, "Private Registry Configuration").
  file = (pkgs.formats.yaml { }).generate "registries.yaml" {
    configs = lib.mapAttrs (_: registry: { tls.ca_file = "${registry.caFile}"; }) registries;
  };
  host = name: lib.head (lib.splitString ":" name);
  withAddress = lib.filterAttrs (_: registry: registry.address != null) registries;
in
{
  config = lib.mkIf (cfg.enable && registries != { }) {
    assertions = lib.mapAttrsToList (name: registry: {
      assertion = registry.caFile != null && !lib.hasInfix "/" name;
      message = ''services.homelab.registries."${name}" needs caFile, and a name as it stands in front of an image, without `https://` and path: services.homelab.registries."registry.qa.svc.cluster.local:5000".caFile = ./homelab-root.crt;'';
    }) registries;

    environment.etc."rancher/k3s/registries.yaml".source = file;
    systemd.services.k3s.restartTriggers = [ file ];
    networking.hosts = lib.mkMerge (
      lib.mapAttrsToList (name: registry: { ${registry.address} = [ (host name) ]; }) withAddress
    );
  };
}
