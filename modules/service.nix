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
      description = "The port of that Service, or the port that the program in `image` listens on.";
    };

    image = mkOption {
      type = types.nullOr types.str;
      default = null;
      example = "ghcr.io/owner/books:1.2";
      description = "An image that homelab runs in the cluster, in the namespace `homelab-<name>`; it needs `port`.";
    };

    data = mkOption {
      type = types.nullOr types.str;
      default = null;
      example = "/config";
      description = "The folder in that image in which the program keeps its data. It is a PersistentVolumeClaim of the cluster's default StorageClass, which homelab never deletes: the data stays when you remove the service, and is there again when you add it again.";
    };

    url = mkOption {
      type = types.nullOr types.str;
      default = null;
      example = "https://192.168.1.5:5001";
      description = "A program outside the cluster, as scheme, host and port.";
    };

    local = mkOption {
      type = types.nullOr types.port;
      default = null;
      example = 8096;
      description = "A program on the node itself, by the port that it listens on (on `0.0.0.0`, not on 127.0.0.1 alone): most services of NixOS are such programs. Pods reach that port as it is. Leave `openFirewall` of that service off, and nobody else does.";
    };

    node = mkOption {
      type = types.nullOr types.str;
      default = null;
      example = "node2";
      description = "The node on which that program runs, in a cluster of several.";
    };

    host = mkOption {
      type = types.nullOr types.str;
      default = null;
      example = "pictures";
      description = "A host name other than `<name>.<domain>`. A single label is put below `domain`.";
    };

    hosts = mkOption {
      type = types.listOf types.str;
      default = [ ];
      example = [
        "cloud"
        "files.example.com"
      ];
      description = "Several host names; they share one certificate.";
    };

    organisation = mkOption {
      type = types.nullOr types.str;
      default = null;
      example = "acme";
      description = "The organisation that it belongs to, one of `services.homelab.organisations`. Its name is then `<name>.<organisation>.<domain>`.";
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
      description = "Who signs its certificate: `acme`, or `ca` for the lab's own certificate authority. If null, it is `services.homelab.issuer`.";
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
      description = "The protocol of the backend. If null, it is the scheme of `url`, else http. The backend's certificate is not checked.";
    };

    public = mkOption {
      type = types.nullOr (
        types.enum [
          "tunnel"
          "port"
        ]
      );
      default = null;
      example = "tunnel";
      description = "By which way it is reached from the internet: `tunnel`, by a tunnel of Cloudflare that the lab opens itself (docs/tunnel.md), or `port`, by a port that your router forwards. If null, from the house alone.";
    };

    iKnow = mkOption {
      type = types.nullOr types.str;
      default = null;
      example = "ingress-nginx-is-retired";
      description = "Beside `public`, with an ingress controller that gets no more security fixes: that you know.";
    };

    egress = mkOption {
      type = types.listOf types.str;
      default = [ ];
      example = [
        "lan"
        "api.example.org:443"
      ];
      description = "Where its pods may connect to, and nowhere else: `lan`, `cluster`, addresses, names (with Cilium), or `none` (docs/egress.md). Everywhere if empty.";
    };

    description = mkOption {
      type = types.nullOr types.str;
      default = null;
      example = "Photos and videos of the family";
      description = "What the start page says of the service, in one line.";
    };

    icon = mkOption {
      type = types.nullOr types.str;
      default = null;
      example = "📷";
      description = "What the start page has before the name: an emoji, or one or two letters; the first letter of the name if null.";
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
      description = "How many seconds the backend may be silent, for websockets and long uploads; 3600 if null.";
    };

    protect = {
      lan = mkOption {
        type = types.nullOr types.bool;
        default = null;
        example = true;
        description = "Whether it is reached from the house alone: private networks, those of VPNs, and `services.homelab.settings.lan`.";
      };

      users = mkOption {
        type = types.nullOr types.bool;
        default = null;
        example = true;
        description = "Whether a visitor gives a name and a password. `homelab protect NAME --user USER` lets somebody in.";
      };

      rate = mkOption {
        type = types.nullOr types.ints.positive;
        default = null;
        example = 10;
        description = "How many requests a second each address may make; no limit if null.";
      };

      hsts = mkOption {
        type = types.nullOr types.bool;
        default = null;
        example = true;
        description = "Whether browsers are told to open it by HTTPS alone, for 30 days after each visit (`Strict-Transport-Security`). `false` tells them to forget it; no header if null.";
      };

      forwardAuth = {
        url = mkOption {
          type = types.nullOr types.str;
          default = null;
          example = "http://authelia.auth.svc.cluster.local:9091/api/authz/auth-request";
          description = "What a sign-in service of your own is asked about each request by: 2xx lets the visitor in, 401 and 403 do not.";
        };

        signIn = mkOption {
          type = types.nullOr types.str;
          default = null;
          example = "https://auth.home.example.com";
          description = "The page to which a visitor is sent who has not signed in.";
        };

        headers = mkOption {
          type = types.listOf types.str;
          default = [ ];
          example = [ "Remote-User" ];
          description = "Headers of its answer that the program gets.";
        };
      };
    };

    annotations = mkOption {
      type = types.attrsOf types.str;
      default = { };
      example = {
        "nginx.ingress.kubernetes.io/proxy-buffering" = "off";
      };
      description = "Annotations for the Ingress; they override homelab's own.";
    };
  };
}
