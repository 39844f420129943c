# The doctor runs on its schedule, fails its unit, keeps its report and tells who is to be told. There is no Cloudflare
# here, and no ingress controller: something is wrong, which is what this is about.
{
  name = "homelab-doctor-timer";

  nodes.node =
    { pkgs, ... }:
    {
      imports = [ ./lab.nix ];
      # It prints what it is told, and what it can reach of the doctor's credentials.
      services.homelab.doctor.onFailure.command = [
        "${pkgs.writeShellScript "told" ''
          cat
          ls -R /run/credentials
          env
        ''}"
      ];
      services.homelab.doctor.onUnknown = true;
      environment.systemPackages = [ pkgs.jq ];
    };

  testScript = ''
    token = "a-token-that-only-this-test-has-0123456789"

    node.wait_for_unit("k3s.service")
    node.wait_until_succeeds("k3s kubectl get node node | grep -w Ready")
    node.succeed("systemctl list-timers --all | grep homelab-doctor.timer")

    with subtest("without the token it runs all the same, and says so"):
        node.fail("systemctl start homelab-doctor.service")
        node.succeed("journalctl --unit homelab-doctor | grep cf.token")

    node.succeed(f"install -d -m 0700 /run/secrets && printf %s {token} > /run/secrets/cloudflare-token")
    with subtest("what is wrong fails the unit"):
        node.fail("systemctl start homelab-doctor.service")
        node.succeed("systemctl show --property ExecMainStatus homelab-doctor.service | grep -x ExecMainStatus=1")
        node.succeed("systemctl --failed | grep homelab-doctor.service")
        node.succeed("journalctl --unit homelab-doctor | grep 'homelab doctor --explain'")

    with subtest("the report is kept, and told"):
        node.succeed("jq --exit-status '.counts.fail > 0' /var/lib/homelab/doctor.json")
        node.succeed("test $(stat --format %a /var/lib/homelab/doctor.json) = 600")
        node.wait_until_succeeds("journalctl --unit homelab-doctor-hook | grep schema_version")
        node.succeed("journalctl --unit homelab-doctor-hook | grep MONITOR_EXIT_STATUS=1")
        node.fail("journalctl --unit homelab-doctor-hook | grep -e dns-token -e CREDENTIALS_DIRECTORY")
        node.fail("journalctl --unit homelab-doctor-hook-unknown | grep schema_version")

    with subtest("a doctor that is killed tells no report from before"):
        told = "journalctl --unit homelab-doctor-hook --output cat | grep --count MONITOR_EXIT_STATUS"
        before = node.succeed(told)
        node.succeed("systemctl start --no-block homelab-doctor.service")
        node.wait_until_succeeds("systemctl show --property MainPID homelab-doctor.service | grep -v -x MainPID=0")
        node.succeed("systemctl kill --signal KILL homelab-doctor.service")
        node.wait_until_succeeds("journalctl --unit homelab-doctor-hook | grep 'no new report'")
        assert node.succeed(told) == before

    with subtest("without its credentials it takes no cluster for a foreign one, and none from before are left"):
        unknown = '.checks[] | select(.id == "k3s.kubeconfig" and .outcome == "unknown")'
        node.succeed("mv /etc/rancher/k3s/k3s.yaml /root/k3s.yaml")
        node.fail("systemctl start homelab-doctor-access.service")
        node.succeed("journalctl --unit homelab-doctor-access | grep 'there is no /etc/rancher/k3s/k3s.yaml'")
        node.fail("test -e /run/homelab-doctor/kubeconfig")
        node.execute("systemctl start homelab-doctor.service")
        node.succeed(f"jq --exit-status '{unknown}' /var/lib/homelab/doctor.json")
        node.succeed("mv /root/k3s.yaml /etc/rancher/k3s/k3s.yaml")
        node.succeed("systemctl start homelab-doctor-access.service")

    with subtest("it holds no administrator's credentials"):
        node.succeed("k3s kubectl --kubeconfig /run/homelab-doctor/kubeconfig get pods --all-namespaces")
        node.fail("k3s kubectl --kubeconfig /run/homelab-doctor/kubeconfig get secrets --all-namespaces")
        node.fail("k3s kubectl --kubeconfig /run/homelab-doctor/kubeconfig create namespace stranger")
        node.fail(f"grep --recursive --quiet {token} /var/lib/homelab/")
        node.fail(f"journalctl --unit homelab-doctor | grep {token}")
  '';
}
