# `homelab up` on each switch and each start, on the first server.
#
# No unit here is ordered after k3s.service: k3s' start has no time-out, and while it hung nothing would be tried, said or
# reported, and the switch would hang with it.
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
  credentials = import ./credentials.nix cfg;
  waits = cfg.apply.onSwitch && cfg.apply.wait;
in
{
  config = lib.mkIf (cfg.enable && facts.leads) {
    # A unit of its own, since the credentials of homelab-apply must be there before any program of that unit runs.
    systemd.services.homelab-ready = {
      description = "Wait for the Kubernetes API, for five minutes at most";
      wants = [ "k3s.service" ];
      onFailure = lib.mkIf cfg.apply.onSwitch [ "homelab-again.timer" ];
      path = [ config.services.k3s.package ];
      environment = {
        TOKEN_FILE = tokenFile;
        KUBECONFIG = kubeconfig;
        PATIENCE = "300";
        AGAIN = if cfg.apply.onSwitch then "ten minutes" else "";
      }
      // lib.optionalAttrs (credentials.files != [ ]) {
        TOKEN_FILES = lib.concatStringsSep ":" credentials.files;
      };
      script = builtins.readFile ./ready.sh;
      serviceConfig = {
        Type = "oneshot";
        TimeoutStartSec = "6min";
      }
      // hardening
      // {
        # Root alone may read the administrator's kubeconfig, which may not be there yet.
        DynamicUser = false;
        PrivateUsers = false;
        # The token's file may lie in a folder of another user's, or in somebody's home. Only its size is asked for.
        CapabilityBoundingSet = "CAP_DAC_READ_SEARCH";
        ProtectHome = "read-only";
      };
    };

    # k3s may come up after those five minutes, too. What fails later than that tries again by itself, below.
    systemd.timers.homelab-again = lib.mkIf cfg.apply.onSwitch {
      description = "Run homelab up once the Kubernetes API answers";
      timerConfig = {
        Unit = "homelab-apply.service";
        OnActiveSec = "10min";
        # So that it can be started again.
        RemainAfterElapse = false;
      };
    };

    systemd.services.homelab-apply = {
      description = "Make the lab what its configuration says (homelab up)";
      wantedBy = lib.mkIf waits [ "multi-user.target" ];
      wants = [ "network-online.target" ];
      requires = [ "homelab-ready.service" ];
      after = [
        "homelab-ready.service"
        "network-online.target"
      ];
      restartTriggers = [ configuration ];
      # A switch restarts each changed unit that is active, whoever started it, and waits for it.
      restartIfChanged = waits;
      # After a power cut the router may come back long after this machine: go on trying, ever more seldom.
      unitConfig.StartLimitIntervalSec = 0;
      serviceConfig = {
        Type = "oneshot";
        # Else it would be inactive after each run, and a switch would not run it again.
        RemainAfterExit = true;
        ExecStart = "${lib.getExe cfg.package} --config ${configuration} --kubeconfig %d/kubeconfig --no-progress up";
        ExecStopPost = pkgs.writeShellScript "homelab-apply-ended" (builtins.readFile ./ended.sh);
        LoadCredential = credentials.load ++ [ "kubeconfig:${kubeconfig}" ];
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

    # A switch waits for the units that it starts, and this one only asks for the run. A run with the configuration from
    # before, which may be under way, gives way to it.
    systemd.services.homelab-apply-later = lib.mkIf (cfg.apply.onSwitch && !cfg.apply.wait) {
      description = "Start homelab up without waiting for it";
      wantedBy = [ "multi-user.target" ];
      restartTriggers = [
        configuration
        cfg.package
      ];
      script = "systemctl restart --no-block homelab-apply.service";
      serviceConfig = {
        Type = "oneshot";
        RemainAfterExit = true;
      }
      // hardening
      // {
        # Root alone may start units; it needs no network for that.
        DynamicUser = false;
        PrivateUsers = false;
        PrivateNetwork = true;
        RestrictAddressFamilies = [ "AF_UNIX" ];
      };
    };
  };
}
