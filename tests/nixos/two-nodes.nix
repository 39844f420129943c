# An agent joins: both nodes are ready, both answer the LAN, and only the first server has a configuration.
{ pkgs, ... }:
let
  # A test's secret may lie in the store; the module refuses that for real ones, hence the copy.
  secret = pkgs.writeText "k3s-token" "a secret of this test";
  joined = {
    services.homelab.tokenFile = "/run/k3s-token";
    systemd.services.k3s.preStart = "install -m 0400 ${secret} /run/k3s-token";
  };
in
{
  name = "homelab-two-nodes";

  nodes = {
    first = {
      imports = [
        ./lab.nix
        joined
      ];
      services.homelab.clusterFirewall.enable = true;
    };
    second =
      { nodes, ... }:
      {
        imports = [ joined ];
        services.homelab = {
          enable = true;
          role = "agent";
          serverAddr = "https://${nodes.first.networking.primaryIPAddress}:6443";
        };
      };
    client = { };
  };

  testScript = ''
    start_all()
    for name in ("first", "second"):
        first.wait_until_succeeds(f"k3s kubectl get node {name} | grep -w Ready")
    first.succeed("k3s kubectl apply --filename /etc/answer.json")
    for name in ("first", "second"):
        client.wait_until_succeeds(f"curl --silent --output /dev/null --write-out '%{{http_code}}' http://{name}/ | grep 404")
    first.succeed("test -e /etc/homelab/homelab.yaml")
    second.fail("test -e /etc/homelab/homelab.yaml")
    second.fail("systemctl cat homelab-apply.service")
  '';
}
