# `homelab zone prune --yes` once a day, on the first server: it renews this cluster's claims on the zones of its organisations, and
# deletes the zones that nobody uses before they are billed again.
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
  inherit (cfg.zones) prune;
  # Who deletes zones needs more rights than the lab does.
  tokenFile = if prune.tokenFile != null then prune.tokenFile else cfg.settings.dns.tokenFile or "";
in
{
  config = lib.mkIf (cfg.enable && facts.leads && prune.enable) {
    systemd.services.homelab-zones = {
      description = "Delete zones of organisations that nobody uses (homelab zone prune)";
      wants = [ "network-online.target" ];
      after = [ "network-online.target" ];
      serviceConfig = {
        Type = "oneshot";
        ExecStart = "${lib.getExe cfg.package} --config ${configuration} --quiet zone prune --yes";
        LoadCredential = [ "dns-token:${toString tokenFile}" ];
        TimeoutStartSec = "10min";
      }
      // hardening;
    };

    systemd.timers.homelab-zones = {
      description = "Delete zones of organisations that nobody uses, once a day";
      wantedBy = [ "timers.target" ];
      timerConfig = {
        # In UTC, as the provider bills: where the last day of a month has 25 hours, none of the local midnights falls into its last
        # 24 hours. At midnight in UTC one does, and the delay is shorter than a day.
        OnCalendar = "*-*-* 00:00:00 UTC";
        # After a time without power.
        Persistent = true;
        # Not every lab of the world at midnight. The delay is always the same, so that no day is without a run: zones go on the
        # last day before a bill.
        RandomizedDelaySec = "1h";
        FixedRandomDelay = true;
      };
    };
  };
}
