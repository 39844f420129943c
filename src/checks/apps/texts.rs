//! The services behind the names.

use super::ids::*;
use crate::checks::engine::{Def, cause};
use crate::checks::id;

/// The checks of this group, causes first.
pub(super) const CHECKS: &[Def] = &[
    Def::error(IMAGES, "every image can be pulled")
        .needs(&[id::KUBECONFIG, id::API])
        .about(
            "The containers that wait for their image, in every namespace except those of homelab's own components, and what the registry answered the node. A problem in a workload that no homelab name points to is only a warning.",
            "A new version never starts: `ErrImagePull`, `ImagePullBackOff`. The old pod may be gone already.",
        )
        .causes(&[
            cause("`toomanyrequests`: Docker Hub limits anonymous pulls per IP address in six hours", "wait, or sign in with `/etc/rancher/k3s/registries.yaml`"),
            cause("the tag or the name is wrong, or the image is private: the registry gives the same answer for both", "correct it, or give the workload `imagePullSecrets`"),
            cause("the image is not built for this kind of processor", "use a tag for the node's architecture, such as arm64"),
            cause("the node does not resolve or reach the registry: it uses its own resolver, not the cluster's", "check the node's resolver and clock"),
            cause("the node's disk is full", "run `nix-collect-garbage -d` or `k3s crictl rmi --prune`"),
        ])
        .sources(&["Kubernetes documentation, \"Images\"", "k3s documentation, \"Private Registry Configuration\"", "Docker documentation, \"Usage and rate limits\""]),
    Def::error(CLAIMS, "every claim has its volume")
        .needs(&[id::KUBECONFIG, id::API])
        .about(
            "Each PersistentVolumeClaim that is not bound, the StorageClasses, and the pods that mount it. A claim that waits for its first pod is fine.",
            "A pod stays Pending with `unbound PersistentVolumeClaims`.",
        )
        .causes(&[
            cause("no StorageClass is the default", "let k3s install `local-path`: remove `local-storage` from `--disable`"),
            cause("the claim names a class that does not exist", "delete the claim and create it with a class that exists"),
            cause("local-path-provisioner cannot pull the image of its helper pod", "see `k3s.system-pods`, which says why"),
            cause("the volume is on a node that no longer exists", "bring the node back, or restore the data into a new claim"),
        ])
        .sources(&["Kubernetes documentation, \"Storage Classes\"", "rancher/local-path-provisioner#383, #477, #136"]),
    Def::error(APP_PODS, "the pods of the services run")
        .needs(&[id::KUBECONFIG, id::API, id::NODES])
        .about(
            "The pods of every namespace except those of homelab's own components: pods that exit again and again, cannot start, ran out of memory, or fit on no node. A problem in a workload that no homelab name points to is only a warning. The doctor does not read the logs of applications, because they may contain private data.",
            "502 or 503 by name; `CrashLoopBackOff`, `CreateContainerConfigError`, `OOMKilled`, `Pending`.",
        )
        .causes(&[
            cause("the program exits by itself: a wrong argument or setting, or a database that it cannot reach", "read its last lines: `kubectl logs POD --previous`"),
            cause("a Secret or ConfigMap that it refers to is not in its namespace", "create it, or correct the name"),
            cause("it needs more memory than its limit", "raise `resources.limits.memory`"),
            cause("no node has enough free CPU or memory for it", "lower `resources.requests`, or add a node"),
            cause("a search engine (Elasticsearch, OpenSearch) needs a larger `vm.max_map_count` in the node's kernel, and exits with code 78", "write `vm.max_map_count = 262144` into a file in `/etc/sysctl.d`"),
        ])
        .sources(&["Kubernetes documentation, \"Debug Pods\", \"Pod Lifecycle\"", "elastic/cloud-on-k8s#2853, opensearch-project/opensearch-k8s-operator#241"]),
    Def::error(ENDPOINTS, "the Service behind the name has a pod that is ready")
        .needs(&[id::KUBECONFIG, id::API, id::NODES])
        .about(
            "The Service of each Ingress of the host: does it exist, have the port, and have an endpoint that is ready? If not, the doctor compares its selector with the pods' labels, and looks whether the pods are ready.",
            "503 Service Temporarily Unavailable, from nginx.",
        )
        .causes(&[
            cause("no pod is ready: it is still starting, or its readiness probe fails", "wait, then look at the probe's path and port"),
            cause("the Service's selector matches no pod", "make selector and labels the same"),
            cause("the Ingress names a Service or a port that does not exist", "correct it in homelab.yaml"),
            cause("the Service is an alias of a name (ExternalName), which the controller follows only for services in homelab.yaml", "add a service with `url:` to the configuration"),
            cause("the program was scaled to 0", "scale it up again with `kubectl scale`"),
        ])
        .sources(&["ingress-nginx, controller.go: Service does not have any active Endpoint", "Kubernetes documentation, \"Debug Services\""]),
    Def::error(ANSWER, "the service answers through the ingress")
        .needs(&[id::FORWARDING, id::CROSS_NODE, id::RELOAD, id::NODE_404, id::ANNOTATIONS, ENDPOINTS, id::HANDSHAKE, id::LEAF])
        .in_up()
        .about(
            "`GET /` at each node's own address with the name of the host. It checks the certificate, unless that comes from a test authority. It distinguishes nginx' own error pages (500, 502, 503, 504) from those of the program, and explains them with nginx' error log. It follows redirects to homelab's names, with their cookies, and reports redirects in a circle, to another port or to a bare address. It also reports 400, 421, 426, an error of the program, a page that refuses the name, a page with parts that browsers block, and what nginx logged in the last hour about other pages: headers that do not fit, an upload that is too large. Other redirects, login pages and all other statuses are fine.",
            "The browser shows an error page of nginx, `ERR_TOO_MANY_REDIRECTS`, `400: Bad Request`, or an empty page.",
        )
        .causes(&[
            cause("502: the pod does not listen on the port that the Service sends to", "correct `targetPort` of the Service"),
            cause("502: a NetworkPolicy of the pod's namespace does not allow the ingress controller; k3s rejects the connection, and nginx logs `Connection refused`", "allow the controller's namespace in the policy's `ingress`"),
            cause("502 after the port of a Service was corrected: ingress-nginx does not notice when a port alone changes", "change the Ingress in any way, for example its annotations; the finding has the commands"),
            cause("502, or 400 with `plain HTTP request was sent to HTTPS port`: the service speaks TLS", "set `scheme: https` for the service"),
            cause("502 with `upstream sent too big header` in nginx' log: cookies and tokens after signing in are longer than its buffer", "set the annotation `nginx.ingress.kubernetes.io/proxy-buffer-size: 32k` for the service"),
            cause("502 or 504 of a `url`: the machine outside is off, has another address, or its firewall drops packets from the nodes", "switch it on; compare its address and port with the `url`; give it a fixed lease in the router"),
            cause("502 of a `local`: the program listens only on 127.0.0.1, where pods cannot reach it, or it does not run", "let it listen on `0.0.0.0`; start it"),
            cause("503: no pod is ready", "see `apps.endpoints`, which says why"),
            cause("503 although the pods are ready: an annotation refers to a Secret that does not exist (`auth-secret`), or the name in a `url` has no address in the cluster's DNS", "create the Secret; write the machine's address into the `url` instead of its name"),
            cause("503 from one node for a long time, although the pods are ready and other nodes serve them: the controller there started slowly, for example after a power cut, and overlooked that they are", "delete its pod; the finding has the command"),
            cause("500: the sign-in service of the Ingress (`auth-url`) does not answer", "correct its address, or start it"),
            cause("504: the service takes longer than a minute", "raise `readTimeout` of the service; look at its log"),
            cause("a redirect to itself: the program expects HTTPS and gets HTTP, or does not trust `X-Forwarded-Proto`", "set `scheme: https` for the service, or the program's setting for a trusted proxy"),
            cause("two names redirect to each other: two programs, or a program and its sign-in page", "set each program's own address in its settings"),
            cause("a redirect to another port or to a bare address: the program sends browsers to its own port or address", "set the program's own address to the name; switch off its own redirect to HTTPS"),
            cause("400: the program does not trust the proxy (Home Assistant), or does not know this name (Nextcloud)", "add the pods' network to its trusted proxies; add the name to its trusted domains"),
            cause("413 on upload: `maxBodySize` of the service is set too low", "raise it, or remove it: then there is no limit"),
        ])
        .sources(&["ingress-nginx documentation, \"Annotations\": backend-protocol, proxy-read-timeout, proxy-body-size, proxy-buffer-size", "kubernetes/ingress-nginx#12209, #11863, #5282, #8081", "nginx, ngx_http_upstream.c", "argoproj/argo-cd#2953", "oauth2-proxy/oauth2-proxy#676"]),
    Def::error(END_TO_END, "the service answers by its name")
        .needs(&[id::HAIRPIN, id::RELOAD, id::HOME, id::RECORDS, id::TUNNEL_RECORD, id::SYSTEM, id::LEAF, ANSWER])
        .in_up()
        .about(
            "`GET /` to the address that this machine's resolver returns for the name. It checks the certificate, as a browser on this machine does.",
            "It works for others or by IP address, but not by name from this machine.",
        )
        .causes(&[
            cause("this machine resolves the name to another address", "see `dns.system` and `dns.local-override`, which say where it comes from"),
            cause("a firewall is between this machine and the node", "open ports 80 and 443 for this network"),
        ])
        .sources(&["RFC 6724, RFC 6125"]),
];
