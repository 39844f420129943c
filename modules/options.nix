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
      description = "Make this machine a node of the lab: it runs k3s. The first server also manages names and certificates, and checks that they work.";
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
      description = "A `server` runs the Kubernetes API and your services; an `agent` runs services only.";
    };

    serverAddr = mkOption {
      type = types.str;
      default = "";
      example = "https://node1.lan:6443";
      description = "The address of the first server. Set it on every other machine; the server without it applies the configuration.";
    };

    tokenFile = mkOption {
      type = types.nullOr types.path;
      default = null;
      example = "/run/secrets/k3s-token";
      description = "A file with the secret that machines use to join the cluster, the same on all of them. A single machine needs none. Write the path in quotes: Nix copies a path without quotes into the store, which everybody can read.";
    };

    clusterInit = mkOption {
      type = types.bool;
      default = false;
      example = true;
      description = "Whether the first server keeps its data in etcd. Set it if more servers will join; agents can join without it.";
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
      description = "The address of this machine in the cluster and in DNS records. If null, it is the address of `interface`, and k3s restarts when that changes; except on a server with etcd (`clusterInit`, or one that joins another), which does not start under another address.";
    };

    interface = mkOption {
      type = types.nullOr types.str;
      default = null;
      example = "enp1s0";
      description = "The network interface of your LAN, for machines with several. If null, it is the one with the default route. If set, ports 80 and 443 answer on this interface only.";
    };

    domain = mkOption {
      type = types.nullOr types.str;
      default = null;
      example = "home.example.com";
      description = "Every service is `<name>.<domain>` unless it says otherwise. Required on the first server.";
    };

    email = mkOption {
      type = types.nullOr types.str;
      default = null;
      example = "you@example.com";
      description = "The address of the account at Let's Encrypt. Required on the first server, unless only the lab's own certificate authority signs (`issuer`, or `dns.provider = \"local\"`).";
    };

    issuer = mkOption {
      type = types.enum [
        "acme"
        "ca"
      ];
      default = "acme";
      example = "ca";
      description = "Who signs the certificates: `acme` is Let's Encrypt, or the server in `acme.server`; `ca` is a certificate authority of the lab's own, whose root each device has to be told to trust (`homelab ca`). With `dns.provider = \"local\"`, it is `ca`, unless `dns.challengeServer` is set. A service can have its own.";
    };

    dns = {
      provider = mkOption {
        type = types.enum (lib.attrNames (import ./providers.nix));
        default = "cloudflare";
        example = "cloudflare";
        description = "Who hosts the zone of `domain`. `local`: your own nodes, without an account, a domain or a token; set it on every machine, since each opens port 53 to your private networks then.";
      };

      tokenFile = mkOption {
        type = types.nullOr types.path;
        default = null;
        example = "/run/secrets/cloudflare-token";
        description = "A file with the provider's credential, readable by root only: the API token (at Cloudflare: Zone: Zone: Read and Zone: DNS: Edit for your zone), the access key (at Route 53), or the keys of a server of your own. Write the path in quotes. Required on the first server.";
      };

      challengeZone = mkOption {
        type = types.nullOr types.str;
        default = null;
        example = "acme.example.org";
        description = "The provider's zone, or a name in it, if it is not the zone of `domain`: the challenges for certificates are met there, by a CNAME record for each certificate, which `homelab zone delegate` prints. No name is published then: set `houseResolver`, unless name servers of your own have the names. With `challengeServer`, it is that server's zone.";
      };

      challengeServer = {
        address = mkOption {
          type = types.nullOr types.str;
          default = null;
          example = "203.0.113.7";
          description = "Let a name server of the lab's own have `challengeZone`: an otherwise empty public zone. Where the internet finds your router, which forwards public port 53, UDP and TCP, to that server: its public address, or a name that leads there, such as that of a DynDNS service. Set it on every machine, since each keeps the server's port closed unless `openFirewall` is set.";
        };

        port = mkOption {
          type = types.port;
          default = 8053;
          example = 5300;
          description = "Where the server listens on its node. Not 53: the house's own name server listens there.";
        };

        node = mkOption {
          type = types.nullOr types.str;
          default = null;
          example = "nuc";
          description = "The node that the server runs on. Needed where there are several: your router forwards to it.";
        };

        openFirewall = mkOption {
          type = types.bool;
          default = false;
          example = true;
          description = "Let the server's port, UDP and TCP, pass this machine's firewall. Set it on the node that the server runs on: everybody on the internet can ask the server then, as your router forwards port 53 to it.";
        };
      };

      houseResolver = mkOption {
        type = types.bool;
        default = false;
        example = true;
        description = "Let the nodes answer for `domain` in the house, beside the provider: names go on working without the internet, and past DNS rebinding protection. Let your router ask the nodes for the domain. Set it on every machine, since each opens port 53 to your private networks then.";
      };

      publish = mkOption {
        type = types.bool;
        default = true;
        example = false;
        description = "Whether the names have records in public DNS. With `false`, the nodes alone answer, and `houseResolver` must be on; certificates come by DNS-01 as before.";
      };

      hosts = mkOption {
        type = types.attrsOf (types.either types.str (types.listOf types.str));
        default = { };
        example = {
          printer = "192.168.1.9";
          "ssh.nas" = "192.168.1.5";
        };
        description = "Further names, for printers, disks and machines: their addresses. Below `domain`, the nodes answer for them (`houseResolver`); `nas.k8s.intra`, or a name with a final dot, is for pods alone.";
      };

      publishHosts = mkOption {
        type = types.bool;
        default = false;
        example = true;
        description = "Whether the names in `hosts` below `domain` have records at the provider, too.";
      };

      podHosts = mkOption {
        type = types.bool;
        default = true;
        example = false;
        description = "Whether pods get the names in `hosts` from the cluster's own DNS.";
      };

      insideZones = mkOption {
        type = types.listOf (
          types.submodule {
            options = {
              zone = mkOption {
                type = types.str;
                default = "";
                example = "lan";
                description = "The zone that pods are given; required.";
              };
              file = mkOption {
                type = types.nullOr types.path;
                default = null;
                example = literalExpression "./db.intra.zone";
                description = "A zone file. It is copied into the Nix store.";
              };
              forward = mkOption {
                type = types.listOf types.str;
                default = [ ];
                example = [ "192.168.1.1" ];
                description = "DNS servers of the house that know the zone, in place of `file`.";
              };
            };
          }
        );
        default = [ ];
        example = [
          {
            zone = "lan";
            forward = [ "192.168.1.1" ];
          }
        ];
        description = "Zones that the cluster's own DNS answers for, for pods alone: from a file, or by a DNS server of the house.";
      };
    };

    acme = {
      staging = mkOption {
        type = types.bool;
        default = false;
        example = true;
        description = "Use Let's Encrypt's staging environment, to try things out: browsers do not trust its certificates, and its rate limits are high.";
      };

      server = mkOption {
        type = types.nullOr types.str;
        default = null;
        example = "https://ca.example.com/acme/acme/directory";
        description = "The directory URL of an ACME server other than Let's Encrypt.";
      };
    };

    services = mkOption {
      type = types.attrsOf (types.submodule ./service.nix);
      default = { };
      example = literalExpression ''
        {
          photos = { service = "immich/immich-server"; port = 2283; };
          films.local = 8096;
          books = { image = "ghcr.io/owner/books:1.2"; port = 8083; data = "/config"; };
          nas.url = "https://192.168.1.5:5001";
        }
      '';
      description = "Your services. Each gets a name, a record and a certificate; remove a service, and the next switch removes all three.";
    };

    organisations = mkOption {
      type = types.attrsOf (types.submodule ./organisation.nix);
      default = { };
      example = literalExpression ''
        {
          acme = { namespaces = [ "shop" ]; tokenFile = "/run/secrets/route53-acme"; };
        }
      '';
      description = "Groups that share the cluster, each with names in a DNS zone of its own, `<organisation>.<domain>` (docs/organisations.md). Needs `dns.provider = \"route53\"`.";
    };

    zones.prune = {
      enable = mkOption {
        type = types.bool;
        default = false;
        example = true;
        description = "Run `homelab zone prune --yes` once a day on the first server: it renews this cluster's claims on the zones of its organisations, and deletes zones below `domain` that homelab made and nobody uses, before they are billed again (docs/organisations.md). What it did is in the journal of `homelab-zones.service`.";
      };

      tokenFile = mkOption {
        type = types.nullOr types.path;
        default = null;
        example = "/run/secrets/route53-zones";
        description = "A file with the credential for that, with the rights that `homelab zone policy --for maker` prints; `dns.tokenFile` if null, whose key then needs these rights. Write the path in quotes.";
      };
    };

    egress = mkOption {
      type = types.attrsOf (types.listOf types.str);
      default = { };
      example = {
        immich = [
          "lan"
          "cluster"
        ];
      };
      description = "Where every pod of a namespace may connect to, and nowhere else, by the name of the namespace (docs/egress.md). What is listed for a service adds to it.";
    };

    extraCertificates = mkOption {
      type = types.listOf (types.submodule ./certificate.nix);
      default = [ ];
      example = literalExpression ''
        [
          { namespace = "qa"; names = [ "*.qa.home.example.com" ]; }
          { namespace = "databases"; names = [ "db" ]; issuer = "ca"; secret = "postgres-tls"; }
        ]
      '';
      description = "Certificates that belong to no service: wildcards for whole namespaces, and certificates for programs that end TLS themselves, a database for example. Each is a Secret, which is there before the program; remove an entry, and the next switch removes it.";
    };

    startPage = {
      enable = mkOption {
        type = types.bool;
        default = false;
        example = true;
        description = "A page at `https://<domain>` for everybody in the house: it lists the services, and shows which ones are available.";
      };

      host = mkOption {
        type = types.nullOr types.str;
        default = null;
        example = "start";
        description = "Another name for that page, for example if the name of the domain is in use. A single label is put below `domain`.";
      };
    };

    rootPage = mkOption {
      type = types.nullOr types.bool;
      default = null;
      example = false;
      description = "Whether a page at `http://ca.<domain>` offers the root of the lab's own certificate authority, with its fingerprint, to phones and other devices. By default it is there if `issuer` is `ca` (always with `dns.provider = \"local\"`) and nothing else has that name.";
    };

    ingress = {
      controller = mkOption {
        type = types.enum [
          "ingress-nginx"
          "traefik"
        ];
        default = "ingress-nginx";
        example = "traefik";
        description = "The program that listens on ports 80 and 443 of every node. `traefik` reads the same Ingresses and still gets security fixes; `homelab doctor --check ingress.migration` says what it reads otherwise.";
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
        description = "Entries for the controller's ConfigMap; they override homelab's own.";
      };

      manage = mkOption {
        type = types.bool;
        default = true;
        example = false;
        description = "Whether homelab installs the ingress controller. With false it uses the one that serves the class `ingress.class` and changes nothing of it, and k3s keeps its own traefik and servicelb. Set it on every server.";
      };

      class = mkOption {
        type = types.nullOr types.str;
        default = null;
        example = "traefik";
        description = "The IngressClass of that controller, with `ingress.manage = false`.";
      };
    };

    openFirewall = mkOption {
      type = types.bool;
      default = true;
      example = false;
      description = "Whether ports 80 and 443 answer to other machines: on `interface` only, or on every interface if that is null. With false they answer to this machine and its pods only, unless `networking.firewall` opens them (`interfaces.wg0.allowedTCPPorts`). k3s takes these ports before NixOS' firewall looks, so the module closes them with a rule of its own at an earlier place; that needs `networking.firewall.enable`. Your router decides what the internet reaches; on a machine with a public address, set `interface`.";
    };

    cni = mkOption {
      type = types.enum [
        "flannel"
        "cilium"
      ];
      default = "flannel";
      example = "cilium";
      description = "The network of pods. With `cilium`, k3s starts neither flannel nor its own policy engine, the firewall lets Cilium and its pods pass, and you install Cilium (docs/egress.md, \"Cilium on k3s\"): until then no pod starts. Then `egress` takes names, too. Set it on every machine, and before the first start of the cluster: a change later takes the network from pods that run. For another network, set `flannelBackend = \"none\"`.";
    };

    flannelBackend = mkOption {
      type = types.enum [
        "vxlan"
        "wireguard-native"
        "none"
      ];
      default = "vxlan";
      example = "wireguard-native";
      description = "How pods reach pods on other machines, with `cni = \"flannel\"`: `vxlan` is not encrypted, `wireguard-native` is; `none` if you install another network than Cilium. Use the same value on every machine. After a change, restart k3s on all machines at once.";
    };

    clusterFirewall = {
      enable = mkOption {
        type = types.bool;
        default = cfg.role == "agent" || cfg.serverAddr != "" || cfg.clusterInit;
        defaultText = literalExpression ''role == "agent" || serverAddr != "" || clusterInit'';
        example = true;
        description = "Whether the ports are open by which the machines of a cluster talk with each other, and kubectl with a server: 6443 on servers, 10250 everywhere, 2379 and 2380 between servers with etcd, and flannel's: 8472/udp, or 51820/udp and 51821/udp with `wireguard-native`; with `cni = \"cilium\"` 8472/udp and 4240/tcp. Turn it on at a first server without `clusterInit` when an agent joins it. With `vxlan` or Cilium it needs an interface or `nodes`: who reaches 8472/udp can send packets into the cluster's network.";
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
        description = "Run `homelab up` at each `nixos-rebuild switch` and each start of the machine. If false, only `systemctl restart homelab-apply` runs it, even if it ran before.";
      };

      wait = mkOption {
        type = types.bool;
        default = true;
        example = false;
        description = "Whether the switch waits for that run, and fails if it fails. Set it to false if your deployer rolls back slow or failed switches (deploy-rs: 240 seconds): the switch then only starts the run, and `systemctl status homelab-apply` and the doctor tell you how it ended.";
      };

      timeout = mkOption {
        type = types.str;
        default = "15min";
        example = "30min";
        description = "Time limit of one run, in systemd's notation.";
      };
    };

    doctor = {
      enable = mkOption {
        type = types.bool;
        default = true;
        example = false;
        description = "Run `homelab doctor` on a schedule on the first server. `homelab-doctor.service` fails when something is wrong; read causes and fixes in its journal. The last report is in /var/lib/homelab/doctor.json.";
      };

      schedule = mkOption {
        type = types.str;
        default = "hourly";
        example = "*-*-* 07:00";
        description = "When the doctor runs, in the notation of systemd's OnCalendar.";
      };

      onFailure = {
        command = mkOption {
          type = types.listOf types.str;
          default = [ ];
          example = literalExpression ''[ (lib.getExe pkgs.tell-me) "lab" ]'';
          description = "A program and its arguments, run when something is wrong. It gets the report as JSON on its standard input. It runs in its own unit, `homelab-doctor-hook.service`, as an unprivileged user without credentials, for 10 seconds at most. A doctor that was killed or timed out leaves no report, and the program does not run.";
        };

        url = mkOption {
          type = types.nullOr types.str;
          default = null;
          example = "https://monitor.example.com/homelab";
          description = "A URL, instead of a command: when something is wrong, the doctor sends it the report as JSON with POST. The URL is in the store, which every user of the machine can read; put a secret URL into `urlFile`.";
        };

        urlFile = mkOption {
          type = types.nullOr types.path;
          default = null;
          example = "/run/secrets/doctor-url";
          description = "A file with that URL, instead of `url`. Write the path in quotes: Nix copies a path without quotes into the store.";
        };
      };

      onUnknown = mkOption {
        type = types.bool;
        default = false;
        example = true;
        description = "Notify also when the doctor found nothing wrong but could not check everything.";
      };

      prometheus.enable = mkOption {
        type = types.bool;
        default = false;
        example = true;
        description = "Let each run of the doctor also write its metrics for the node_exporter of Prometheus on this machine, into /run/homelab-metrics/homelab.prom. Name that folder to its textfile collector: `services.prometheus.exporters.node.extraFlags = [ \"--collector.textfile.directory=/run/homelab-metrics\" ];`. Three alerts are in docs/prometheus/homelab.rules.yml. Other users of the machine can read the file: it has the names of your hosts and nodes.";
      };
    };

    kubeconfig.group = mkOption {
      type = types.nullOr types.str;
      default = null;
      example = "wheel";
      description = "The group that may read the cluster's administrator credentials, `/etc/rancher/k3s/k3s.yaml`; only root if null. Whoever can read them can become root on this machine.";
    };

    registries = mkOption {
      type = types.attrsOf (types.submodule (import ./registry.nix));
      default = { };
      example = literalExpression ''
        {
          "registry.qa.svc.cluster.local:5000" = {
            address = "10.43.7.9";
            caFile = ./homelab-root.crt;
          };
        }
      '';
      description = "Registries whose certificate the lab's own authority has signed, as they stand in front of an image: with the port if it is another than 443. This machine then takes images from them. Set it on every machine that runs pods with such images. k3s restarts when it changes; pods go on. It becomes /etc/rancher/k3s/registries.yaml: if you have mirrors or passwords in there, write that file yourself.";
    };

    k3s = {
      extraFlags = mkOption {
        type = types.listOf types.str;
        default = [ ];
        example = [ "--cluster-cidr=10.52.0.0/16" ];
        description = "More flags for k3s. Use this instead of `services.k3s.extraFlags`: if that is text and not a list, it does not merge with the module's flags.";
      };

      disable = mkOption {
        type = types.listOf types.str;
        default = [ ];
        example = [ "metrics-server" ];
        description = "More packaged components of k3s to leave out and remove; traefik and servicelb are always left out unless `ingress.manage` is false. On servers only, and the same on all of them.";
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
      description = "Every other key of the configuration file (docs/configuration.md); it overrides the options above. It is checked when you build the machine. Put no secrets here: it is in the store, which everybody can read. Write `acme.caFile` as a path without quotes, so that it is copied into the store, too.";
    };
  };
}
