# In the place of the flake's nixpkgs where there is none: the lib is real, packages are names that nothing can build.
# check.sh lays it beside a lib as `flake.nix`, so that `nix flake show` walks every output.
{
  outputs =
    _:
    let
      lib = import ./lib // {
        nixosSystem = _: { };
      };
      systems = [
        "x86_64-linux"
        "aarch64-linux"
      ];
      legacyPackages =
        system:
        let
          thing =
            name: args:
            (derivation {
              inherit name system;
              builder = "/bin/false";
            })
            // {
              nativeBuildInputs = [ ];
              overrideAttrs = change: thing "${(change args).pname}" (args // change args);
            };
          # All that a package says of itself is evaluated, its source too.
          build =
            args:
            builtins.deepSeq {
              inherit (args) cargoLock meta postInstall;
              # Selecting files needs Nix 2.14 or newer.
              source = if builtins ? readFileType then "${args.src}" else null;
            } (thing "${args.pname}-${args.version}" (args // { nativeBuildInputs = [ ]; }));
        in
        rec {
          inherit lib;
          stdenv = {
            hostPlatform = { inherit system; };
            buildPlatform.canExecute = _: true;
          };
          rustPlatform.buildRustPackage = build;
          callPackage =
            file: args:
            let
              function = import file;
            in
            function (builtins.intersectAttrs (builtins.functionArgs function) packages // args);
          mkShell = _: thing "shell" { };
          runCommand =
            name: _: _:
            thing name { };
          testers.runNixOSTest = test: builtins.seq (lib.head test.imports) (thing "vm-test" { });
          packages = {
            inherit lib stdenv rustPlatform;
          }
          // names;
          names = lib.genAttrs [
            "cacert"
            "cargo"
            "clippy"
            "deadnix"
            "go"
            "installShellFiles"
            "jq"
            "nixfmt"
            "nixfmt-tree"
            "rustfmt"
          ] (name: thing name { });
        };
    in
    {
      inherit lib;
      legacyPackages = lib.genAttrs systems (
        system:
        let
          all = legacyPackages system;
        in
        all // all.names
      );
    };
}
