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
  kubeconfig = "/etc/rancher/k3s/k3s.yaml";
  tokenFile = toString (cfg.settings.dns.tokenFile or "");
in
{
  config = lib.mkIf (cfg.enable && facts.leads && cfg.doctor.enable) {
    systemd.services.homelab-doctor = {
      description = "Look for what is wrong in the lab (homelab doctor)";
      wants = [ "network-online.target" ];
      after = [
        "homelab-apply.service"
        "network-online.target"
      ];
      serviceConfig = {
        Type = "oneshot";
        # A minute for what has just been applied or switched on. The text is in the journal, the last report beside it.
        ExecStart = "${lib.getExe cfg.package} --config ${configuration} --kubeconfig %d/kubeconfig --quiet doctor --wait 1m --notify --report %S/homelab/doctor.json";
        LoadCredential = [
          "dns-token:${tokenFile}"
          "kubeconfig:${kubeconfig}"
        ];
        # What stands for a file that is not there (yet): nothing. The doctor then says what is missing.
        SetCredential = [
          "dns-token:\\n"
          "kubeconfig:\\n"
        ];
        StateDirectory = "homelab";
        StateDirectoryMode = "0700";
        TimeoutStartSec = "5min";
        # 1, something is wrong, fails the unit, so that `systemctl --failed` shows it. 3 is no verdict: something could not
        # be looked at, the internet for example.
        SuccessExitStatus = "3";
      }
      // hardening
      // {
        # Checks of this machine read its settings in /proc/sys.
        ProcSubset = "all";
        # Why k3s does not start stands in its journal.
        SupplementaryGroups = [ "systemd-journal" ];
      };
    };

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
