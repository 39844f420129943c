# What `nix flake check` runs.
{
  lib,
  pkgs,
  module,
  package,
  source,
}:
let
  evaluated = import ./eval { inherit lib; };
  # Through JSON, as the golden files went: derivations become their paths.
  seen = builtins.fromJSON (builtins.toJSON evaluated.golden);
  different = lib.filter (name: seen.${name} != lib.importJSON (./eval/golden + "/${name}.json")) (
    lib.attrNames seen
  );
  said =
    lib.optional (different != [ ]) "golden files differ: ${toString different}"
    ++ lib.optional (evaluated.incomplete != [ ]) "undocumented: ${toString evaluated.incomplete}"
    ++ lib.optional (
      evaluated.heldUp != { }
    ) "ordered after k3s.service: ${builtins.toJSON evaluated.heldUp}"
    ++ lib.optional (
      evaluated.reference != builtins.readFile ../../docs/options.md
    ) "docs/options.md is not current";

  vm =
    test:
    pkgs.testers.runNixOSTest {
      imports = [ test ];
      globalTimeout = 15 * 60;
      extraBaseModules = {
        imports = [
          module
          ./vm.nix
        ];
      };
    };
in
{
  inherit package;

  homelab-tests = package.overrideAttrs (_: {
    pname = "homelab-tests";
    doCheck = true;
  });

  clippy = package.overrideAttrs (old: {
    pname = "homelab-clippy";
    nativeBuildInputs = old.nativeBuildInputs ++ [ pkgs.clippy ];
    buildPhase = "cargo clippy --offline --package homelab --all-targets -- --deny warnings";
    doCheck = false;
    installPhase = "touch $out";
    dontFixup = true;
  });

  format =
    pkgs.runCommand "homelab-format"
      {
        nativeBuildInputs = [
          pkgs.cargo
          pkgs.deadnix
          pkgs.nixfmt
          pkgs.rustfmt
        ];
      }
      ''
        cd ${source}
        find . -name '*.nix' -exec nixfmt --check {} +
        deadnix --fail .
        cargo fmt --all --check
        touch $out
      '';

  module =
    if said == [ ] then
      pkgs.runCommand "homelab-module" { } "touch $out"
    else
      throw "${lib.concatStringsSep "; " said}; tests/nixos/eval/check.sh shows the difference";

  vm-single-node = vm ./single-node.nix;
  vm-two-nodes = vm ./two-nodes.nix;
  vm-secret = vm ./secret.nix;
  vm-switch = vm ./switch.nix;
  vm-address = vm ./address.nix;
  vm-doctor-timer = vm ./doctor-timer.nix;
}
