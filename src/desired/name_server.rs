//! The lab's own name servers: one pod on each node, on the node's own address and port 53. In it are two PowerDNS on one SQLite
//! file, and an external-dns that fills it from the cluster. One PowerDNS has the API and is on loopback alone; the other answers
//! the house, and has no API, no recursion (PowerDNS' authoritative server has none) and no transfers.
//!
//! It answers nothing before the first complete sync: the containers that prepare the pod make an empty zone, start the API and
//! run external-dns once, to its end; the one that listens on port 53 starts after that. The file is on an emptyDir, so that a
//! new pod begins anew, and nothing of it has to be kept: everything is in the Ingresses.
//!
//! With another provider and `dns.houseResolver`, they answer for the domain in the house beside that provider's name servers. The
//! external-dns of the provider and those here never meet: each has its own zone, and its TXT records in it.
//!
//! Sources: PowerDNS 5.1, docs/settings.rst, docs/backends/generic-sqlite3.rst, and its Dockerfile-auth; external-dns 0.22,
//! docs/tutorials/pdns.md and controller/execute.go (`--once` ends with an error where a sync does); Kubernetes docs, "Sidecar
//! Containers" (an init container with `restartPolicy: Always`, on by default since 1.29).

use k8s_openapi::api::apps::v1::{DaemonSet, DaemonSetSpec};
use k8s_openapi::api::core::v1::{
    Container, ContainerPort, EnvVar, ExecAction, Namespace, PodSecurityContext, PodSpec, PodTemplateSpec,
    Probe, SecurityContext, VolumeMount,
};

use crate::config::Config;
use crate::desired::external_dns::{self, PROVIDER_ONLY, Reads};
use crate::desired::meta::{named, pods, secured};
use crate::desired::object::{Component, Object};
use crate::desired::pod::{
    account_token, account_token_mount, at_loopback, capabilities, connects, empty_dir, env, env_field,
    probe, requests, seccomp, tolerations, unprivileged,
};
use crate::desired::rbac::account;
use crate::facts::name_server::{
    API_PORT, API_PORT_DNS, CONTAINER, FILL, LABEL, METRICS_PORT, NAME, NAMESPACE, PORT,
};
use crate::facts::names::Host;
use crate::facts::pins::pins;

const COMPONENT: Component = Component::NameServer;
/// The user of the image (PowerDNS, Dockerfile-auth), and the group that shares the zone's file.
const USER: i64 = 953;
/// Where the zone and the settings are, in every container.
const PLACE: &str = "/zone";
/// Where the image has the schema of the database (PowerDNS, Dockerfile-auth).
const SCHEMA: &str = "/usr/local/share/doc/pdns/schema.sqlite3.sql";

/// What both servers and `pdnsutil` read. The caches are off, since each server would not see what the other has changed; a
/// missing name is remembered for ten seconds, so that a new service has its name at once. Without `security-poll-suffix`
/// empty, it would ask its makers' name server for known holes.
const SETTINGS: &[&str] = &[
    "launch=gsqlite3",
    "gsqlite3-database=/zone/zone.sqlite3",
    "default-soa-content=homelab-ns.@ hostmaster.@ 1 10800 3600 604800 10",
    "default-ttl=60",
    "disable-axfr=yes",
    "allow-axfr-ips=",
    "any-to-tcp=yes",
    "version-string=anonymous",
    "security-poll-suffix=",
    "cache-ttl=0",
    "query-cache-ttl=0",
    "negquery-cache-ttl=0",
    "zone-cache-refresh-interval=0",
    "disable-syslog=yes",
    "write-pid=no",
    "loglevel=4",
];

/// Begins anew: an empty zone, and a key for the API that nobody outside of this pod has. SQLite makes its file without the
/// group's right to write, which the server needs, being of that group only; what SQLite puts beside it has the file's rights.
const PREPARE: &str = r#"umask 007
rm -rf /zone/api /zone/dns /zone/zone.sqlite3* /zone/external-dns
mkdir /zone/api /zone/dns
key=$(od -An -N32 -tx1 /dev/urandom | tr -d ' \n')
printf '%s\n' "$SETTINGS" > /zone/dns/pdns.conf
printf '%s\napi-key=%s\n' "$SETTINGS" "$key" > /zone/api/pdns.conf
printf -- '--pdns-api-key=%s\n' "$key" > /zone/external-dns
sqlite3 /zone/zone.sqlite3 < "$SCHEMA"
chmod 660 /zone/zone.sqlite3
pdnsutil --config-dir=/zone/dns create-zone "$ZONE" "$SERVER"
"#;

