# A machine that gets another address is known by it to the cluster again, without hands.
{
  name = "homelab-address";

  nodes.node =
    { lib, ... }:
    {
      imports = [ ./lab.nix ];
      services.homelab.nodeIP = lib.mkForce null;
    };

  testScript = ''
    known = "k3s kubectl get node node --output jsonpath='{.status.addresses[0].address}'"

    node.wait_for_unit("k3s.service")
    node.wait_until_succeeds("k3s kubectl get node node | grep -w Ready")
    node.succeed("ip address flush dev eth1 scope global")
    node.succeed("ip address add 192.168.1.77/24 dev eth1")
    node.wait_until_succeeds(f"test $({known}) = 192.168.1.77")
    node.succeed("journalctl --unit homelab-address | grep 'the address changed'")
  '';
}
