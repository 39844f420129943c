//! Container images, made of the built programs and kept as tars in the cache.

mod challenge_server;
mod ingress_nginx;
mod name_server;
mod oci;
mod start_page;
mod tree;
mod tunnel;

use std::path::{Path, PathBuf};

use crate::command::run;
use crate::debian;
use crate::error::Result;
use crate::files::{self, Recipe};
use crate::parts::Programs;
use crate::paths::{Cache, sources};
use crate::pki::Authority;

pub(crate) use oci::{Also, write};
pub(crate) use tree::{Tree, libraries};

/// What an image is to be.
pub(crate) struct Image {
    pub(crate) reference: String,
    pub(crate) user: &'static str,
    pub(crate) entrypoint: Vec<&'static str>,
    pub(crate) command: Vec<&'static str>,
    pub(crate) tree: Tree,
}

/// An image in the cache.
pub(crate) struct Built {
    pub(crate) reference: String,
    pub(crate) tar: PathBuf,
}

pub(crate) const PAUSE: &str = "registry.k8s.io/pause:3.10";
pub(crate) const COREDNS: &str = "registry.k8s.io/coredns/coredns:v1.14.7";
pub(crate) const BUSYBOX: &str = "docker.io/library/busybox:lab";

/// The images that homelab's configuration names: its key there, and the reference.
pub(crate) const FOR_HOMELAB: [(&str, &str); 11] = [
    // The one commit of the controller that is to be had as a module, from July 2024; not v1.15.1.
    ("ingressNginx", "registry.k8s.io/ingress-nginx/controller:lab-52c50467d67d"),
    // Without lego's DNS providers, which homelab does not use.
    ("traefik", "docker.io/library/traefik:lab-v3.7.13"),
    ("externalDns", "registry.k8s.io/external-dns/external-dns:v0.22.0"),
    ("certManagerController", "quay.io/jetstack/cert-manager-controller:v1.21.2"),
    ("certManagerWebhook", "quay.io/jetstack/cert-manager-webhook:v1.21.2"),
    ("certManagerCainjector", "quay.io/jetstack/cert-manager-cainjector:v1.21.2"),
    ("whoami", "docker.io/traefik/whoami:lab"),
    // Debian's PowerDNS 4.7, without upstream's entrypoint, which homelab does not use.
    ("nameServer", "docker.io/powerdns/pdns-auth-51:lab"),
    // Debian's Knot DNS 3.2.
    ("challengeServer", "docker.io/cznic/knot:lab"),
    // A stand-in that only says that it is ready.
    ("tunnel", "docker.io/cloudflare/cloudflared:lab"),
    // Debian's nginx, without upstream's entrypoint, which homelab does not use.
    ("startPage", "docker.io/nginxinc/nginx-unprivileged:lab"),
];

pub(crate) fn reference(key: &str) -> String {
    let found = FOR_HOMELAB.iter().find(|(known, _)| *known == key);
    found.map_or_else(String::new, |(_, reference)| (*reference).to_owned())
}

/// One kind of image: the folder under `go/` whose recipe names it, and how it is put together.
struct Kind {
    name: &'static str,
    part: Option<&'static str>,
    make: fn(&Programs) -> Result<Image>,
}

const KINDS: [Kind; 14] = [
    Kind { name: "pause", part: Some("pause"), make: pause },
    Kind { name: "busybox", part: None, make: busybox },
    Kind { name: "coredns", part: Some("coredns"), make: coredns },
    Kind { name: "whoami", part: Some("whoami"), make: whoami },
    Kind { name: "external-dns", part: Some("external-dns"), make: external_dns },
    Kind { name: "cert-manager-controller", part: Some("cert-manager"), make: cert_manager_controller },
    Kind { name: "cert-manager-webhook", part: Some("cert-manager"), make: cert_manager_webhook },
    Kind { name: "cert-manager-cainjector", part: Some("cert-manager"), make: cert_manager_cainjector },
    Kind { name: "ingress-nginx", part: Some("ingress-nginx"), make: ingress_nginx::image },
    Kind { name: "traefik", part: Some("traefik"), make: traefik },
    Kind { name: "start-page", part: None, make: start_page::image },
    Kind { name: "name-server", part: None, make: name_server::image },
    Kind { name: "challenge-server", part: None, make: challenge_server::image },
    Kind { name: "tunnel", part: None, make: tunnel::image },
];

