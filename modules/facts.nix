# What follows from `services.homelab` and more than one file must know.
cfg: rec {
  isServer = cfg.role == "server";
  # The first server. It alone has the configuration and applies it: two that apply would undo each other's work.
  leads = isServer && cfg.serverAddr == "";
  # With several servers, each is a member of etcd.
  hasEtcd = isServer && (cfg.clusterInit || cfg.serverAddr != "");
  # Whether the nodes themselves are the provider, and nobody else has the lab's names.
  isOnNodes =
    (import ./providers.nix).${cfg.settings.dns.provider or cfg.dns.provider}.onNodes or false;
  # Whether homelab makes zones at the provider, one for each organisation.
  makesZones =
    (import ./providers.nix).${cfg.settings.dns.provider or cfg.dns.provider}.zones or false;
  # Whether this machine, as every node, is a name server of the lab's domain.
  isNameServer = isOnNodes || (cfg.settings.dns.houseResolver or cfg.dns.houseResolver);
  # Whether homelab installs the ingress controller, and k3s' own must not run.
  managesIngress = cfg.settings.ingress.manage or cfg.ingress.manage;
  # Where the name server for challenges listens on its node; null where there is none.
  challengePort =
    let
      server = cfg.settings.dns.challengeServer or null;
      own = cfg.dns.challengeServer;
    in
    if builtins.isAttrs server then
      server.port or 8053
    else if server != null then
      8053
    else if own.address != null then
      own.port
    else
      null;
  # Whether homelab writes the nodes' addresses into the status of Ingresses, since the ingress controller that it installs does not.
  writesAddresses =
    managesIngress && (cfg.settings.ingress.controller or cfg.ingress.controller) == "traefik";
  # Whether a public record follows the address that the lab has on the internet.
  followsAddress =
    let
      isPublic = service: (service.public or null) == "port";
      any = services: builtins.any isPublic (builtins.attrValues services);
    in
    (cfg.settings.public.target or "auto") == "auto"
    && (any cfg.services || any (cfg.settings.services or { }));
  # Whether Cilium makes the pods' network, and k3s brings neither flannel nor its own policy engine.
  usesCilium = cfg.cni == "cilium";
  # What k3s' flannel does.
  flannelBackend = if usesCilium then "none" else cfg.flannelBackend;
  # Whether 8472/udp is the way to the pods of other machines: flannel's and Cilium's usual one.
  usesVxlan = usesCilium || flannelBackend == "vxlan";
  # flannel's links to the pods of other machines.
  tunnels =
    {
      vxlan = [ "flannel.1" ];
      wireguard-native = [
        "flannel-wg"
        "flannel-wg-v6"
      ];
      none = [ ];
    }
    .${flannelBackend};
}
