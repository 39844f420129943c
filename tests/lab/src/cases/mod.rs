//! The tests of `cargo lab test`: every case is a sentence that holds.

mod account;
mod attacks;
mod authority;
mod backup;
mod challenge_server;
mod challenge_zone;
mod changes;
mod clients;
mod cluster_domain;
mod controller;
mod crashes;
mod doctor;
pub(crate) mod down;
mod egress;
mod expose;
mod extra;
mod ground;
mod guard;
mod hands;
mod house;
mod house_resolver;
mod inside;
mod install;
mod licences;
mod local;
mod looks;
mod main_job;
mod matrix;
mod moving;
mod nodes;
mod organisation_rights;
mod organisations;
mod outside;
mod own;
mod own_controller;
mod package;
mod page;
mod port;
mod protect;
mod reader;
mod rendering;
mod renewal;
mod root_page;
mod runner;
mod scores;
mod secrets;
mod servers;
mod service_names;
mod socket;
mod stages;
mod story;
mod switching;
mod traefik;
mod tunnel;
mod unit;
mod weather;
mod wildcard_records;
mod zone_verbs;

use std::process::ExitCode;

use clap::Args;

use crate::controller::Controller;
use crate::error::Result;
use crate::name_server::Provider;
use crate::paths::Cache;
use doctor::Injury;
use hands::Hands;

/// Something that must hold on a lab with two nodes on which `homelab up` has run.
#[derive(Clone)]
struct Case {
    group: &'static str,
    name: &'static str,
    /// Runs without `--all`, too.
    always: bool,
    /// Who has the names in the lab that it needs.
    provider: Provider,
    /// The ingress controller of that lab.
    controller: Controller,
    /// The domain of the names inside its cluster, where it is another than k3s' own.
    cluster_domain: Option<&'static str>,
    run: Run,
}

