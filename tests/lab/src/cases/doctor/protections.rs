//! What stands between a visitor and a service, and does not work as it should.

use std::path::PathBuf;

use super::{Ask, Injury};
use crate::cases::hands::{DOMAIN, Hands};
use crate::command;
use crate::error::Result;
use crate::files;
use crate::network::CLOUDFLARE_API;

/// The configurations, in the run's folder.
const SIGN_IN: &str = "sign-in.yaml";
const LOCKED: &str = "nobody-let-in.yaml";

pub(super) const INJURIES: &[Injury] = &[
    Injury {
        name: "the sign-in service of a name has a host that does not exist",
        id: "apps.answer",
        says: &["answers 500", "auth-url", "its name has no address", "SERVICE.NAMESPACE.svc.cluster.local"],
        ask: Ask { config: Some(SIGN_IN), ..Ask::NODE },
        always: false,
        make: |hands| unproved(hands, &asks(hands, "http://authelia.auth.svc.cluster.local:9091/verify")?),
        undo: |hands| {
            // As the fix says: the address of a sign-in service that is there.
            let right = asks(hands, &format!("http://{CLOUDFLARE_API}:8080/healthz"))?;
            let cured = hands.up_well(&right, &[]);
            hands.restore()?;
            cured.map(drop)
        },
    },
    Injury {
        name: "a service asks for a password, and nobody has one",
        id: "ingress.annotations",
        says: &["`auth-secret: locked-users` of Ingress `homelab/locked`", " protect locked --user NAME"],
        ask: Ask { config: Some(LOCKED), ..Ask::NODE },
        always: false,
        make: |hands| unproved(hands, &with(hands, LOCKED, "locked", "users: true")?),
        undo: |hands| {
            let cured = somebody_let_in(hands);
            hands.restore()?;
            cured
        },
    },
];

/// The lab's own configuration with one service more, which is protected.
fn with(hands: &Hands, file: &str, name: &str, protect: &str) -> Result<PathBuf> {
    let service = format!("{name}: {{ url: \"http://{CLOUDFLARE_API}:8080\", protect: {{ {protect} }} }}");
    hands.config_with(file, &format!("services:\n  {service}\n"))
}

fn asks(hands: &Hands, url: &str) -> Result<PathBuf> {
    with(hands, SIGN_IN, "known", &format!("forwardAuth: {{ url: \"{url}\" }}"))
}

/// `up`, which does not look whether the names work: they do not.
fn unproved(hands: &Hands, config: &std::path::Path) -> Result<()> {
    hands.up_well(config, &["--no-verify"]).map(drop)
}

/// As the fix says; the name then answers as it should to somebody without a password, which `up` proves.
fn somebody_let_in(hands: &Hands) -> Result<()> {
    let config = hands.run.path(LOCKED);
    let (file, path) = (hands.run.path("password"), config.display().to_string());
    files::write(&file, "correct horse battery\n")?;
    let password = file.display().to_string();
    let words = ["protect", "locked", "--config", &path, "--user", "ada", "--password-file", &password];
    command::run(hands.homelab(&words).env("TERM", "dumb"))?;
    hands.up_well(&config, &[])?;
    hands.answers(&format!("locked.{DOMAIN}"), "401").map_err(crate::error::Error::new)
}
