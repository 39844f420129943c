# What every machine of the VM tests has. There is no internet: images come from the store, and `homelab up`, which asks
# Cloudflare, cannot succeed; its whole way is walked in the lab (tests/lab).
{
  config,
  lib,
  pkgs,
  ...
}:
let
  image =
    name: command:
    pkgs.dockerTools.buildImage {
      name = "test.local/${name}";
      tag = "local";
      copyToRoot = pkgs.buildEnv {
        inherit name;
        paths = [
          pkgs.pkgsStatic.busybox
          pkgs.tini
        ];
        pathsToLink = [ "/bin" ];
      };
      config.Entrypoint = [
        "/bin/tini"
        "--"
      ]
      ++ command;
    };
  # k3s starts a pause container in each pod.
  pause = image "pause" [
    "/bin/sleep"
    "inf"
  ];
  # Answers with 404 on port 80, as the ingress does to a host that it does not know.
  answer = image "answer" [
    "/bin/httpd"
    "-f"
    "-p"
    "80"
    "-h"
    "/bin"
  ];
in
{
  virtualisation = {
    cores = 2;
    memorySize = 2048;
    diskSize = 4096;
  };

  services.homelab = lib.mkIf config.services.homelab.enable {
    nodeIP = lib.mkDefault config.networking.primaryIPAddress;
    interface = lib.mkDefault "eth1";
    k3s = {
      extraFlags = [ "--pause-image=test.local/pause:local" ];
      disable = lib.mkIf (config.services.homelab.role == "server") [
        "coredns"
        "local-storage"
        "metrics-server"
      ];
    };
  };
  services.k3s.images = [
    pause
    answer
  ];

  # A pod on host port 80 of every node, in the place of the ingress controller.
  environment.etc."answer.json".text = builtins.toJSON {
    apiVersion = "apps/v1";
    kind = "DaemonSet";
    metadata.name = "answer";
    spec = {
      selector.matchLabels.app = "answer";
      template = {
        metadata.labels.app = "answer";
        spec = {
          tolerations = [ { operator = "Exists"; } ];
          containers = [
            {
              name = "answer";
              image = "test.local/answer:local";
              imagePullPolicy = "Never";
              ports = [
                {
                  containerPort = 80;
                  hostPort = 80;
                }
              ];
            }
          ];
        };
      };
    };
  };
}
