# One entry of `services.homelab.extraCertificates`.
{ lib, ... }:
let
  inherit (lib) mkOption types;
in
{
  options = {
    namespace = mkOption {
      type = types.nullOr (types.either types.str (types.listOf types.str));
      default = null;
      example = "databases";
      description = "The namespace of the programs that use it, created if it is missing. Of a list, each namespace gets a certificate of its own.";
    };

    names = mkOption {
      type = types.listOf types.str;
      default = [ ];
      example = [ "*.qa.home.example.com" ];
      description = "What it is for: names, wildcards, or single labels, which are put below `domain`.";
    };

    issuer = mkOption {
      type = types.nullOr (
        types.enum [
          "acme"
          "ca"
        ]
      );
      default = null;
      example = "ca";
      description = "Who signs it; that of the lab if null.";
    };

    secret = mkOption {
      type = types.nullOr types.str;
      default = null;
      example = "postgres-tls";
      description = "The name of its Secret; if null, it is made from the first name: `*.qa.home.example.com` gets `wildcard-qa-home-example-com-tls`.";
    };
  };
}
