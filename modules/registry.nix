# One entry of `services.homelab.registries`.
{ lib, ... }:
let
  inherit (lib) mkOption types;
in
{
  options = {
    address = mkOption {
      type = types.nullOr types.str;
      default = null;
      example = "10.43.7.9";
      description = "The address of its Service, if its name is one inside the cluster (`NAME.NAMESPACE.svc.cluster.local`): only pods can look that up. `homelab ca --registry NAME` shows it. If null, this machine looks the name up as any other.";
    };

    caFile = mkOption {
      type = types.nullOr types.path;
      default = null;
      example = lib.literalExpression "./homelab-root.crt";
      description = "The root of the lab's own certificate authority, as `homelab ca --write homelab-root.crt` gives it. It is public; written as a path, it is copied into the store.";
    };
  };
}