/// The server's own name gets the address that the node has now; a container that starts anew sees another one.
const SERVE: &str = r#"case "$NODE_IP" in *:*) kind=AAAA ;; *) kind=A ;; esac
pdnsutil --config-dir=/zone/dns replace-rrset "$ZONE" "$LABEL" "$kind" 60 "$NODE_IP"
exec pdns_server "$@"
"#;

/// Whether the node still has the address: when it has another, the container starts anew, with that one.
const STILL_THERE: &str = r#"case "$NODE_IP" in *:*) ;; *) grep -qwF "$NODE_IP" /proc/net/fib_trie ;; esac"#;

/// Every object of the name servers; none where somebody else has the zone.
pub(super) fn objects(config: &Config) -> Vec<Object> {
    if config.house_zone().is_none() {
        return Vec::new();
    }
    // The node's own network is beyond what the level `baseline` allows.
    let namespace = Namespace { metadata: secured(NAMESPACE, "privileged"), ..Namespace::default() };
    let mut objects = account(COMPONENT, NAMESPACE, NAME, external_dns::rules(), Vec::new());
    objects.extend(Object::typed(COMPONENT, &namespace));
    objects.extend(Object::typed(COMPONENT, &daemon_set(config)));
    objects
}

fn daemon_set(config: &Config) -> DaemonSet {
    let (metadata, selector) = pods(NAME);
    let pod = PodSpec {
        service_account_name: Some(NAME.to_owned()),
        // Only external-dns speaks to the API server: see `account_token`.
        automount_service_account_token: Some(false),
        host_network: Some(true),
        node_selector: Some([("kubernetes.io/os".to_owned(), "linux".to_owned())].into()),
        tolerations: Some(tolerations()),
        termination_grace_period_seconds: Some(5),
        security_context: Some(PodSecurityContext {
            fs_group: Some(USER),
            seccomp_profile: seccomp(),
            ..PodSecurityContext::default()
        }),
        volumes: Some(vec![empty_dir("zone"), account_token("token")]),
        init_containers: Some(vec![prepare(config), api(config), fill(config)]),
        containers: vec![server(config), filler(config)],
        ..PodSpec::default()
    };
    DaemonSet {
        metadata: named(NAMESPACE, NAME),
        spec: Some(DaemonSetSpec {
            selector,
            template: PodTemplateSpec { metadata: Some(metadata), spec: Some(pod) },
            ..DaemonSetSpec::default()
        }),
        status: None,
    }
}

/// A container of PowerDNS' image, as the image's own user.
fn of_image(name: &str, config: &Config) -> Container {
    Container {
        name: name.to_owned(),
        image: Some(pins().image("nameServer", &config.images)),
        volume_mounts: Some(vec![zone_mount()]),
        resources: Some(requests("10m", "32Mi")),
        security_context: Some(unprivileged(USER)),
        // Why it ended is in the pod's status then, where the doctor reads it.
        termination_message_policy: Some("FallbackToLogsOnError".to_owned()),
        ..Container::default()
    }
}

fn prepare(config: &Config) -> Container {
    let server = format!("{}.{}", LABEL, zone_of(config));
    Container {
        command: Some(shell(PREPARE)),
        env: Some(vec![
            env("SETTINGS", &SETTINGS.join("\n")),
            env("SCHEMA", SCHEMA),
            zone(config),
            env("SERVER", &server),
        ]),
        ..of_image("prepare", config)
    }
}

/// The server with the API, on loopback; it goes on beside the others.
fn api(config: &Config) -> Container {
    let arguments = [
        "--config-dir=/zone/api".to_owned(),
        "--socket-dir=/zone/api".to_owned(),
        "--local-address=127.0.0.1".to_owned(),
        format!("--local-port={API_PORT_DNS}"),
        "--webserver=yes".to_owned(),
        "--api=yes".to_owned(),
        "--webserver-address=127.0.0.1".to_owned(),
        format!("--webserver-port={API_PORT}"),
    ];
    Container {
        command: Some(vec!["pdns_server".to_owned()]),
        args: Some(arguments.into()),
        restart_policy: Some("Always".to_owned()),
        startup_probe: Some(Probe { period_seconds: Some(1), ..at_loopback(connects(API_PORT, 60)) }),
        ..of_image("api", config)
    }
}

