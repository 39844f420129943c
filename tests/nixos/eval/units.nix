# systemd's units, typed as nixos/lib/systemd-unit-options.nix and systemd-lib.nix of nixpkgs type them: names of units are
# checked, `Type` and `Restart` have their known values, and a setting is either lists that join or one value.
{ lib, ... }:
let
  inherit (lib) mkOption types;
  option = type: default: mkOption { inherit type default; };
  unitNames = option (types.listOf (
    types.strMatching "[a-zA-Z0-9@%:_.\\-]+[.](service|socket|device|mount|automount|swap|target|path|timer|scope|slice)"
  )) [ ];
  setting = lib.mkOptionType {
    name = "systemd option";
    merge =
      loc: defs:
      let
        values = map (def: def.value) (lib.filterOverrides defs);
      in
      if lib.all lib.isList values then
        lib.concatLists values
      else if lib.any lib.isList values then
        throw "${lib.showOption loc} is a list in one place and not in another"
      else
        lib.mergeEqualOption loc (lib.filterOverrides defs);
  };
  settings = types.attrsOf setting;
  known =
    name: values: config:
    !(config ? ${name}) || lib.elem config.${name} values;
  ofService = types.addCheck settings (
    config:
    known "Type" [
      "exec"
      "simple"
      "forking"
      "oneshot"
      "dbus"
      "notify"
      "notify-reload"
      "idle"
    ] config
    && known "Restart" [
      "no"
      "on-success"
      "on-failure"
      "on-abnormal"
      "on-abort"
      "always"
    ] config
  );

  common = {
    enable = option types.bool true;
    description = option types.singleLineStr "";
    unitConfig = option settings { };
    restartTriggers = option (types.listOf types.unspecified) [ ];
  }
  // lib.genAttrs [
    "after"
    "before"
    "bindsTo"
    "conflicts"
    "onFailure"
    "onSuccess"
    "partOf"
    "requires"
    "requiredBy"
    "requisite"
    "wantedBy"
    "wants"
  ] (_: unitNames);
  service = common // {
    environment = option (
      with types;
      attrsOf (
        nullOr (oneOf [
          str
          path
          package
        ])
      )
    ) { };
    path = option (
      with types;
      listOf (oneOf [
        package
        str
      ])
    ) [ ];
    script = option types.lines "";
    preStart = option types.lines "";
    serviceConfig = option ofService { };
    restartIfChanged = option types.bool true;
    reloadIfChanged = option types.bool false;
    stopIfChanged = option types.bool true;
    startAt = option (with types; either str (listOf str)) [ ];
  };
  timer = common // {
    timerConfig = option settings { };
  };
  units = options: option (types.attrsOf (types.submodule { inherit options; })) { };
in
{
  options.systemd = {
    services = units service;
    timers = units timer;
  };
}
