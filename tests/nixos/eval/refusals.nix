# One mistake each, and the sentence that it must bring.
{ lib }:
let
  good.services.homelab = {
    enable = true;
    domain = "home.example.com";
    email = "you@home.example.com";
    dns.tokenFile = "/run/secrets/cloudflare-token";
  };
  agent.services.homelab = {
    enable = true;
    role = "agent";
    serverAddr = "https://node1.lan:6443";
    tokenFile = "/run/secrets/k3s-token";
    interface = "enp1s0";
  };
  amazon.services.homelab = good.services.homelab // {
    dns = {
      provider = "route53";
      tokenFile = "/run/secrets/route53-key";
    };
  };
  but = base: mistake: [
    base
    mistake
  ];
in
{
  told-twice = but good {
    services.homelab.doctor.onFailure = {
      command = [ "/run/current-system/sw/bin/logger" ];
      url = "https://ntfy.sh/x";
    };
  };
  registry-without-root = but good {
    services.homelab.registries."registry.qa.svc.cluster.local".address = "10.43.7.9";
  };
  registry-with-a-scheme = but good {
    services.homelab.registries."https://registry.qa.svc.cluster.local".caFile = "/etc/root.crt";
  };
  hook-in-the-store = but good { services.homelab.doctor.onFailure.urlFile = ./refusals.nix; };
  organisation-in-the-store = but amazon {
    services.homelab.organisations.acme = {
      namespaces = [ "shop" ];
      tokenFile = ./refusals.nix;
    };
  };
  organisation-without-namespace = but amazon {
    services.homelab.organisations.acme.tokenFile = "/run/secrets/route53-acme";
  };
  organisations-at-cloudflare = but good {
    services.homelab.organisations.acme = {
      namespaces = [ "shop" ];
      tokenFile = "/run/secrets/route53-acme";
    };
  };
  organisation-of-nobody = but amazon {
    services.homelab.services.web = {
      service = "shop/web";
      port = 80;
      organisation = "acmee";
    };
  };
  zones-pruned-at-cloudflare = but good { services.homelab.zones.prune.enable = true; };
  maker-in-the-store = but amazon {
    services.homelab.zones.prune = {
      enable = true;
      tokenFile = ./refusals.nix;
    };
  };
  agent-with-organisations = but agent {
    services.homelab.organisations.acme = {
      namespaces = [ "shop" ];
      tokenFile = "/run/secrets/route53-acme";
    };
  };
  agent-without-server = but agent { services.homelab.serverAddr = lib.mkForce ""; };
  agent-without-token = [
    {
      services.homelab = {
        enable = true;
        role = "agent";
        serverAddr = "https://node1.lan:6443";
        interface = "enp1s0";
      };
    }
  ];
  agent-that-disables = but agent { services.homelab.k3s.disable = [ "metrics-server" ]; };
  agent-with-services = but agent { services.homelab.services.nas.url = "https://192.168.1.5:5001"; };
  local-without-flannel = but good {
    services.homelab = {
      flannelBackend = "none";
      services.films.local = 8096;
    };
  };
  cluster-init-on-an-agent = but agent { services.homelab.clusterInit = true; };
  nothing-said = [ { services.homelab.enable = true; } ];
  token-in-the-store = [
    {
      services.homelab = good.services.homelab // {
        dns.tokenFile = "/nix/store/00000000000000000000000000000000-token";
      };
    }
  ];
  token-as-a-path = [
    {
      services.homelab = good.services.homelab // {
        dns.tokenFile = ./refusals.nix;
      };
    }
  ];
  cluster-secret-as-a-path = but good { services.homelab.tokenFile = ./refusals.nix; };
  nginx-on-80 = but good {
    services.nginx = {
      enable = true;
      virtualHosts.old = { };
    };
  };
  nginx-without-a-port = but good {
    services.nginx = {
      enable = true;
      virtualHosts.old.listen = [ { addr = "192.168.1.10"; } ];
    };
  };
  nginx-with-tls = but good {
    services.nginx = {
      enable = true;
      defaultHTTPListenPort = 8080;
      virtualHosts.old.addSSL = true;
    };
  };
  nginx-by-default = but good {
    services.nginx = {
      enable = true;
      defaultListen = [ { addr = "[::1]"; } ];
      virtualHosts.old = { };
    };
  };
  apache-on-443 = but good {
    services.httpd = {
      enable = true;
      virtualHosts.old.listen = [ { port = 443; } ];
    };
  };
  # What it listens on stands nowhere that can be read.
  caddy-unknown = but good { services.caddy.enable = true; };
  caddy-on-443 = but good {
    services.caddy = {
      enable = true;
      virtualHosts."old.example.com" = { };
    };
  };
  # TLS on another port: port 80 still sends people there.
  caddy-on-80 = but good {
    services.caddy = {
      enable = true;
      virtualHosts."old.example.com:8443" = { };
    };
  };
  traefik-beside-k3s = but good { services.traefik.enable = true; };
  traefik-in-k3s = but good (
    { options, ... }:
    {
      services.k3s = {
        extraFlags = lib.mkForce [ ];
      }
      // lib.optionalAttrs (options.services.k3s ? disable) { disable = lib.mkForce [ ]; };
    }
  );
  own-controller-without-class = but good { services.homelab.ingress.manage = false; };
  nftables-flushed = but good {
    networking.nftables = {
      enable = true;
      flushRuleset = true;
    };
  };
  vxlan-for-everybody = but good { services.homelab.clusterFirewall.enable = true; };
  vxlan-at-an-agent = but agent { services.homelab.interface = lib.mkForce null; };
  backend-as-a-flag = but good {
    services.homelab.k3s.extraFlags = [ "--flannel-backend=wireguard-native" ];
  };
  cilium-with-wireguard-of-flannel = but good {
    services.homelab = {
      cni = "cilium";
      flannelBackend = "wireguard-native";
    };
  };
  cilium-with-flags-of-flannel = but good {
    services.homelab = {
      cni = "cilium";
      k3s.extraFlags = [ "--flannel-backend=host-gw" ];
    };
  };
  cilium-for-everybody = but good {
    services.homelab = {
      cni = "cilium";
      clusterFirewall.enable = true;
    };
  };
  cilium-behind-a-strict-check = but good {
    services.homelab.cni = "cilium";
    networking.firewall.checkReversePath = "strict";
  };
  cilium-beside-lxc = but good {
    services.homelab.cni = "cilium";
    virtualisation.lxc.enable = true;
  };
  cilium-past-the-firewall = but good {
    services.homelab = {
      cni = "cilium";
      openFirewall = false;
    };
  };
  cilium-and-a-program-on-a-node = but good {
    services.homelab = {
      cni = "cilium";
      clusterFirewall = {
        enable = true;
        nodes = [ "192.168.1.11" ];
      };
      services.films.local = 8096;
    };
  };
  agent-without-policies = but agent {
    services.homelab.k3s.extraFlags = [ "--disable-network-policy" ];
  };
  firewall-off = but good {
    services.homelab.openFirewall = false;
    networking.firewall.enable = false;
  };
  nat-flushed = but good { networking.firewall.extraCommands = "iptables -t nat -F"; };
  etcd-without-an-address = but good {
    services.homelab = {
      clusterInit = true;
      interface = "enp1s0";
    };
  };
}
