# The files that package.nix builds from, by their paths below the root: `cargo lab test` builds from exactly these.
#   nix-instantiate --eval --strict --json tests/nixos/source.nix --arg lib 'import <nixpkgs/lib>'
{ lib }:
let
  top = ../..;
  # Debian's Nix is older than the builtin that lib asks for the kind of a file.
  able =
    if builtins ? readFileType then
      lib
    else
      lib.extend (
        _: old: {
          filesystem = old.filesystem // {
            pathType = path: (builtins.readDir (dirOf path)).${baseNameOf path};
          };
        }
      );
  package = import ../../package.nix {
    lib = able // {
      fileset = able.fileset // {
        toSource =
          { root, fileset }:
          assert root == top;
          able.fileset.toList fileset;
      };
    };
    stdenv = { };
    rustPlatform.buildRustPackage = args: args;
    installShellFiles = null;
    cacert = null;
  };
in
map (file: lib.removePrefix "${toString top}/" (toString file)) package.src