/// Makes the images that the cache does not hold yet. All of them trust the lab's CA, as real ones trust the web's.
pub(crate) fn build(cache: &Cache, programs: &Programs, ca: &Authority) -> Result<Vec<Built>> {
    let trusted = files::read(&ca.certificate())?;
    let mut common = Recipe::default();
    common.add("trusted", &trusted).add("packages", debian::image_packages()?);
    common.add_folder(&sources().join("images"))?.add_folder(&sources().join("src/image"))?;
    let mut built = Vec::new();
    // A part that was not asked for has no image.
    for kind in KINDS.iter().filter(|kind| kind.part.is_none_or(|part| programs.recipe(part).is_ok())) {
        let mut recipe = Recipe::default();
        recipe.add("common", common.key()).add("name", kind.name);
        if let Some(part) = kind.part {
            recipe.add("part", programs.recipe(part)?);
        }
        let mut image = (kind.make)(programs)?;
        let tar = cache.images().join(format!("{}-{}.tar", kind.name, recipe.key()));
        if !tar.exists() {
            eprintln!("making the image {}", image.reference);
            image.tree.text("etc/ssl/certs/ca-certificates.crt", &trusted);
            oci::write(&image, &Also::default(), &tar)?;
        }
        built.push(Built { reference: image.reference, tar });
    }
    Ok(built)
}

fn pause(programs: &Programs) -> Result<Image> {
    single(programs, PAUSE.to_owned(), "65535", "pause", "/pause")
}

fn coredns(programs: &Programs) -> Result<Image> {
    single(programs, COREDNS.to_owned(), "65532", "coredns", "/coredns")
}

fn whoami(programs: &Programs) -> Result<Image> {
    single(programs, reference("whoami"), "", "whoami", "/whoami")
}

fn external_dns(programs: &Programs) -> Result<Image> {
    single(programs, reference("externalDns"), "65532", "external-dns", "/ko-app/external-dns")
}

fn traefik(programs: &Programs) -> Result<Image> {
    single(programs, reference("traefik"), "", "traefik", "/traefik")
}

// The numeric user lets a pod say runAsNonRoot.
fn cert_manager_controller(programs: &Programs) -> Result<Image> {
    let path = "/app/cmd/controller/controller";
    single(programs, reference("certManagerController"), "1000", "cert-manager-controller", path)
}

fn cert_manager_webhook(programs: &Programs) -> Result<Image> {
    let path = "/app/cmd/webhook/webhook";
    single(programs, reference("certManagerWebhook"), "1000", "cert-manager-webhook", path)
}

fn cert_manager_cainjector(programs: &Programs) -> Result<Image> {
    let path = "/app/cmd/cainjector/cainjector";
    single(programs, reference("certManagerCainjector"), "1000", "cert-manager-cainjector", path)
}

/// An image of one static program.
fn single(
    programs: &Programs,
    reference: String,
    user: &'static str,
    program: &str,
    path: &'static str,
) -> Result<Image> {
    let mut tree = Tree::with_users();
    tree.program(path, programs.path(program)?);
    Ok(Image { reference, user, entrypoint: vec![path], command: Vec::new(), tree })
}

/// busybox with all its names, and curl: Debian's static busybox cannot look up names without the C library beside it.
fn busybox(_: &Programs) -> Result<Image> {
    let mut tree = Tree::with_users();
    let program = PathBuf::from("/usr/bin/busybox");
    let names = run(std::process::Command::new(&program).arg("--list"))?;
    tree.program("bin/busybox", &program);
    for name in names.lines().filter(|name| !["busybox", "wget"].contains(name)) {
        tree.link(format!("bin/{name}"), "busybox");
    }
    tree.same_with_libraries(Path::new("/usr/bin/curl"))?;
    Ok(Image { reference: BUSYBOX.to_owned(), user: "", entrypoint: Vec::new(), command: vec!["sh"], tree })
}
