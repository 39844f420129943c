# As much of nixpkgs as the module touches. Nothing is built: paths in the store are names.
{ lib }:
let
  storePath = name: "/nix/store/${lib.concatStrings (lib.replicate 32 "0")}-${name}";
  package = name: {
    type = "derivation";
    inherit name;
    outPath = storePath name;
    drvPath = storePath "${name}.drv";
    meta.mainProgram = name;
  };
  # The type of pkgs.formats.yaml, without what only the real one can build.
  value =
    with lib.types;
    nullOr (oneOf [
      bool
      int
      float
      str
      path
      (attrsOf value)
      (listOf value)
    ])
    // {
      description = "YAML value";
    };
in
{
  homelab = package "homelab";
  iproute2 = package "iproute2";
  k3s = package "k3s" // {
    version = "1.36.0+k3s1";
  };
  fetchurl = { url, sha256 }: package "${builtins.substring 0 8 sha256}-${baseNameOf url}";
  formats.yaml = _: {
    type = value;
    generate = name: content: package name // { inherit content; };
  };
  # What the commands would read must be evaluated too.
  runCommand =
    name: env: commands:
    builtins.seq commands (package name // { inherit (env.written) content; });
  writeShellScript = name: text: builtins.seq text (package name);
  stdenv = {
    hostPlatform.system = "x86_64-linux";
    buildPlatform.canExecute = _: true;
  };
}
