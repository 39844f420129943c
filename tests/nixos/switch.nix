# A switch to another configuration runs `homelab up` again with that configuration.
{
  name = "homelab-switch";

  nodes.node = {
    imports = [ ./lab.nix ];
    specialisation.more.configuration.services.homelab.services.nas.url = "https://192.168.1.5:5001";
  };

  testScript = ''
    node.wait_for_unit("k3s.service")
    node.fail("grep nas /etc/homelab/homelab.yaml")
    node.wait_until_succeeds("journalctl --unit homelab-ready | grep 'there is no API token'")

    # The run cannot succeed without Cloudflare, and the switch must say so.
    node.fail("/run/current-system/specialisation/more/bin/switch-to-configuration test")
    node.succeed("grep nas /etc/homelab/homelab.yaml")
    file = node.succeed("readlink --canonicalize /etc/homelab/homelab.yaml").strip()
    node.succeed(f"systemctl cat homelab-apply.service | grep {file}")
  '';
}
