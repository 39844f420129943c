# The API token reaches the program and nothing else; a run that fails says so and says what to do.
{
  name = "homelab-secret";

  nodes.node = ./lab.nix;

  testScript = ''
    token = "a-token-that-only-this-test-has-0123456789"

    node.wait_for_unit("k3s.service")
    with subtest("without the file, the unit that waits names it"):
        node.wait_until_succeeds("journalctl --unit homelab-ready | grep 'there is no API token in /run/secrets/cloudflare-token'")

    node.succeed(f"install -d -m 0700 /run/secrets && printf %s {token} > /run/secrets/cloudflare-token")
    with subtest("without internet, the run fails loudly"):
        node.fail("systemctl restart homelab-apply.service")
        node.succeed("journalctl --unit homelab-apply | grep 'homelab-apply failed'")
        node.succeed("journalctl --unit homelab-apply | grep 'hint:'")
        node.fail("journalctl --unit homelab-apply | grep 'there is no API token'")

    with subtest("the token stands nowhere else"):
        node.fail(f"grep --recursive --quiet {token} /etc/homelab /etc/systemd/system /run/systemd/transient")
        node.fail(f"grep --recursive --files-with-matches {token} $(readlink --canonicalize /run/current-system)/etc")
        node.fail(f"journalctl --unit 'homelab-*' | grep {token}")
        node.fail(f"systemctl show homelab-apply.service | grep {token}")
  '';
}
