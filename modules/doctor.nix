# `homelab doctor` on a schedule, on the first server: what breaks between two switches is noticed before people do.
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
  credentials = import ./credentials.nix cfg;
  inherit (cfg.doctor.onFailure) command urlFile;
  metrics = cfg.doctor.prometheus.enable;
  tells = command != [ ];
  tellsUnknown = tells && cfg.doctor.onUnknown;

  # Somebody else's program: in a unit without credentials, since it could read those of the doctor's.
  #
  # One unit for each way in which the doctor ends: systemd tells a unit nothing of what started it where that may start
  # it in two ways, and it tells ExecStart=, not ExecCondition= (systemd.exec(5), $MONITOR_EXIT_STATUS). A doctor that was
  # killed or took too long has left no new report, and nobody is told the old one.
  hook = result: status: otherwise: {
    description = "Tell what the doctor found";
    script = ''
      if [ "''${MONITOR_SERVICE_RESULT:-} ''${MONITOR_EXIT_STATUS:-}" != "${result} ${toString status}" ]; then
        ${otherwise}
        exit 0
      fi
      exec ${lib.escapeShellArgs command}
    '';
    serviceConfig = {
      Type = "oneshot";
      # systemd opens it before it gives up its rights: the folder is the doctor's own.
      StandardInput = "file:/var/lib/private/homelab/doctor.json";
      TimeoutStartSec = "10s";
    }
    // hardening;
  };

  # Until the API server has answered once since the machine started, the doctor only learns where it is: that is enough
  # to see that nothing answers there, and to look at the service of k3s.
  nobody = builtins.toJSON {
    apiVersion = "v1";
    kind = "Config";
    clusters = [
      {
        name = "k3s";
        cluster.server = "https://127.0.0.1:6443";
      }
    ];
    contexts = [
      {
        name = "k3s";
        context.cluster = "k3s";
      }
    ];
    current-context = "k3s";
  };
in
{
  config = lib.mkIf (cfg.enable && facts.leads && cfg.doctor.enable) {
    # The doctor holds no administrator's credentials, but a token for an hour that reads, and no Secrets.
    systemd.services.homelab-doctor-access = {
      description = "Fetch the doctor's credentials, which may only read";
      # Which waits for k3s, for a while: nothing here is ordered after k3s itself.
      after = [ "homelab-apply.service" ];
      path = [ cfg.package ];
      environment = {
        CONFIGURATION = configuration;
        PATIENCE = "120";
      };
      # A loop, and not Restart=: the doctor would not wait for a second start of this unit.
      script = builtins.readFile ./access.sh;
      serviceConfig = {
        Type = "oneshot";
        LoadCredential = [ "kubeconfig:/etc/rancher/k3s/k3s.yaml" ];
        # The script says so where the file is not there.
        SetCredential = [ "kubeconfig:\\n" ];
        RuntimeDirectory = "homelab-doctor";
        RuntimeDirectoryMode = "0700";
        RuntimeDirectoryPreserve = true;
        TimeoutStartSec = "4min";
      }
      // hardening;
    };

    systemd.services.homelab-doctor = {
      description = "Look for what is wrong in the lab (homelab doctor)";
      wants = [
        "homelab-doctor-access.service"
        "network-online.target"
      ];
      after = [
        "homelab-apply.service"
        "homelab-doctor-access.service"
        "network-online.target"
      ];
      onFailure = lib.optional tells "homelab-doctor-hook.service";
      onSuccess = lib.optional tellsUnknown "homelab-doctor-hook-unknown.service";
      serviceConfig = {
        Type = "oneshot";
        # A minute for what has just been applied or switched on. The text is in the journal, the last report beside it.
        # A command is told by a unit of its own, below.
        ExecStart = "${program} --quiet doctor --wait 1m ${
          lib.optionalString (!tells) "--notify "
        }--report %S/homelab/doctor.json${lib.optionalString metrics " --metrics %t/homelab-metrics/homelab.prom"}";
        LoadCredential =
          credentials.load
          ++ [ "kubeconfig:/run/homelab-doctor/kubeconfig" ]
          ++ lib.optional (urlFile != null) "hook-url:${toString urlFile}";
        # What stands for a file that is not there (yet). The doctor then says what is missing.
        SetCredential =
          credentials.empty ++ [ "kubeconfig:${nobody}" ] ++ lib.optional (urlFile != null) "hook-url:\\n";
        StateDirectory = "homelab";
        StateDirectoryMode = "0700";
        TimeoutStartSec = "5min";
        # 1, something is wrong, fails the unit, so that `systemctl --failed` shows it. 3 is no verdict: something could not
        # be looked at, the internet for example.
        SuccessExitStatus = "3";
      }
      // lib.optionalAttrs metrics {
        # node_exporter is another user. Without Preserve, systemd would remove the folder when the run ends.
        RuntimeDirectory = "homelab-metrics";
        RuntimeDirectoryMode = "0755";
        RuntimeDirectoryPreserve = true;
      }
      // hardening
      // {
        # Checks of this machine read its settings in /proc/sys.
        ProcSubset = "all";
        # Why k3s does not start stands in its journal.
        SupplementaryGroups = [ "systemd-journal" ];
      };
    };

    systemd.services.homelab-doctor-hook = lib.mkIf tells (
      hook "exit-code" 1
        ''echo "there is no new report to tell: journalctl -u homelab-doctor says how the doctor ended"''
    );

    # Runs after each success, and tells only those in which something could not be looked at.
    systemd.services.homelab-doctor-hook-unknown = lib.mkIf tellsUnknown (hook "success" 3 ":");

    systemd.timers.homelab-doctor = {
      description = "Look for what is wrong in the lab, on a schedule";
      wantedBy = [ "timers.target" ];
      timerConfig = {
        OnCalendar = cfg.doctor.schedule;
        # After a time without power.
        Persistent = true;
        # Not every lab of the world at the full hour.
        RandomizedDelaySec = "5min";
        FixedRandomDelay = true;
      };
    };
  };
}
