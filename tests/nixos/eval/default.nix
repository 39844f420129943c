# Evaluates the module against any nixpkgs lib, without nixpkgs: every option and all of `config` is forced.
#   nix-instantiate --eval --strict --json tests/nixos/eval --arg lib 'import <nixpkgs/lib>' -A golden
{
  lib,
  era ? lib.versions.majorMinor lib.version,
}:
let
  pkgs = import ./pkgs.nix { inherit lib; };
  evaluate =
    modules:
    lib.evalModules {
      specialArgs = { inherit era pkgs; };
      modules = [
        ./stubs.nix
        ../../../modules
      ]
      ++ modules;
    };

  # As nixpkgs' own module writes the command line, in the order of its options.
  flags =
    k3s:
    lib.optional (k3s.serverAddr != "") "--server=${k3s.serverAddr}"
    ++ lib.optional (k3s.tokenFile != null) "--token-file=${toString k3s.tokenFile}"
    ++ lib.optional k3s.clusterInit "--cluster-init"
    ++ map (name: "--disable=${name}") (k3s.disable or [ ])
    ++ lib.optional ((k3s.nodeName or null) != null) "--node-name=${k3s.nodeName}"
    ++ lib.optional ((k3s.nodeIP or null) != null) "--node-ip=${k3s.nodeIP}"
    ++ lib.toList k3s.extraFlags;

  show =
    evaluated:
    let
      inherit (evaluated) config;
    in
    {
      k3s = {
        inherit (config.services.k3s) enable role;
        gracefulNodeShutdown = config.services.k3s.gracefulNodeShutdown.enable;
        # Where a release has the option and another the flag, k3s sees the same: hence the same golden file.
        flags = lib.sort lib.lessThan (flags config.services.k3s);
      };
      firewall = removeAttrs config.networking.firewall (
        [ "backend" ]
        ++ lib.optional (config.networking.firewall.checkReversePath == true) "checkReversePath"
      );
      nftables = lib.mapAttrs (_: table: { inherit (table) family content; }) (
        config.networking.nftables.tables
      );
      dhcpcd = config.networking.dhcpcd.denyInterfaces;
      units = {
        timers = lib.mapAttrs (_: said blank.timers.blank) config.systemd.timers;
        services = lib.mapAttrs (_: unit: withoutFile (said blank.services.blank unit)) (
          removeAttrs config.systemd.services [ "k3s" ]
        );
      };
      configuration = config.services.homelab.settings;
      environment = {
        etc = lib.mapAttrs (_: entry: entry.source.content) config.environment.etc;
        packages = map (package: package.name) config.environment.systemPackages;
        inherit (config.environment) sessionVariables;
      };
      groups = lib.attrNames config.users.groups;
      failed = failed evaluated;
      inherit (config) warnings;
    }
    // lib.optionalAttrs (config.networking.hosts != { }) { inherit (config.networking) hosts; };
  # What a unit says beyond the defaults.
  said = defaults: lib.filterAttrs (name: value: value != defaults.${name});
  blank =
    (evaluate [
      {
        systemd.services.blank = { };
        systemd.timers.blank = { };
      }
    ]).config.systemd;
  # A reader of the golden files finds those scripts in their own files.
  withoutFile =
    unit:
    let
      ours = lib.filter (name: unit.script or "" == builtins.readFile (../../../modules + "/${name}")) [
        "access.sh"
        "address.sh"
        "ready.sh"
      ];
    in
    if ours == [ ] then unit else unit // { script = "modules/${lib.head ours}"; };

  # Our units that are held up while k3s hangs in its start, which has no time-out.
  held =
    evaluated:
    let
      inherit (evaluated.config) systemd;
      units = lib.attrsToList systemd.services ++ lib.attrsToList systemd.timers;
      relations =
        unit:
        lib.concatMap (name: lib.toList (unit.${name} or [ ])) [
          "after"
          "requires"
          "requisite"
          "bindsTo"
        ]
        ++ lib.concatMap (name: lib.toList (unit.unitConfig.${name} or [ ])) [
          "After"
          "Requires"
          "Requisite"
          "BindsTo"
        ];
      isHeld = unit: lib.any (lib.hasInfix "k3s.service") (relations unit.value);
    in
    map (unit: unit.name) (lib.filter (unit: lib.hasPrefix "homelab" unit.name && isHeld unit) units);
  failed = evaluated: map (a: a.message) (lib.filter (a: !a.assertion) evaluated.config.assertions);

  cases = import ./cases.nix { inherit lib; };
  refusals = import ./refusals.nix { inherit lib; };

  documented =
    let
      all = lib.optionAttrSetToDocList (evaluate [ ]).options;
      ours = lib.filter (
        option:
        lib.take 2 option.loc == [
          "services"
          "homelab"
        ]
      ) all;
    in
    lib.filter (option: option.visible && !option.internal) ours;
in
rec {
  golden = lib.mapAttrs (_: modules: show (evaluate modules)) cases // {
    refusals = lib.mapAttrs (
      _: modules:
      let
        evaluated = evaluate modules;
      in
      {
        failed = failed evaluated;
        inherit (evaluated.config) warnings;
      }
    ) refusals;
  };

  # No unit of ours waits for k3s.service; must be empty.
  heldUp = lib.filterAttrs (_: units: units != [ ]) (
    lib.mapAttrs (_: modules: held (evaluate modules)) cases
  );
  # The search itself must be able to find one.
  heldUpOnPurpose = held (
    evaluate (cases.minimal ++ [ { systemd.services.homelab-x.after = [ "k3s.service" ]; } ])
  );

  # Every option has all that a reader needs; the list of those that do not must be empty.
  incomplete = map (option: option.name) (
    lib.filter (
      option:
      !(option ? default && option ? example && option ? description) && option.name != "_module.args"
    ) documented
  );

  reference = import ./reference.nix { inherit lib; } documented;

  # The configuration file of the template's machine, as YAML that the program can read.
  example = import ./yaml.nix { inherit lib; } golden.example.configuration;
}
