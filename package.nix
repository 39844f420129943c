{
  lib,
  stdenv,
  rustPlatform,
  installShellFiles,
  cacert,
  # What `homelab --version` names: a build in the sandbox has no .git.
  commit ? null,
}:
let
  inherit (lib) fileset;
in
rustPlatform.buildRustPackage {
  pname = "homelab";
  inherit ((lib.importTOML ./Cargo.toml).workspace.package) version;

  # The lab's members stand here because Cargo reads the whole workspace; they are not built.
  src = fileset.toSource {
    root = ./.;
    fileset = fileset.unions [
      ./Cargo.toml
      ./Cargo.lock
      ./build.rs
      ./src
      ./manifests
      # Compared by tests with what the program says.
      ./docs/checks.md
      ./docs/field-failures.md
      ./docs/prometheus
      ./renovate.json
      ./tests/cli
      # Compared by tests: what the module gives k3s, the providers and controllers that it knows, and the units of NixOS and of
      # Debian.
      ./tests/nixos/eval/golden/minimal.json
      ./tests/nixos/eval/golden/traefik.json
      ./tests/nixos/eval/golden/zones.json
      ./modules/debian
      ./modules/options.nix
      ./modules/providers.nix
      ./tests/lab/Cargo.toml
      ./tests/lab/src
      ./tests/lab/world/Cargo.toml
      ./tests/lab/world/src
      ./tests/lab/world/tests
    ];
  };
  env.HOMELAB_COMMIT = if commit == null then "" else commit;
  cargoLock.lockFile = ./Cargo.lock;
  cargoBuildFlags = [
    "--package"
    "homelab"
  ];
  cargoTestFlags = [
    "--package"
    "homelab"
  ];

  # A machine that switches builds the program and does not test it: the flake's checks do.
  doCheck = false;

  nativeBuildInputs = [ installShellFiles ];
  # The tests make TLS clients, which want to know whom to trust.
  nativeCheckInputs = [ cacert ];

  postInstall = lib.optionalString (stdenv.buildPlatform.canExecute stdenv.hostPlatform) ''
    for shell in bash fish zsh; do
      $out/bin/homelab completions $shell > homelab.$shell
    done
    installShellCompletion homelab.{bash,fish,zsh}
    $out/bin/homelab man man
    installManPage man/*
  '';

  meta = {
    description = "Names, certificates and a proof of reachability for a home lab on k3s";
    license = lib.licenses.mit;
    mainProgram = "homelab";
    platforms = lib.platforms.unix;
  };
}
