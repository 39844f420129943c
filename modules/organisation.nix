# One entry of `services.homelab.organisations`.
{ lib, ... }:
let
  inherit (lib) mkOption types;
in
{
  options = {
    namespaces = mkOption {
      type = types.listOf types.str;
      default = [ ];
      example = [
        "shop"
        "office"
      ];
      description = "Where its programs run, at least one. Each namespace belongs to one organisation.";
    };

    tokenFile = mkOption {
      type = types.nullOr types.path;
      default = null;
      example = "/run/secrets/route53-acme";
      description = "A file with a credential that may write into its zone and into no other, readable by root only. Without it, `homelab up` takes the one that `homelab zone policy <name> --apply` made. Write the path in quotes: Nix copies a path without quotes into the store.";
    };
  };
}