/// What a case does.
#[derive(Clone, Copy)]
enum Run {
    /// Whatever its function does.
    Function(fn(&Hands) -> Result<()>),
    /// Breaks one thing and asks the doctor.
    Injury(&'static Injury),
}

impl Case {
    fn run(&self, hands: &Hands) -> Result<()> {
        match self.run {
            Run::Function(run) => run(hands),
            Run::Injury(injury) => {
                if self.provider == Provider::Local {
                    // The machines of a house that is well trust its root.
                    local::trust_root(hands)?;
                }
                injury.run(hands)
            }
        }
    }
}

type Body = fn(&Hands) -> Result<()>;

const fn always(group: &'static str, name: &'static str, run: Body) -> Case {
    always_with(Provider::Cloudflare, group, name, run)
}

const fn with_all(group: &'static str, name: &'static str, run: Body) -> Case {
    with_all_and(Provider::Cloudflare, group, name, run)
}

/// In a lab of another provider.
const fn always_with(provider: Provider, group: &'static str, name: &'static str, run: Body) -> Case {
    Case {
        group,
        name,
        always: true,
        provider,
        controller: Controller::IngressNginx,
        cluster_domain: None,
        run: Run::Function(run),
    }
}

/// In a lab of another provider.
const fn with_all_and(provider: Provider, group: &'static str, name: &'static str, run: Body) -> Case {
    Case {
        group,
        name,
        always: false,
        provider,
        controller: Controller::IngressNginx,
        cluster_domain: None,
        run: Run::Function(run),
    }
}

/// In a lab of another controller.
const fn with_controller(controller: Controller, group: &'static str, name: &'static str, run: Body) -> Case {
    Case { controller, ..with_all(group, name, run) }
}

/// In a lab whose cluster has its names in that domain.
const fn with_cluster_domain(
    domain: &'static str,
    group: &'static str,
    name: &'static str,
    run: Body,
) -> Case {
    Case { cluster_domain: Some(domain), ..with_all(group, name, run) }
}

/// Every case, in the order in which they run.
fn cases() -> impl Iterator<Item = Case> {
    let injuries = doctor::injuries().map(|(group, injury)| Case {
        group,
        name: injury.name,
        always: injury.always,
        provider: Provider::Cloudflare,
        controller: Controller::IngressNginx,
        cluster_domain: None,
        run: Run::Injury(injury),
    });
    let (before, after): (Vec<_>, Vec<_>) =
        PLAIN.iter().chain(attacks::CASES).cloned().partition(|case| !LAST.contains(&case.group));
    before
        .into_iter()
        .chain(injuries)
        .chain(after)
        .chain(own::cases())
        .chain(local::cases())
        .chain(traefik::CASES.iter().cloned())
        .chain(cluster_domain::CASES.iter().cloned())
        .chain(organisations::CASES.iter().cloned())
        .chain(service_names::CASES.iter().cloned())
        .chain(zone_verbs::CASES.iter().cloned())
        .chain(organisation_rights::CASES.iter().cloned())
}

/// What changes the most.
const LAST: [&str; 2] = ["crashes", "servers"];

/// The cases that are functions.
const PLAIN: &[Case] = &[
    always("ground", "the nodes are Ready", ground::nodes_are_ready),
    always("ground", "pods reach pods and services", ground::pods_reach_pods_and_services),
    always("ground", "a host port shows the client's address", ground::a_host_port_shows_the_client),
    always("ground", "names resolve through the router", ground::names_resolve_through_the_router),
    always("ground", "the router can drop private answers", ground::the_router_can_drop_private_answers),
    always("ground", "a dial that fails reads as on k3s", ground::a_failed_dial_reads_as_on_k3s),
    always("ground", "the nodes have names in the cluster", ground::the_nodes_have_names),
    with_all("ground", "no pod gets a loopback resolver", ground::no_pod_gets_a_loopback_resolver),
    always("ground", "nothing of the lab reaches the machine", ground::nothing_reaches_the_machine),
    always("main job", "the whole chain holds, seen from the LAN", main_job::proof),
    always("main job", "a second up writes nothing", main_job::second_up),
    always("main job", "whoami sees the client's own address", main_job::client_address),
    // First, as long as no other case has left anything.
    with_all(
        "down",
        "down leaves the zone and the cluster as before the first up",
        down::leaves_what_was_before,
    ),
    with_all("down", "with --purge nothing of the lab is left", down::purge_leaves_nothing),
    with_all(
        "down",
        "a strangers' ConfigMap, Certificate and Ingress survive it",
        down::strangers_things_survive,
    ),
    with_all(
        "down",
        "killed in the middle of up or of down, the next down ends clean",
        down::killed_in_the_middle,
    ),
    with_all("down", "the API server restarts in the middle of down", down::the_api_server_restarts),
    with_all("down", "down works when cert-manager is already gone", down::without_cert_manager),
    with_all(
        "down",
        "down with a revoked token deletes nothing, and says how to go on",
        down::token_was_revoked,
    ),
    with_all(
        "backup",
        "a backup brings the same certificates back to a lab from nothing: no order at pebble",
        backup::brings_the_same_certificates_back,
    ),
    with_all(
        "backup",
        "a certificate is exported for a program elsewhere",
        backup::a_certificate_is_exported,
    ),
    always(
        "authority",
        "the lab's own authority signs for one service, and a thief of its key forges no other name",
        authority::signs_for_one_service,
    ),
    with_all(
        "authority",
        "a backup brings the same root back to a lab from nothing",
        authority::outlives_the_lab,
    ),
    with_all(
        "authority",
        "certificates of no service are there before their program, and go with their entries",
        extra::before_their_program,
    ),
    always(
        "rendering",
        "the API server takes every golden rendering strictly",
        rendering::golden_is_accepted,
    ),
    with_all(
        "rendering",
        "a folder for git, applied as Flux does it, is a healthy lab, and `up` leaves it alone",
        rendering::a_folder_for_git,
    ),
    always("secrets", "the token appears nowhere", secrets::token_appears_nowhere),
    always("clients", "the official Cloudflare client agrees with the emulator", clients::official),
    with_all(
        "changes",
        "a removed service takes its Ingress, record and certificate with it",
        changes::removal,
    ),
    with_all(
        "expose",
        "a Service gets a name by one command, and nothing of it is left afterwards",
        expose::a_service,
    ),
    with_all("expose", "a program outside the cluster gets a name by one command", expose::a_url),
    with_all("expose", "a program on the node itself gets a name by one command", expose::a_local),
    with_all("expose", "what was exposed is taken back, and the file is as before", expose::taken_back),
    with_all(
        "expose",
        "an image gets a name, keeps its data, and unexpose leaves its claim",
        expose::an_image_and_its_data,
    ),
    with_all(
        "page",
        "the start page tells which service is off, and when it is back",
        page::tells_what_is_off,
    ),
    with_all(
        "page",
        "the start page asks programs outside the cluster, too, and hands nothing on",
        page::asks_elsewhere,
    ),
    with_all("page", "a domain with a site of its own gets the page under another name", page::name_in_use),
    with_all("page", "a browser finds nothing wrong with the start page", page::in_a_browser),
    with_all(
        "protect",
        "the house, a password, a sign-in service and a rate each keep out whom they should",
        protect::each_protection,
    ),
    with_all(
        "protect",
        "a service gets a tunnel, a second up writes nothing, and nothing of it is left afterwards",
        tunnel::one_service,
    ),
    with_all(
        "port",
        "from the internet one service is reached and nothing else, and the record follows the address",
        port::one_and_no_other,
    ),
    with_all("changes", "diff tells what up would do, and writes nothing", changes::diff_tells),
    with_all(
        "changes",
        "an older homelab does not take cert-manager back to where it cannot go",
        changes::going_back,
    ),
    with_all(
        "changes",
        "upgrade raises cert-manager by one minor version and refuses to skip one",
        changes::going_forward,
    ),
    with_all("story", "from the package to names and back, as somebody new lives it", story::whole),
    with_all(
        "looks",
        "what people read fits 80 and 40 columns, and a pipe gets no escape codes",
        looks::widths,
    ),
    with_all("changes", "an Ingress that a finalizer holds keeps its certificate", changes::held_ingress),
    with_all("changes", "a rolling restart of the controller loses no record", changes::rolling_restart),
    always("changes", "the controller may not take out a node that is well", guard::keeps_what_is_well),
    with_all(
        "changes",
        "a controller killed five times on one node loses no record",
        controller::killed_on_one_node,
    ),
    with_all(
        "changes",
        "a controller killed five times on both nodes loses no record",
        controller::killed_on_both_nodes,
    ),
    with_all(
        "changes",
        "a rollout with an open websocket shuts a node's 443 for less than 15 s",
        controller::rollout_with_a_websocket,
    ),
    with_all(
        "changes",
        "2 GiB go up, a websocket idles for 200 s, and passwords, allow-lists and limits hold",
        matrix::rows,
    ),
    with_all("changes", "machines that are off do not hold up", outside::machines_that_are_off),
    with_all(
        "changes",
        "a controller that is there already serves the lab, and nothing of it is changed",
        own_controller::serves_and_stays_as_it_was,
    ),
    always("nixos", "the unit's command works without privileges", unit::works_unprivileged),
    always(
        "nixos",
        "the doctor finds a healthy lab well with an account that may only read",
        reader::the_doctor_reads_enough,
    ),
    always("nixos", "that account can write nothing and read no Secret", reader::the_account_writes_nothing),
    always("nodes", "both nodes serve, in status and DNS", nodes::both_serve),
    with_all(
        "changes",
        "backends outside the cluster, two names, and one certificate for all",
        outside::backends_and_wildcard,
    ),
    with_all(
        "changes",
        "one record answers for all names, and no name is missed on the way there and back",
        wildcard_records::there_and_back,
    ),
    with_all("nodes", "a lost node leaves status and DNS", nodes::a_lost_node_leaves),
    with_all("nodes", "a node changes its address", nodes::a_node_changes_its_address),
    always("weather", "no cluster", weather::no_cluster),
    with_all("weather", "another cluster behind the address", weather::another_cluster),
    with_all("weather", "no permission", weather::no_permission),
    with_all("weather", "an image cannot be pulled", weather::image_cannot_be_pulled),
    with_all("weather", "port 80 is taken by another pod", weather::port_is_taken),
    with_all("weather", "the token was revoked between two runs", weather::token_was_revoked),
    with_all("weather", "the token lacks something", weather::token_lacks_something),
    with_all("weather", "the provider is busy or broken", weather::provider_is_busy_or_broken),
    with_all("weather", "a challenge never appears", weather::challenge_never_appears),
    with_all("weather", "ACME refuses", weather::acme_refuses),
    with_all("weather", "a name never resolves", weather::a_name_never_resolves),
    with_all("weather", "another manager owns a field", weather::another_manager_owns_a_field),
    with_all("weather", "definitions of another version", weather::definitions_of_another_version),
    always(
        "weather",
        "a setting that nginx refuses fails the run",
        doctor::ingress::reload::up_proves_the_settings,
    ),
    with_all("weather", "interrupted by Ctrl-C", weather::interrupted),
    with_all("weather", "the disk of the cache is full", weather::the_disk_of_the_cache_is_full),
    with_all(
        "renewal",
        "a certificate renews under load without a failed request",
        renewal::renews_without_a_failed_request,
    ),
    with_all(
        "renewal",
        "homelab renew gives another certificate, and guesses at no name",
        doctor::certificates::attempts::renewed_on_request,
    ),
    always("doctor", "a healthy lab gives no failure and no warning", doctor::a_healthy_lab),
    always("doctor", "the doctor asks Cloudflare fewer than 20 times", doctor::few_calls),
    always(
        "doctor",
        "a laptop on the LAN finds nothing wrong either",
        doctor::vantages::a_laptop_finds_the_same,
    ),
    always(
        "doctor",
        "without a kubeconfig the names are looked at all the same",
        doctor::vantages::without_a_kubeconfig,
    ),
    always(
        "doctor",
        "a laptop without kubeconfig and k3s finds the house well",
        doctor::vantages::a_visitor_finds_nothing_wrong,
    ),
    always(
        "doctor",
        "offline, nothing beyond the LAN is asked and nothing is missed",
        doctor::vantages::offline,
    ),
    always(
        "doctor",
        "before the first up, nothing of the cluster is asked",
        doctor::vantages::before_the_first_up,
    ),
    with_all(
        "doctor",
        "a hundred black-holed hosts end within the deadline",
        doctor::vantages::black_holes_end_in_time,
    ),
    with_all(
        "doctor",
        "10, 100 and 1000 names behind a resolver that lets 20 questions a second through",
        doctor::resolvers::many_names_behind_a_limit,
    ),
    with_all(
        "nearer",
        "the IPv4 address of a node changes, its IPv6 address stays, and the doctor says so",
        doctor::nearer::six::ipv4_moves_and_ipv6_stays,
    ),
    with_all(
        "house resolver",
        "names go on working without the internet, past rebinding protection, and out of public DNS",
        house_resolver::proof,
    ),
    with_all(
        "inside names",
        "pods of both nodes are given names by each pod of CoreDNS, and a stranger's entries stay to the byte",
        inside::proof,
    ),
    with_all(
        "egress",
        "kube-router lets pods of both nodes go where `egress` says, and nowhere else",
        egress::each_way,
    ),
    with_all(
        "egress",
        "homelab's own programs get a new name its record and its certificate, and reach nothing else",
        egress::own_programs,
    ),
    with_all(
        "egress",
        "where nobody would enforce it, up ends with 1 and the cause, and writes nothing",
        egress::without_an_engine,
    ),
    with_all(
        "egress",
        "the API server, with Cilium's own definition, takes what Cilium takes",
        egress::cilium::at_the_api_server,
    ),
    with_all(
        "moving",
        "from Cloudflare to the nodes and back, nothing is left behind",
        moving::there_and_back,
    ),
    with_all(
        "challenge zone",
        "a certificate comes by a CNAME record into another zone, and no name is ever public",
        challenge_zone::proof,
    ),
    with_all(
        "challenge server",
        "a delegated sub-zone at the lab's own server brings the wildcard, and nobody outside sees or does more",
        challenge_server::proof,
    ),
    always("crashes", "killed at five moments against the API server", crashes::five_kills_against_the_api),
    with_all("crashes", "killed at twenty moments against the API server", crashes::kills_against_the_api),
    with_all("crashes", "killed at three moments on the full stack", crashes::kills_on_the_full_stack),
    with_all(
        "servers",
        "the first of three servers is killed, and up and the doctor go on by another",
        servers::the_first_is_killed,
    ),
    with_all("servers", "a member of etcd is told to take its old address back", servers::a_member_moves),
];

/// Which tests to run.
#[derive(Args)]
pub(crate) struct Selection {
    /// Everything, not only the main job and one case of each group
    #[arg(long)]
    all: bool,
    /// Only list the names
    #[arg(long)]
    list: bool,
    /// Leave the lab running
    #[arg(long)]
    keep: bool,
    /// Use the lab that runs, whatever its shape; cases that need another one may fail
    #[arg(long)]
    reuse: bool,
    /// Print what the doctor tells people about each failure
    #[arg(long)]
    show: bool,
    /// Only tests whose group is one of these, or whose name contains one
    names: Vec<String>,
}

impl Selection {
    fn names(&self, group: &str, name: &str) -> bool {
        self.names.is_empty() || self.names.iter().any(|part| part == group || name.contains(part.as_str()))
    }

    /// What is named is run, also without `--all`.
    fn wants(&self, group: &str, name: &str, always: bool) -> bool {
        self.names(group, name) && (always || self.all || !self.names.is_empty())
    }
}

/// Lists or runs what was selected.
pub(crate) fn run(cache: &Cache, selection: &Selection) -> Result<ExitCode> {
    if !selection.list {
        return runner::run(cache, selection);
    }
    for stage in stages::STAGES.iter().filter(|stage| selection.names("build", stage.name)) {
        println!("build: {}{}", stage.name, if stage.always { "" } else { " (--all)" });
    }
    for case in cases().filter(|case| selection.names(case.group, case.name)) {
        println!("{}: {}{}", case.group, case.name, if case.always { "" } else { " (--all)" });
    }
    Ok(ExitCode::SUCCESS)
}
