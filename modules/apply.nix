# `homelab up` on each switch and each start, on the first server.
{
  config,
  lib,
  pkgs,
  ...
}:
let
  cfg = config.services.homelab;
  facts = import ./facts.nix cfg;
  configuration = config.environment.etc."homelab/homelab.yaml".source;
  kubeconfig = "/etc/rancher/k3s/k3s.yaml";
  hardening = import ./hardening.nix;
  tokenFile = toString (cfg.settings.dns.tokenFile or "");
in
{
  config = lib.mkIf (cfg.enable && facts.leads) {
    # A unit of its own, since the credentials of homelab-apply must be there before any program of that unit runs.
    systemd.services.homelab-ready = {
      description = "Wait for the Kubernetes API";
      wants = [ "k3s.service" ];
      after = [ "k3s.service" ];
      path = [ config.services.k3s.package ];
      script = ''
        if [ ! -s ${lib.escapeShellArg tokenFile} ]; then
          echo "there is no API token in ${tokenFile} (services.homelab.dns.tokenFile)." \
            "Write it there, or see why your secrets were not decrypted; then: systemctl restart homelab-apply"
          exit 1
        fi
        deadline=$((SECONDS + 300))
        until k3s kubectl --kubeconfig ${kubeconfig} --request-timeout=5s get --raw=/readyz > /dev/null 2>&1; do
          if [ "$SECONDS" -ge "$deadline" ]; then
            echo "the Kubernetes API did not answer for 5 minutes." \
              "See: journalctl -u k3s; then: systemctl restart homelab-apply"
            exit 1
          fi
          sleep 1
        done
      '';
      serviceConfig = {
        Type = "oneshot";
        TimeoutStartSec = "6min";
      };
    };

    systemd.services.homelab-apply = {
      description = "Make the lab what its configuration says (homelab up)";
      wantedBy = lib.mkIf cfg.apply.onSwitch [ "multi-user.target" ];
      wants = [ "network-online.target" ];
      requires = [ "homelab-ready.service" ];
      after = [
        "homelab-ready.service"
        "k3s.service"
        "network-online.target"
      ];
      restartTriggers = [ configuration ];
      # After a power cut the router may come back long after this machine: go on trying, ever more seldom.
      unitConfig.StartLimitIntervalSec = 0;
      serviceConfig = {
        Type = "oneshot";
        # Else it would be inactive after each run, and a switch would not run it again.
        RemainAfterExit = true;
        ExecStart = "${lib.getExe cfg.package} --config ${configuration} --kubeconfig %d/kubeconfig --no-progress up";
        ExecStopPost = pkgs.writeShellScript "homelab-apply-ended" ''
          if [ "$SERVICE_RESULT" != success ]; then
            echo "homelab-apply failed ($SERVICE_RESULT, exit code $EXIT_STATUS); the reason and a hint stand above:" \
              "journalctl -u homelab-apply. When that is mended: systemctl restart homelab-apply"
          fi
        '';
        LoadCredential = [
          "dns-token:${tokenFile}"
          "kubeconfig:${kubeconfig}"
        ];
        CacheDirectory = "homelab";
        TimeoutStartSec = cfg.apply.timeout;
        Restart = "on-failure";
        # 1: something is wrong; 2: the configuration or the token. Neither mends itself; 3, "could not look", may.
        RestartPreventExitStatus = "1 2";
        RestartSec = "30s";
        RestartSteps = 6;
        RestartMaxDelaySec = "30min";
      }
      // hardening;
    };
  };
}
