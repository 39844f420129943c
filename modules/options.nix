{
  config,
  lib,
  pkgs,
  ...
}:
let
  cfg = config.services.homelab;
  inherit (lib) literalExpression mkOption types;
in
{
  options.services.homelab = {
    enable = mkOption {
      type = types.bool;
      default = false;
      example = true;
      description = "Whether this machine is a node of the lab: k3s, and on the first server names, certificates and a proof that they work.";
    };

    package = mkOption {
      type = types.package;
      default = pkgs.homelab;
      defaultText = literalExpression "pkgs.homelab";
      example = literalExpression "inputs.homelab.packages.x86_64-linux.default";
      description = "The homelab program. The flake's module sets the one that the flake builds.";
    };

    role = mkOption {
      type = types.enum [
        "server"
        "agent"
      ];
      default = "server";
      example = "agent";
      description = "A `server` runs the Kubernetes API and services too; an `agent` runs services only.";
    };

    serverAddr = mkOption {
      type = types.str;
      default = "";
      example = "https://node1.lan:6443";
      description = "The first server, for every machine but that one. The server without it is the one that applies the configuration.";
    };

    tokenFile = mkOption {
      type = types.nullOr types.path;
      default = null;
      example = "/run/secrets/k3s-token";
      description = "A file with the secret by which machines join the cluster, the same on all of them. One machine alone needs none. Write the path as text, in quotes: a path without quotes is copied into the store, which everybody can read.";
    };

    clusterInit = mkOption {
      type = types.bool;
      default = false;
      example = true;
      description = "Whether the first server keeps its data in etcd, so that further servers can join. Agents can join without it.";
    };

    nodeName = mkOption {
      type = types.nullOr types.str;
      default = null;
      example = "node1";
      description = "The node's name in the cluster; the host name if null.";
    };

    nodeIP = mkOption {
      type = types.nullOr types.str;
      default = null;
      example = "192.168.1.10";
      description = "Pins the address under which the cluster and the DNS records know this machine. With null it is the address of `interface`, and k3s is restarted when that changes; but not a server with etcd (`clusterInit`, or one that joins another), which does not start under another address.";
    };

    interface = mkOption {
      type = types.nullOr types.str;
      default = null;
      example = "enp1s0";
      description = "The network interface of the LAN, for machines with several; that of the default route if null. With it, ports 80 and 443 answer on this interface only.";
    };

    domain = mkOption {
      type = types.nullOr types.str;
      default = null;
      example = "home.example.com";
      description = "Every service is `<name>.<domain>` unless it says otherwise. Needed on the first server.";
    };

    email = mkOption {
      type = types.nullOr types.str;
      default = null;
      example = "you@example.com";
      description = "The address of the account at Let's Encrypt. Needed on the first server.";
    };

    dns = {
      provider = mkOption {
        type = types.enum [ "cloudflare" ];
        default = "cloudflare";
        example = "cloudflare";
        description = "Who hosts the zone of `domain`.";
      };

      tokenFile = mkOption {
        type = types.nullOr types.path;
        default = null;
        example = "/run/secrets/cloudflare-token";
        description = "A file with the API token (Zone: Zone: Read and Zone: DNS: Edit for your zone), readable by root alone. Write the path as text, in quotes. Needed on the first server.";
      };
    };

    acme = {
      staging = mkOption {
        type = types.bool;
        default = false;
        example = true;
        description = "Whether certificates come from Let's Encrypt's staging environment: no browser trusts it, its limits are wide.";
      };

      server = mkOption {
        type = types.nullOr types.str;
        default = null;
        example = "https://ca.example.com/acme/acme/directory";
        description = "The directory of an ACME server other than Let's Encrypt.";
      };
    };

    services = mkOption {
      type = types.attrsOf (types.submodule ./service.nix);
      default = { };
      example = literalExpression ''
        {
          photos = { service = "immich/immich-server"; port = 2283; };
          nas.url = "https://192.168.1.5:5001";
        }
      '';
      description = "What gets a name, a certificate and a record. A service that is taken out loses all three with the next switch.";
    };

    ingress = {
      controller = mkOption {
        type = types.enum [ "ingress-nginx" ];
        default = "ingress-nginx";
        example = "ingress-nginx";
        description = "The program that listens on ports 80 and 443 of every node.";
      };

      defaultClass = mkOption {
        type = types.bool;
        default = true;
        example = false;
        description = "Whether Ingresses without a class are served.";
      };

      config = mkOption {
        type = types.attrsOf types.str;
        default = { };
        example = {
          use-gzip = "true";
        };
        description = "Entries for the controller's ConfigMap, over homelab's own.";
      };
    };

    openFirewall = mkOption {
      type = types.bool;
      default = true;
      example = false;
      description = "Whether ports 80 and 443 answer to other machines: on `interface` only, or on every interface if that is null. With false they answer to this machine and its pods only, unless `networking.firewall` opens them (`interfaces.wg0.allowedTCPPorts`). k3s takes these ports before NixOS' firewall looks, so the module closes them with a rule of its own at an earlier place; that needs `networking.firewall.enable`. Your router decides what the internet reaches; on a machine with a public address, set `interface`.";
    };

    flannelBackend = mkOption {
      type = types.enum [
        "vxlan"
        "wireguard-native"
        "none"
      ];
      default = "vxlan";
      example = "wireguard-native";
      description = "How pods reach pods of other machines, the same on every machine: `vxlan` in the clear, `wireguard-native` encrypted; `none` if you install another network. After a change, restart k3s on all machines at once.";
    };

    clusterFirewall = {
      enable = mkOption {
        type = types.bool;
        default = cfg.role == "agent" || cfg.serverAddr != "" || cfg.clusterInit;
        defaultText = literalExpression ''role == "agent" || serverAddr != "" || clusterInit'';
        example = true;
        description = "Whether the ports are open by which the machines of a cluster talk with each other, and kubectl with a server: 6443 on servers, 10250 everywhere, 2379 and 2380 between servers with etcd, and flannel's: 8472/udp, or 51820/udp and 51821/udp with `wireguard-native`. Turn it on at a first server without `clusterInit` when an agent joins it. With `vxlan` it needs an interface or `nodes`: who reaches 8472/udp can send packets into the cluster's network.";
      };

      interface = mkOption {
        type = types.nullOr types.str;
        default = cfg.interface;
        defaultText = literalExpression "config.services.homelab.interface";
        example = "enp1s0";
        description = "The only interface on which those ports are open; all if null.";
      };

      nodes = mkOption {
        type = types.listOf (types.strMatching "[0-9a-fA-F.:]+(/[0-9]{1,3})?");
        default = [ ];
        example = [
          "192.168.1.11"
          "192.168.1.12"
        ];
        description = "The only addresses or networks to which those ports are open: the cluster's other machines, and from where you run kubectl. All if empty.";
      };
    };

    apply = {
      onSwitch = mkOption {
        type = types.bool;
        default = true;
        example = false;
        description = "Whether `nixos-rebuild switch` and each start of the machine run `homelab up`. Without it, nothing runs it but `systemctl restart homelab-apply`, also where it has run before.";
      };

      wait = mkOption {
        type = types.bool;
        default = true;
        example = false;
        description = "Whether the switch waits for that run, and fails when it fails. Set it to false for deployers that roll back a switch that takes long or fails (deploy-rs: 240 seconds): the switch then only starts the run, and `systemctl status homelab-apply` and the doctor say how it ended.";
      };

      timeout = mkOption {
        type = types.str;
        default = "15min";
        example = "30min";
        description = "How long one run may take, in systemd's notation.";
      };
    };

    doctor = {
      enable = mkOption {
        type = types.bool;
        default = true;
        example = false;
        description = "Whether the first server runs `homelab doctor` on a schedule: `homelab-doctor.service` fails when something is wrong, with causes and fixes in its journal; the last report lies in /var/lib/homelab/doctor.json.";
      };

      schedule = mkOption {
        type = types.str;
        default = "hourly";
        example = "*-*-* 07:00";
        description = "When, in the notation of systemd's OnCalendar.";
      };

      onFailure = {
        command = mkOption {
          type = types.listOf types.str;
          default = [ ];
          example = literalExpression ''[ (lib.getExe pkgs.tell-me) "lab" ]'';
          description = "A program with its arguments that is run when something is wrong, with the report as JSON on its standard input. It runs in a unit of its own, `homelab-doctor-hook.service`, as an unprivileged user without credentials, for 10 seconds at most. A doctor that was killed or took too long leaves no report, and nothing is run.";
        };

        url = mkOption {
          type = types.nullOr types.str;
          default = null;
          example = "https://monitor.example.com/homelab";
          description = "An address that the report is sent to, as JSON with POST, when something is wrong; in place of a command. It lies in the store, which every user of the machine can read: an address that is a secret belongs into `urlFile`.";
        };

        urlFile = mkOption {
          type = types.nullOr types.path;
          default = null;
          example = "/run/secrets/doctor-url";
          description = "A file with that address, in place of `url`. Write the path as text, in quotes: a path without quotes is copied into the store.";
        };
      };

      onUnknown = mkOption {
        type = types.bool;
        default = false;
        example = true;
        description = "Whether that happens also when nothing wrong was found but something could not be looked at.";
      };
    };

    kubeconfig.group = mkOption {
      type = types.nullOr types.str;
      default = null;
      example = "wheel";
      description = "The group that may read the cluster's administrator credentials, `/etc/rancher/k3s/k3s.yaml`; root alone if null. Whoever reads them is root on this machine.";
    };

    k3s = {
      extraFlags = mkOption {
        type = types.listOf types.str;
        default = [ ];
        example = [ "--cluster-cidr=10.52.0.0/16" ];
        description = "Further flags of k3s. Use this, not `services.k3s.extraFlags`, where text in place of a list does not merge.";
      };

      disable = mkOption {
        type = types.listOf types.str;
        default = [ ];
        example = [ "metrics-server" ];
        description = "Packaged components of k3s that are left out and removed, beside traefik and servicelb. On servers only, and the same on all of them.";
      };
    };

    settings = mkOption {
      type = types.submodule { freeformType = (pkgs.formats.yaml { }).type; };
      default = { };
      example = literalExpression ''
        {
          whoami = false;
          certificates = "wildcard";
          dns.ttl = 300;
        }
      '';
      description = "Every other key of the configuration file (docs/configuration.md), over what the options above give. It is checked when the machine is built. It lies in the store, which everybody can read: no secrets. `acme.caFile` must be a path without quotes, so that it lies there too.";
    };
  };
}
