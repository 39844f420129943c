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
      inherit (config.networking) firewall;
      units = {
        inherit (config.systemd) timers;
        services = lib.mapAttrs (_: withoutFile) config.systemd.services;
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
    };
  # A reader of the golden files finds that script in its own file.
  withoutFile =
    unit:
    if unit.script or "" == builtins.readFile ../../../modules/address.sh then
      unit // { script = "modules/address.sh"; }
    else
      unit;
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
