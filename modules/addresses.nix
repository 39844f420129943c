# The nodes' addresses in the status of Ingresses, where the ingress controller does not write them, and the public record, where it
# follows the lab's address: every half minute, on the first server.
#
# Nothing here is ordered after homelab-apply: a run of that waits for minutes where a node is lost, which is when the addresses
# have to be written.
{
  config,
  lib,
  ...
}:
let
  cfg = config.services.homelab;
  facts = import ./facts.nix cfg;
  hardening = import ./hardening.nix;
  configuration = config.environment.etc."homelab/homelab.yaml".source;
  program = "${lib.getExe cfg.package} --config ${configuration} --kubeconfig %d/kubeconfig";
  # Two runs a minute: systemd's own words about each would fill the journal.
  quiet = {
    LogLevelMax = "notice";
    SyslogLevel = "notice";
  };
in
{
  config = lib.mkIf (cfg.enable && facts.leads && (facts.writesAddresses || facts.followsAddress)) {
    # What runs twice a minute holds no administrator's credentials, but a token for an hour that may write the status of
    # Ingresses.
    systemd.services.homelab-addresses-access = {
      description = "Fetch the credentials with which the nodes' addresses are written";
      path = [ cfg.package ];
      environment = {
        ACCOUNT = "addresses";
        CONFIGURATION = configuration;
        FRESH = "20";
        PATIENCE = "20";
      };
      script = builtins.readFile ./access.sh;
      serviceConfig = {
        Type = "oneshot";
        LoadCredential = [ "kubeconfig:/etc/rancher/k3s/k3s.yaml" ];
        # The script says so where the file is not there.
        SetCredential = [ "kubeconfig:\\n" ];
        RuntimeDirectory = "homelab-addresses";
        RuntimeDirectoryMode = "0700";
        RuntimeDirectoryPreserve = true;
        TimeoutStartSec = "2min";
      }
      // quiet
      // hardening;
    };

    systemd.services.homelab-addresses = {
      description = "Write the nodes' addresses into the status of Ingresses (homelab addresses)";
      wants = [ "homelab-addresses-access.service" ];
      after = [ "homelab-addresses-access.service" ];
      serviceConfig = {
        Type = "oneshot";
        ExecStart = "${program} --quiet addresses --ask-every 5m";
        LoadCredential = [ "kubeconfig:/run/homelab-addresses/kubeconfig" ];
        TimeoutStartSec = "1min";
      }
      // quiet
      // hardening;
    };

    systemd.timers.homelab-addresses = {
      description = "Write the nodes' addresses into the status of Ingresses, every half minute";
      wantedBy = [ "timers.target" ];
      timerConfig = {
        # Kubernetes needs up to 50 s to see that a node is lost, external-dns some seconds: together less than two minutes.
        OnCalendar = "*:*:0/30";
        AccuracySec = "1s";
      };
    };
  };
}
