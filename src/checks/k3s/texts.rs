//! The API server, the nodes and what k3s brings.

use super::ids::*;
use crate::checks::engine::{Def, cause};
use crate::checks::id;

const CERTIFICATES_DOC: &str = "k3s documentation, \"k3s certificate\": client and server certificates are valid for 365 days and renewed at start when 120 or fewer are left (90 before the releases of May 2025)";
const DYNAMIC: &str =
    "rancher/dynamiclistener, listener.go: checkExpiration (the certificate at port 6443, while k3s runs)";
const PACKAGED_DOC: &str = "k3s documentation, \"Managing Packaged Components\": --disable";

/// The checks of this group, causes first.
pub(super) const CHECKS: &[Def] = &[
    Def::error(KUBECONFIG, "the kubeconfig works, and belongs to this cluster")
        .about(
            "The kubeconfig (address of the API server, and your user): `--kubeconfig`, `$KUBECONFIG`, `~/.kube/config` or `/etc/rancher/k3s/k3s.yaml`, the first that exists. The doctor opens it as the user who runs it, and asks the API server with it. On a server of the cluster, it compares the certificate authority with that of k3s' own file.",
            "`permission denied`, `x509: certificate signed by unknown authority` or `Unauthorized`, from kubectl as well; or changes that go to another cluster.",
        )
        .causes(&[
            cause("only root can read the kubeconfig that k3s writes", "run it with `sudo`, or let one group read it: `--write-kubeconfig-group=GROUP --write-kubeconfig-mode=0640`, NixOS `services.homelab.kubeconfig.group`; never make it readable for everybody: whoever can read it can become root on the machine"),
            cause("a copy in `~/.kube/config` belongs to an earlier cluster", "copy `/etc/rancher/k3s/k3s.yaml` again from a server and put the server's address into it"),
            cause("`KUBECONFIG` or the current context names another cluster", "unset it, or give the file and the context: `--kubeconfig FILE --context NAME`"),
            cause("the certificate is not valid for the address in the file", "use an address that it is valid for, or start k3s with `--tls-san=ADDRESS`"),
            cause("the user of the file has too few rights", "use an administrator's kubeconfig"),
            cause("the file says `insecure-skip-tls-verify: true`, or the address begins with `http://`: anyone in between would get the API token", "copy the server's own file again, which contains its certificate authority; `--insecure-api-server` uses the file as it is"),
        ])
        .sources(&["k3s documentation, \"Cluster Access\"", "k3s-io/k3s#3969, #389"]),
    Def::error(API_CERTIFICATES, "the certificates of the API server and of the kubeconfig have not expired")
        .needs(&[KUBECONFIG, id::CLOCK])
        .about(
            "The certificate that the API server shows in a TLS handshake, the user's certificate in the kubeconfig, and the events with which k3s itself warns. The handshake needs no login, so it works when nothing else does. Less than 60 days left is a warning; so is k3s' own event, which comes at 120 days.",
            "Suddenly, from one day to the next: `x509: certificate has expired or is not yet valid`, or `Unauthorized` with a kubeconfig that worked for a year.",
        )
        .causes(&[
            cause("k3s has run for a year: the certificates of its users and its own parts are renewed only when it starts", "restart k3s on every server: `systemctl restart k3s`"),
            cause("the certificate at port 6443 was not renewed, which k3s does while it runs", "restart k3s; if that does not help, delete the Secret `k3s-serving` and `dynamic-cert.json`, and restart it again"),
            cause("the kubeconfig is a copy: only k3s' own file is renewed", "copy it again"),
            cause("the clock of one of the machines is wrong", "look with `timedatectl`; enable `services.timesyncd`"),
            cause("a restart did not renew them", "run `systemctl stop k3s; k3s certificate rotate; systemctl start k3s`"),
        ])
        .sources(&[CERTIFICATES_DOC, DYNAMIC, "k3s-io/k3s#1621, #2550, #3144, #5163, #8762"]),
    Def::error(API, "the API server answers")
        .needs(&[KUBECONFIG, API_CERTIFICATES])
        .about(
            "One request for the version, to the address in the kubeconfig. If there is no answer and k3s is a service of this machine, the finding shows the state of that service and the last log line that is fatal or that says what k3s waits for, or else the last error. If this check fails, it blocks every check of the cluster.",
            "`kubectl` says `connection refused` or hangs. Running pods keep running, but nothing changes any more: no new records, no new certificates, and pods do not restart on another node.",
        )
        .causes(&[
            cause("k3s is stopped or fails when it starts", "look with `systemctl status k3s`; its last fatal line says why"),
            cause("`failed to find memory cgroup (v2)` on a Raspberry Pi", "add `cgroup_enable=memory cgroup_memory=1` to the kernel's command line (Raspberry Pi OS: `/boot/firmware/cmdline.txt`; NixOS: `boot.kernelParams`), and reboot"),
            cause("`server time isn't set properly`: the clock was not set yet", "enable `services.timesyncd`, and start k3s after `time-sync.target`"),
            cause("`not a member of the etcd cluster`: the server's address has changed, and etcd knows the old one", "give the machine its old address. Or: stop k3s, run the `ExecStart` command that `systemctl cat k3s` shows once with `--cluster-reset` added, then start k3s"),
            cause("the disk is full", "free some space, then start k3s"),
            cause("an update skipped a minor version, which Kubernetes does not support (version skew policy)", "update one minor version at a time: on NixOS `services.k3s.package`, for example `pkgs.k3s_1_36`"),
            cause("the server's address has changed", "correct it in the kubeconfig, and reserve it in the router"),
        ])
        .sources(&["k3s-io/k3s#6524, #6969", "k3s contrib/util/check-config.sh"]),
    Def::error(DISABLED, "k3s' own traefik and servicelb do not run")
        .needs(&[KUBECONFIG, API])
        .about(
            "HelmChart, Deployment, DaemonSet and Service `traefik` and the DaemonSets `svclb-*` in the cluster, and the command line that each server records on its Node (`k3s.io/node-args`).",
            "Your names show `404 page not found` in plain text: that is traefik's page. Or the pod of ingress-nginx stays Pending because port 80 is taken, while `ss -ltn` shows no program on it.",
        )
        .causes(&[
            cause("you want to keep k3s' own traefik", "set `ingress: { manage: false, class: traefik }`: homelab then uses it, and installs no ingress controller"),
            cause("one of the servers was started without `--disable=traefik,servicelb`", "add it to each server, as homelab's NixOS module does, and restart it"),
            cause("both were disabled later, and parts of them are left: k3s deletes only objects whose manifest is still on its disk. A file `traefik.yaml.skip` deletes nothing; with it, k3s only stops applying the manifest", "delete what the finding names: `kubectl -n kube-system delete helmchart/traefik`"),
            cause("both were disabled at once: the Service `traefik` waits for servicelb, which is off, and is never deleted (finalizer `service.kubernetes.io/load-balancer-cleanup`)", "run the command in the finding, which removes the finalizer; better: disable traefik, wait until it is gone, then servicelb"),
        ])
        .sources(&[PACKAGED_DOC, "k3s, pkg/deploy/controller.go: listFilesIn; pkg/nodeconfig/nodeconfig.go", "k3s-io/k3s#5103, #1160, #383"]),
    Def::warning(LOAD_BALANCERS, "no Service waits for a load balancer or takes ports 80 and 443")
        .needs(&[KUBECONFIG, API, DISABLED])
        .about(
            "Every Service of type LoadBalancer. Does it have an address? Is that address left over from servicelb, now disabled? Would servicelb take port 80 or 443 of the nodes for it? Also Services that cannot be deleted because they wait for servicelb.",
            "A Service stays `<pending>`: many Helm charts create such a Service by default. Or another program has ports 80 and 443 after an installation.",
        )
        .causes(&[
            cause("a chart's default is `type: LoadBalancer`, and servicelb is disabled", "set the type to ClusterIP in the chart's values, and give the service a name with `homelab expose`"),
            cause("the Service has port 80 or 443, and servicelb is enabled", "set the type to ClusterIP, or use another port"),
            cause("servicelb was disabled later: the address stays, and a deletion never ends", "run the command in the finding, which removes the finalizer"),
        ])
        .sources(&["Kubernetes documentation, \"Create an External Load Balancer\": garbage collecting load balancers", "k3s, pkg/cloudprovider/servicelb.go", "k3s documentation, \"Networking Services\": Service Load Balancer", "k3s-io/k3s#2403, #4583"]),
    Def::error(NODES, "the node is ready and accepts pods")
        .needs(&[KUBECONFIG, API])
        .about(
            "The conditions, taints and version of each Node, as its kubelet reported them last.",
            "Pods stay Pending or are Evicted; the DNS records lose the address of a node; a service stopped together with its node.",
        )
        .causes(&[
            cause("the machine is off, or k3s does not run on it", "start it; or run `systemctl restart k3s` there"),
            cause("DiskPressure: less than 5 % of the disk are free; from 85 % usage on, k3s deletes images that no pod uses", "run `sudo k3s crictl rmi --prune`; on NixOS `sudo nix-collect-garbage -d`, and `nix.gc = { automatic = true; options = \"--delete-older-than 14d\"; };`"),
            cause("the node was cordoned for an update and not uncordoned", "`kubectl uncordon NODE`"),
            cause("the network of pods is not set up: `cni plugin not initialized`", "look for `flannel` in the log of k3s; set the interface with `--flannel-iface=`"),
            cause("an agent is newer than the server", "update the servers first"),
        ])
        .sources(&["Kubernetes documentation, \"Node Status\", \"Version Skew Policy\", \"Node-pressure Eviction\"", "k3s-io/k3s#6290"]),
    Def::error(INTERNAL_IP, "the node's address is on the LAN")
        .needs(&[KUBECONFIG, API])
        .about(
            "The InternalIP of each Node, which the ingress controller writes into the Ingresses and external-dns into the records. It must be private, outside the ranges of pods and Services, not of a VPN, and equal to the address that k3s recorded at start (`k3s.io/internal-ip`), separately for IPv4 and IPv6. k3s copies that address to the Node within a minute.",
            "A name resolves to an address that only the server itself can reach: 100.x of a VPN, 172.17.x of Docker, 10.42.x of a pod. Or no name works after a restart of the router.",
        )
        .causes(&[
            cause("the machine has several interfaces, and k3s did not choose the LAN's", "set `--node-ip=ADDRESS` and `--flannel-iface=INTERFACE`; NixOS `services.homelab.nodeIP`"),
            cause("the router gave the machine another address", "reserve it in the router's DHCP, then restart k3s. A server with etcd does not start with a different address: give the machine its old address. Or: stop k3s, run the `ExecStart` command that `systemctl cat k3s` shows once with `--cluster-reset` added, then start k3s"),
            cause("k3s has just started, or the node has just joined (it may have its address already, and still the taint `node.cloudprovider.kubernetes.io/uninitialized`)", "wait a minute; if it stays, the cloud controller does not run"),
            cause("no DHCP server answered when the machine started (169.254.x.x)", "check the cable and DHCP, then restart k3s"),
        ])
        .sources(&["k3s documentation, \"k3s server\": --node-ip, --flannel-iface", "k3s, pkg/cloudprovider/instances.go, pkg/util/net.go", "k3s-io/k3s#1977, #3006, #4624, #6524"]),
    Def::error(SYSTEM_PODS, "the pods of k3s run")
        .needs(&[KUBECONFIG, API, NODES])
        .about(
            "Every pod in `kube-system`, except CoreDNS, traefik and servicelb, which have their own checks. A failure of metrics-server alone is only a warning.",
            "A new claim gets no volume (local-path-provisioner), or `kubectl top` shows nothing (metrics-server).",
        )
        .causes(&[
            cause("the image cannot be pulled", "the finding quotes the registry"),
            cause("the pod cannot reach the API server", "see `net.pod-api`, which says what to open"),
        ])
        .sources(&["k3s documentation, \"Managing Packaged Components\""]),
];