/// The server that the house asks. It may bind port 53, and is root for nothing else: without file capabilities, which not every
/// version of the image has, no other user may.
fn server(config: &Config) -> Container {
    let port = |name: &str, protocol: &str| ContainerPort {
        name: Some(name.to_owned()),
        container_port: i32::from(PORT),
        host_port: Some(i32::from(PORT)),
        protocol: Some(protocol.to_owned()),
        ..ContainerPort::default()
    };
    let arguments = ["--config-dir=/zone/dns", "--socket-dir=/zone/dns", "--local-address=$(NODE_IP)"];
    let is_there = ExecAction { command: Some(shell(STILL_THERE)) };
    Container {
        command: Some([shell(SERVE), vec!["server".to_owned()]].concat()),
        args: Some(arguments.map(str::to_owned).into()),
        env: Some(vec![zone(config), env("LABEL", LABEL), env_field("NODE_IP", "status.hostIP")]),
        ports: Some(vec![port("dns-udp", "UDP"), port("dns-tcp", "TCP")]),
        liveness_probe: Some(Probe {
            tcp_socket: None,
            exec: Some(is_there),
            ..connects(i32::from(PORT), 2)
        }),
        readiness_probe: Some(connects(i32::from(PORT), 2)),
        security_context: Some(SecurityContext {
            run_as_group: Some(USER),
            run_as_non_root: None,
            capabilities: Some(capabilities(&["NET_BIND_SERVICE"])),
            ..unprivileged(0)
        }),
        ..of_image(CONTAINER, config)
    }
}

/// external-dns, once, to its end: port 53 opens when it has written everything.
fn fill(config: &Config) -> Container {
    let mut container = external_dns(config, FILL);
    container.args.get_or_insert_default().push("--once".to_owned());
    container
}

/// The same from then on.
fn filler(config: &Config) -> Container {
    Container {
        liveness_probe: Some(at_loopback(probe("/healthz", METRICS_PORT, 10, 2))),
        readiness_probe: Some(at_loopback(probe("/healthz", METRICS_PORT, 1, 6))),
        ..external_dns(config, external_dns::NAME)
    }
}

fn external_dns(config: &Config, name: &str) -> Container {
    let own = vec![
        "--provider=pdns".to_owned(),
        format!("--pdns-server=http://127.0.0.1:{API_PORT}"),
        format!("--domain-filter={}", zone_of(config)),
        // A file of arguments: the key is in no list of processes (alecthomas/kingpin, `ExpandArgsFromFile`).
        format!("@{PLACE}/external-dns"),
    ];
    // In the house each name has its own record, with the nodes' addresses, and those that nobody has do not exist.
    let apart = config.wildcard_record().is_some() || config.has_public();
    let reads = Reads::without([(apart, PROVIDER_ONLY)]);
    Container {
        name: name.to_owned(),
        image: Some(pins().image("externalDns", &config.images)),
        args: Some(external_dns::arguments(
            config,
            &config.dns.owner,
            (reads, own),
            &format!("127.0.0.1:{METRICS_PORT}"),
        )),
        volume_mounts: Some(vec![
            VolumeMount { read_only: Some(true), ..zone_mount() },
            account_token_mount("token"),
        ]),
        resources: Some(requests("10m", "50Mi")),
        security_context: Some(unprivileged(65_532)),
        termination_message_policy: Some("FallbackToLogsOnError".to_owned()),
        ..Container::default()
    }
}

fn zone_mount() -> VolumeMount {
    VolumeMount { name: "zone".to_owned(), mount_path: PLACE.to_owned(), ..VolumeMount::default() }
}

fn zone(config: &Config) -> EnvVar {
    env("ZONE", zone_of(config).as_str())
}

fn zone_of(config: &Config) -> &Host {
    config.house_zone().unwrap_or(&config.domain)
}

fn shell(script: &str) -> Vec<String> {
    ["/bin/sh", "-ec", script].map(str::to_owned).into()
}

#[cfg(test)]
mod tests;
