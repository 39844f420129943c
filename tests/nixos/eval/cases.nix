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
            maxBodySize = "16g";
            readTimeout = 600;
            annotations."nginx.ingress.kubernetes.io/proxy-buffering" = "off";
          };
          cloud = {
            url = "http://192.168.1.6:8080";
            hosts = [
              "cloud"
              "files.example.com"
            ];
          };
        };
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
          onFailure.url = "https://ntfy.sh/my-secret-topic";
          onUnknown = true;
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
      services.k3s.package.version = "1.37.0+k3s1";
      networking.nftables.enable = true;
    }
  ];

  agent = [
    {
      services.homelab = {
        enable = true;
        role = "agent";
        serverAddr = "https://node1.lan:6443";
        tokenFile = "/run/secrets/k3s-token";
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
      };
    }
  ];

  # Nobody is to be told, and nothing is to run by itself.
  without-doctor = [
    minimal
    { services.homelab.doctor.enable = false; }
  ];

  # For deployers that roll back a switch that takes long.
  no-waiting = [
    minimal
    { services.homelab.apply.wait = false; }
  ];

  # Other web servers, on ports that do not matter.
  neighbours = [
    minimal
    {
      services = {
        nginx = {
          enable = true;
          virtualHosts.old.listen = [
            {
              addr = "127.0.0.1";
              port = 8080;
            }
          ];
        };
        httpd = {
          enable = true;
          virtualHosts.older.listen = [ { port = 8081; } ];
        };
      };
    }
  ];
}
