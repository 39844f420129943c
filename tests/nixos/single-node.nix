# One machine: k3s without traefik and servicelb, and port 80 of a pod answers the LAN through the firewall.
{
  name = "homelab-single-node";

  nodes = {
    node = {
      imports = [ ./lab.nix ];
      specialisation.closed.configuration.services.homelab.openFirewall = false;
    };
    client = { };
  };

  testScript = { nodes, ... }: ''
    start_all()
    node.wait_for_unit("k3s.service")
    node.wait_until_succeeds("k3s kubectl get node node | grep -w Ready")

    with subtest("the packaged ingress and load balancer are not there"):
        everything = node.succeed("k3s kubectl get addons,deployments,daemonsets --all-namespaces --output name")
        for name in ("traefik", "servicelb", "svclb", "gateway-api"):
            assert name not in everything, everything

    with subtest("the LAN reaches host port 80, and not the API"):
        node.succeed("systemctl is-active firewall.service")
        node.succeed("k3s kubectl apply --filename /etc/answer.json")
        client.wait_until_succeeds("curl --silent --output /dev/null --write-out '%{http_code}' http://node/ | grep 404")
        client.fail("nc -z -w 3 node 6443")

    with subtest("openFirewall = false closes it to the LAN, and to nobody on the machine"):
        # The run of `homelab up` fails without Cloudflare, and with it the switch; the firewall is in place all the same.
        node.execute("/run/current-system/specialisation/closed/bin/switch-to-configuration test")
        client.fail("curl --silent --max-time 5 http://node/")
        node.succeed("curl --silent --max-time 5 --output /dev/null --write-out '%{http_code}' http://${nodes.node.networking.primaryIPAddress}/ | grep 404")
  '';
}
