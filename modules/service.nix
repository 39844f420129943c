# One entry of `services.homelab.services`.
{ lib, ... }:
let
  inherit (lib) mkOption types;
in
{
  options = {
    service = mkOption {
      type = types.nullOr types.str;
      default = null;
      example = "immich/immich-server";
      description = "A Service in the cluster, as `namespace/name`; it needs `port`.";
    };

    port = mkOption {
      type = types.nullOr types.port;
      default = null;
      example = 2283;
      description = "The port of that Service.";
    };

    url = mkOption {
      type = types.nullOr types.str;
      default = null;
      example = "https://192.168.1.5:5001";
      description = "Something outside the cluster: scheme, host and port.";
    };

    host = mkOption {
      type = types.nullOr types.str;
      default = null;
      example = "pictures";
      description = "Another name than `<name>.<domain>`; one label is taken below `domain`.";
    };

    hosts = mkOption {
      type = types.listOf types.str;
      default = [ ];
      example = [
        "cloud"
        "files.example.com"
      ];
      description = "Several names, which share one certificate.";
    };

    scheme = mkOption {
      type = types.nullOr (
        types.enum [
          "http"
          "https"
        ]
      );
      default = null;
      example = "https";
      description = "What the backend speaks: that of `url` if null, else http. Its certificate is not checked.";
    };

    maxBodySize = mkOption {
      type = types.nullOr types.str;
      default = null;
      example = "16g";
      description = "The largest upload, in nginx's notation; no limit if null.";
    };

    readTimeout = mkOption {
      type = types.nullOr types.ints.positive;
      default = null;
      example = 600;
      description = "Seconds for which the backend may be silent; 3600 if null.";
    };

    annotations = mkOption {
      type = types.attrsOf types.str;
      default = { };
      example = {
        "nginx.ingress.kubernetes.io/proxy-buffering" = "off";
      };
      description = "Annotations of the Ingress, over homelab's own.";
    };
  };
}
