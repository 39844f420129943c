# Machines as people have them.
{ lib }:
let
  minimal.services.homelab = {
    enable = true;
    domain = "home.example.com";
    email = "you@home.example.com";
    dns.tokenFile = "/run/secrets/cloudflare-token";
  };
in
{
  off = [ ];
  minimal = [ minimal ];
  example = [ ../../../templates/default/homelab.nix ];

  # No account, no token: the nodes are the name servers, and port 53 is open to private networks.
  at-home = [
    {
      services.homelab = {
        enable = true;
        domain = "home.arpa";
        dns.provider = "local";
        interface = "enp1s0";
      };
    }
  ];
  at-home-filtered = [
    {
      services.homelab = {
        enable = true;
        domain = "home.arpa";
        dns.provider = "local";
      };
      networking.nftables.enable = true;
    }
  ];

  # Images from a registry inside the cluster, and from one whose name the house knows.
  registries = [
    minimal
    {
      services.homelab.registries = {
        "registry.qa.svc.cluster-01.intranet.example.com:5000" = {
          address = "10.43.7.9";
          caFile = "/etc/homelab-root.crt";
        };
        "images.home.example.com".caFile = "/etc/homelab-root.crt";
      };
    }
  ];

  # Groups that share the cluster, and the zones of those that left.
  organisations = [
    minimal
    {
      services.homelab = {
        dns = {
          provider = "route53";
          tokenFile = lib.mkForce "/run/secrets/route53-key";
        };
        organisations = {
          acme = {
            namespaces = [
              "office"
              "shop"
            ];
            tokenFile = "/run/secrets/route53-acme";
          };
          globex = {
            namespaces = [ "bench" ];
            tokenFile = "/run/secrets/route53-globex";
          };
          # Its credential is made by `homelab zone policy initech --apply`, and lies in the cluster alone.
          initech.namespaces = [ "fax" ];
        };
        services.web = {
          service = "shop/web";
          port = 80;
          organisation = "acme";
        };
        zones.prune = {
          enable = true;
          tokenFile = "/run/secrets/route53-maker";
        };
      };
    }
  ];

  # The last organisation has left, and its zone goes by the lab's own key.
  zones = [
    minimal
    {
      services.homelab = {
        dns.provider = "route53";
        zones.prune.enable = true;
      };
    }
  ];

  # A controller that writes no addresses: a timer does.
  traefik = [
    minimal
    { services.homelab.settings.ingress.controller = "traefik"; }
  ];

  # The timer runs for the public record, too.
  public-port = [
    minimal
    {
      services.homelab.services.photos = {
        local = 2342;
        public = "port";
        iKnow = "ingress-nginx-is-retired";
      };
    }
  ];

  # Beside a provider, too: port 53 is open, and an e-mail address is needed all the same.
  house-resolver = [
    minimal
    {
      services.homelab = {
        interface = "enp1s0";
        dns = {
          challengeZone = "acme.example.org";
          houseResolver = true;
          publish = false;
          hosts = {
            printer = "192.168.1.9";
            "ssh.nas" = [
              "192.168.1.5"
              "192.168.1.6"
            ];
            "nas.k8s.intra" = "192.168.1.5";
          };
          insideZones = [
            {
              zone = "lan";
              forward = [ "192.168.1.1" ];
            }
          ];
        };
      };
    }
  ];

  # An ingress controller that is there already: k3s keeps its own, and a web server on port 80 is the user's matter.
  own-controller = [
    minimal
    {
      services.homelab.ingress = {
        manage = false;
        class = "traefik";
      };
    }
  ];

  # A name server that the internet asks: its port is closed where nobody opens it.
  challenge-server = [
    minimal
    {
      services.homelab.dns = {
        provider = "local";
        challengeZone = "_acme-challenge.home.example.com";
        challengeServer.address = "203.0.113.7";
      };
    }
  ];
  challenge-server-filtered = [
    minimal
    {
      services.homelab.dns = {
        challengeZone = "acme.example.com";
        challengeServer = {
          address = "house.example.net";
          port = 5300;
          node = "nuc";
        };
      };
      networking.nftables.enable = true;
    }
  ];
  challenge-server-open = [
    minimal
    {
      services.homelab.dns = {
        challengeZone = "acme.example.com";
        challengeServer = {
          address = "203.0.113.7";
          openFirewall = true;
        };
      };
    }
  ];

  everything = [
    {
      services.homelab = {
        enable = true;
        package = {
          type = "derivation";
          name = "homelab-fork";
          outPath = "/nix/store/${lib.concatStrings (lib.replicate 32 "1")}-homelab-fork";
          meta.mainProgram = "homelab";
        };
        role = "server";
        tokenFile = "/run/secrets/k3s-token";
        clusterInit = true;
        nodeName = "first";
        nodeIP = "192.168.1.10";
        interface = "enp1s0";
        domain = "home.example.com";
        email = "you@home.example.com";
        dns.tokenFile = "/run/secrets/cloudflare-token";
        acme.server = "https://ca.example.com/acme/acme/directory";
        services = {
          photos = {
            service = "immich/immich-server";
            port = 2283;
            host = "pictures";
            scheme = "https";
            description = "Photos of the family";
            icon = "P";
            maxBodySize = "16g";
            readTimeout = 600;
            annotations."nginx.ingress.kubernetes.io/proxy-buffering" = "off";
          };
          films = {
            local = 8096;
            node = "first";
            protect = {
              lan = true;
              hsts = false;
              forwardAuth.url = "http://auth.lan/verify";
            };
          };
          books = {
            image = "ghcr.io/owner/books:1.2";
            port = 8083;
            data = "/config";
            egress = [ "none" ];
          };
          cloud = {
            url = "http://192.168.1.6:8080";
            hosts = [
              "cloud"
              "files.example.com"
            ];
            public = "tunnel";
            iKnow = "ingress-nginx-is-retired";
          };
        };
        egress.immich = [
          "lan"
          "*.pool.ntp.org:123/udp"
        ];
        extraCertificates = [
          {
            namespace = [
              "dev"
              "qa"
            ];
            names = [ "*.home.example.com" ];
          }
          {
            namespace = "databases";
            names = [ "db" ];
            issuer = "ca";
            secret = "postgres-tls";
          }
        ];
        startPage = {
          enable = true;
          host = "start";
        };
        rootPage = true;
        ingress = {
          controller = "ingress-nginx";
          defaultClass = false;
          config.use-gzip = "true";
        };
        openFirewall = false;
        clusterFirewall = {
          enable = true;
          interface = "enp2s0";
        };
        apply = {
          onSwitch = false;
          timeout = "30min";
        };
        doctor = {
          schedule = "*-*-* 07:00";
          onFailure.urlFile = "/run/secrets/doctor-url";
          onUnknown = true;
          prometheus.enable = true;
        };
        kubeconfig.group = "wheel";
        k3s = {
          extraFlags = [ "--cluster-cidr=10.52.0.0/16" ];
          disable = [ "metrics-server" ];
        };
        settings = {
          whoami = false;
          # Over the option of the same name.
          email = "admin@home.example.com";
          dns.ttl = 300;
          services.photos.readTimeout = 900;
        };
      };
      networking.nftables.enable = true;
    }
    (
      { pkgs, ... }:
      {
        services.k3s.package = pkgs.k3s // {
          version = "1.37.0+k3s1";
        };
      }
    )
  ];

  agent = [
    {
      services.homelab = {
        enable = true;
        role = "agent";
        serverAddr = "https://node1.lan:6443";
        tokenFile = "/run/secrets/k3s-token";
        interface = "enp1s0";
      };
    }
  ];

  second-server = [
    {
      services.homelab = {
        enable = true;
        serverAddr = "https://node1.lan:6443";
        tokenFile = "/run/secrets/k3s-token";
        nodeIP = "192.168.1.11";
        nodeName = "second";
        clusterFirewall.nodes = [
          "192.168.1.10"
          "fd00:1::10"
        ];
      };
    }
  ];

  # Nobody is to be told, and nothing is to run by itself.
  without-doctor = [
    minimal
    { services.homelab.doctor.enable = false; }
  ];

  # An etcd whose machine has no fixed address: warned of, and never restarted for it.
  etcd = [
    minimal
    {
      services.homelab = {
        clusterInit = true;
        clusterFirewall.interface = "enp2s0";
      };
    }
  ];

  # Somebody else's program is told, also when nothing could be looked at.
  told = [
    minimal
    {
      services.homelab.doctor = {
        onFailure.command = [
          "/run/current-system/sw/bin/logger"
          "the lab's doctor"
        ];
        onUnknown = true;
      };
    }
  ];

  # For deployers that roll back a switch that takes long.
  no-waiting = [
    minimal
    { services.homelab.apply.wait = false; }
  ];

  # Ports 80 and 443 for this machine and its pods alone.
  closed = [
    minimal
    { services.homelab.openFirewall = false; }
  ];

  # The strictest that NixOS offers: pods must pass all the same.
  filtered = [
    minimal
    {
      services.homelab = {
        interface = "enp1s0";
        flannelBackend = "wireguard-native";
        clusterFirewall = {
          enable = true;
          interface = null;
        };
      };
      networking = {
        nftables.enable = true;
        firewall.filterForward = true;
      };
    }
  ];

  # Cilium in place of flannel: on a server, whose other nodes are named; on an agent, which has no flags for it; and behind
  # the strictest firewall.
  cilium = [
    minimal
    {
      services.homelab = {
        cni = "cilium";
        clusterInit = true;
        nodeIP = "192.168.1.11";
        clusterFirewall.nodes = [ "192.168.1.10" ];
        k3s.extraFlags = [ "--disable-kube-proxy" ];
      };
    }
  ];
  cilium-agent = [
    {
      services.homelab = {
        enable = true;
        cni = "cilium";
        role = "agent";
        serverAddr = "https://node1.lan:6443";
        tokenFile = "/run/secrets/k3s-token";
        interface = "enp1s0";
      };
    }
  ];
  cilium-filtered = [
    minimal
    {
      services.homelab = {
        cni = "cilium";
        interface = "enp1s0";
        clusterFirewall.enable = true;
      };
      networking = {
        nftables.enable = true;
        firewall.filterForward = true;
      };
    }
  ];

  # Ports that the owner opens himself, one for a tunnel and one for all.
  opened-by-hand = [
    minimal
    {
      services.homelab = {
        openFirewall = false;
        clusterFirewall = {
          enable = true;
          nodes = [ "192.168.1.0/24" ];
        };
      };
      networking = {
        nftables.enable = true;
        firewall = {
          allowedTCPPorts = [ 80 ];
          interfaces.wg0.allowedTCPPorts = [ 443 ];
        };
      };
    }
  ];

  # Both names of the flake's module, as happens with several imports.
  imported-twice =
    let
      flake = (import ../../../flake.nix).outputs {
        nixpkgs = { inherit lib; };
        self.packages.x86_64-linux.homelab = {
          type = "derivation";
          name = "homelab-of-the-flake";
          outPath = "/nix/store/${lib.concatStrings (lib.replicate 32 "2")}-homelab-of-the-flake";
          meta.mainProgram = "homelab";
        };
      };
    in
    [
      flake.nixosModules.default
      flake.nixosModules.homelab
      minimal
    ];

  # Other web servers, on ports that do not matter.
  neighbours = [
    minimal
    {
      services = {
        caddy = {
          enable = true;
          virtualHosts.":8080" = { };
          virtualHosts."http://old.lan:8081, http://older.lan:8082" = { };
        };
        nginx = {
          enable = true;
          virtualHosts.old.listen = [
            {
              addr = "127.0.0.1";
              port = 8080;
            }
            { addr = "unix:/run/nginx/old.sock"; }
            { addr = "[::1]:8083"; }
          ];
          defaultListen = [
            {
              addr = "127.0.0.1";
              port = 8084;
            }
          ];
          virtualHosts.older = { };
        };
        httpd = {
          enable = true;
          virtualHosts.older.listen = [ { port = 8081; } ];
        };
      };
    }
  ];
}
