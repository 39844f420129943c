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
  agent-without-server = but agent { services.homelab.serverAddr = lib.mkForce ""; };
  agent-without-token = [
    {
      services.homelab = {
        enable = true;
        role = "agent";
        serverAddr = "https://node1.lan:6443";
      };
    }
  ];
  agent-that-disables = but agent { services.homelab.k3s.disable = [ "metrics-server" ]; };
  agent-with-services = but agent { services.homelab.services.nas.url = "https://192.168.1.5:5001"; };
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
  apache-on-443 = but good {
    services.httpd = {
      enable = true;
      virtualHosts.old.listen = [ { port = 443; } ];
    };
  };
  caddy = but good { services.caddy.enable = true; };
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
  nftables-flushed = but good {
    networking.nftables = {
      enable = true;
      flushRuleset = true;
    };
  };
  nat-flushed = but good { networking.firewall.extraCommands = "iptables -t nat -F"; };
  etcd-without-an-address = but good { services.homelab.clusterInit = true; };
}
