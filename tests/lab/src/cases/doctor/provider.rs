//! The token and the zone at the provider.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Stdio;

use serde_json::{Value, json};

use super::records::nudge;
use super::{Ask, Injury};
use crate::cases::hands::{Hands, WHOAMI, ZONE, eventually};
use crate::error::{Context, Result};

/// The configuration that names a token of the injury's own.
const OTHER: Ask = Ask { config: Some(CONFIG), ..Ask::NODE };
const CONFIG: &str = "other-token.yaml";
const FILE: &str = "other-token";
/// A token that only injuries use. It has the length of a real one.
const TOKEN: &str = "injured_0123456789abcdefghijklmnopqrstuv";
/// Where the token lies that `cf.copies` is about, until the lab has its own again.
const BEFORE: &str = "token.before";
/// An address of the lab's internet where nothing listens but a second Cloudflare.
pub(super) const ELSEWHERE: &str = "198.51.100.2";

/// A token file that cannot be used.
const fn shape(name: &'static str, says: &'static [&'static str], make: fn(&Hands) -> Result<()>) -> Injury {
    Injury { name, id: "cf.token-source", says, ask: OTHER, always: false, make, undo: forget }
}

/// A token of its own, which the provider does not like.
const fn token(
    name: &'static str,
    id: &'static str,
    says: &'static [&'static str],
    make: fn(&Hands) -> Result<()>,
) -> Injury {
    Injury { name, id, says, ask: OTHER, always: false, make, undo: forget }
}

pub(super) const INJURIES: &[Injury] = &[
    shape("the token file is missing", &["does not exist"], |hands| write(hands, None)),
    shape("the token file is empty", &["is empty"], |hands| write(hands, Some("\n"))),
    shape("the token was copied with its header", &["keep only what stands after"], |hands| {
        write(hands, Some(&format!("Bearer {TOKEN}\n")))
    }),
    shape("the token was copied with quotes", &["has quotes in it"], |hands| {
        write(hands, Some(&format!("\"{TOKEN}\"\n")))
    }),
    shape("the token file has a second line", &["more than one line"], |hands| {
        write(hands, Some(&format!("{TOKEN}\n# my token\n")))
    }),
    shape("the file has the Global API Key", &["Global API Key", "opens the whole account"], |hands| {
        write(hands, Some("0123456789abcdef0123456789abcdef01234"))
    }),
    Injury {
        name: "everybody may read the token file",
        id: "cf.token-private",
        says: &["every user of this machine"],
        ask: OTHER,
        always: false,
        make: open_to_all,
        undo: |hands| hands.node.run("umount", &["/mnt"]).and_then(|_| forget(hands)),
    },
    Injury {
        name: "the token was revoked",
        id: "cf.token",
        says: &["revoked"],
        ask: Ask::NODE,
        always: true,
        make: revoke,
        undo: grant,
    },
    token("part of the token is missing", "cf.token", &["31 characters"], |hands| {
        write(hands, TOKEN.get(..31))
    }),
    token("the token has expired", "cf.token", &["has expired on 2020-01-01"], |hands| {
        give(hands, &json!({ "expires_on": "2020-01-01T00:00:00Z" }))
    }),
    token("the token is not valid yet", "cf.token", &["valid only from 2100-01-01"], |hands| {
        give(hands, &json!({ "not_before": "2100-01-01T00:00:00Z" }))
    }),
    token("the token was disabled", "cf.token", &["is disabled"], |hands| {
        give(hands, &json!({ "status": "disabled" }))
    }),
    token("the token may not be used from here", "cf.token", &["from location", "IPv6"], |hands| {
        give(hands, &json!({ "allowed_ips": [ELSEWHERE] }))
    }),
    token("the token lacks Zone Read", "cf.permissions", &["Zone → Zone → Read"], |hands| {
        give(hands, &json!({ "permissions": ["dns:edit"] }))
    }),
    token("the token lacks DNS", "cf.permissions", &["but not its records"], |hands| {
        give(hands, &json!({ "permissions": ["zone:read"] }))
    }),
    token("the token is for another zone", "cf.zone", &["sees no zone named"], |hands| {
        give(hands, &json!({ "zones": ["other.test"] }))
    }),
    Injury {
        name: "the zone waits for its name servers",
        id: "cf.zone",
        says: &[
            "is `pending`",
            "public DNS has the name servers `ada.ns.lab.test`",
            "Cloudflare waits for `cleo.ns.lab.test`",
        ],
        ask: AT_ANOTHER,
        always: false,
        make: |hands| another_cloudflare(hands, "pending", ["cleo.ns.lab.test", "dan.ns.lab.test"]),
        undo: no_other_cloudflare,
    },
    Injury {
        name: "the token may only read, and a scratch record proves it",
        id: "cf.dns-edit",
        says: &["Zone → DNS → Edit"],
        ask: Ask { flags: &["--active"], ..OTHER },
        always: false,
        make: |hands| give(hands, &json!({ "permissions": ["zone:read", "dns:read"] })),
        undo: forget,
    },
    Injury {
        name: "the token may only read, and external-dns has noticed",
        id: "cf.dns-edit",
        says: &["Authentication error (code 10000)"],
        ask: Ask::NODE,
        always: false,
        make: only_read,
        undo: |hands| grant(hands).and_then(|()| nudge(hands)),
    },
    Injury {
        name: "Cloudflare counts too many calls",
        id: "cf.rate",
        says: &["for 5 min", "1200 calls"],
        ask: Ask::NODE,
        always: false,
        // As many as the doctor makes at once: external-dns would wait for five minutes.
        make: |hands| fault(hands, &json!({ "status": 429, "retry_after": 300, "count": 3 })),
        undo: no_faults,
    },
    Injury {
        name: "Cloudflare answers with its own failure",
        id: "cf.token",
        says: &["HTTP 500", "cloudflarestatus.com"],
        ask: Ask::NODE,
        always: false,
        make: |hands| fault(hands, &json!({ "status": 500 })),
        undo: no_faults,
    },
    Injury {
        name: "the token was renewed in its file alone",
        id: "cf.copies",
        says: &["but not in the cluster"],
        ask: Ask::NODE,
        always: false,
        make: renew,
        undo: old_token,
    },
    Injury {
        name: "the Secret with the token was deleted",
        id: "cf.copies",
        says: &["cert-manager/homelab-dns-provider", "is missing"],
        ask: Ask::NODE,
        always: false,
        make: |hands| {
            hands.kubectl(&["-n", "cert-manager", "delete", "secret", "homelab-dns-provider"]).map(drop)
        },
        undo: |_| Ok(()),
    },
];

/// Writes the injury's token file, and a configuration that names it.
fn write(hands: &Hands, text: Option<&str>) -> Result<()> {
    let path = hands.run.path(FILE);
    name(hands, &path.display().to_string())?;
    let Some(text) = text else { return Ok(()) };
    fs::write(&path, text).context("a token file")?;
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).context("protecting it")
}

fn name(hands: &Hands, file: &str) -> Result<()> {
    let config = hands.config()?.replace(&hands.run.token().display().to_string(), file);
    hands.config_file(CONFIG, &config).map(drop)
}

fn put(hands: &Hands, value: &str, grant: &Value) -> Result<()> {
    let mut whole = json!({ "permissions": ["zone:read", "dns:edit"], "zones": [ZONE] });
    for (key, value) in grant.as_object().into_iter().flatten() {
        whole[key] = value.clone();
    }
    hands.control("PUT", &format!("/tokens/{value}"), Some(&whole)).map(drop)
}

/// Makes the injury's token at the provider, with a grant that differs from a good one.
fn give(hands: &Hands, grant: &Value) -> Result<()> {
    put(hands, TOKEN, grant)?;
    write(hands, Some(TOKEN))
}

/// Removes the injury's token, its file and its configuration, as far as they are there.
fn forget(hands: &Hands) -> Result<()> {
    let _absent = hands.control("DELETE", &format!("/tokens/{TOKEN}"), None);
    for name in [FILE, CONFIG] {
        let _absent = fs::remove_file(hands.run.path(name));
    }
    Ok(())
}

/// A file system of the node's own, where every folder is open.
fn open_to_all(hands: &Hands) -> Result<()> {
    let script = "mount -t tmpfs tmpfs /mnt && chmod 755 /mnt && install -m 644 \"$1\" /mnt/token";
    hands.node.run("bash", &["-c", script, "bash", &hands.run.token().display().to_string()])?;
    name(hands, "/mnt/token")
}

fn revoke(hands: &Hands) -> Result<()> {
    hands.control("DELETE", &format!("/tokens/{}", hands.token()?), None).map(drop)
}

/// Gives the lab's own token all that it should have.
pub(super) fn grant(hands: &Hands) -> Result<()> {
    put(hands, &hands.token()?, &json!({}))
}

/// external-dns has something to write, and may not.
fn only_read(hands: &Hands) -> Result<()> {
    put(hands, &hands.token()?, &json!({ "permissions": ["zone:read", "dns:read"] }))?;
    hands.remove_records("A", WHOAMI)?;
    nudge(hands)
}

fn fault(hands: &Hands, what: &Value) -> Result<()> {
    let mut fault = what.clone();
    fault["target"] = json!("api");
    hands.control("POST", "/faults", Some(&fault)).map(drop)
}

pub(super) fn no_faults(hands: &Hands) -> Result<()> {
    hands.control("DELETE", "/faults", None).map(drop)
}

fn renew(hands: &Hands) -> Result<()> {
    put(hands, TOKEN, &json!({}))?;
    fs::copy(hands.run.token(), hands.run.path(BEFORE)).context("keeping the token")?;
    fs::write(hands.run.token(), format!("{TOKEN}\n")).context("the token")
}

fn old_token(hands: &Hands) -> Result<()> {
    fs::rename(hands.run.path(BEFORE), hands.run.token()).context("the token")?;
    hands.restore()?;
    forget(hands)
}

/// The doctor asks a second Cloudflare, and the cluster the first.
pub(super) const AT_ANOTHER: Ask =
    Ask { wrap: &["unshare", "--mount", "bash", "-c", ELSEWHERE_IS_CLOUDFLARE, "bash"], ..Ask::NODE };
const ELSEWHERE_IS_CLOUDFLARE: &str = "hosts=$(mktemp) && echo '198.51.100.2 api.cloudflare.com' > \"$hosts\" && \
    mount --bind \"$hosts\" /etc/hosts && rm \"$hosts\" && exec \"$@\"";
const OTHER_WORLD: &str = "other-world.json";
const OTHER_WORLD_ID: &str = "other-world.pid";

/// Starts a second Cloudflare, with the lab's token and another zone of the same name.
pub(super) fn another_cloudflare(hands: &Hands, status: &str, servers: [&str; 2]) -> Result<()> {
    let text = fs::read_to_string(hands.run.path("world").join("config.json")).context("the world's file")?;
    let world: Value = serde_json::from_str(&text).context("the world's file")?;
    let other = json!({
        "tls": world["tls"],
        "api": [format!("{ELSEWHERE}:443")],
        "zones": [{ "name": ZONE, "name_servers": servers, "status": status }],
        "tokens": [{ "value": hands.token()?, "permissions": ["zone:read", "dns:edit"], "zones": [ZONE] }],
    });
    let file = hands.config_file(OTHER_WORLD, &other.to_string())?;
    let mut program = hands.world.command("lab-world");
    program.arg("--config").arg(file).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let child = program.spawn().context("starting a second lab-world")?;
    fs::write(hands.run.path(OTHER_WORLD_ID), child.id().to_string()).context("its id")?;
    eventually("the second Cloudflare", 10, || {
        let socket = hands.world.output("bash", &["-c", &format!("exec 3<>/dev/tcp/{ELSEWHERE}/443")])?;
        Ok(if socket.status.success() { Ok(()) } else { Err(socket.stderr) })
    })
    .map(drop)
}

pub(super) fn no_other_cloudflare(hands: &Hands) -> Result<()> {
    let id = fs::read_to_string(hands.run.path(OTHER_WORLD_ID)).context("the id of the second lab-world")?;
    hands.world.run("kill", &[id.trim()])?;
    for name in [OTHER_WORLD, OTHER_WORLD_ID] {
        fs::remove_file(hands.run.path(name)).context(name)?;
    }
    Ok(())
}

/// One run of the doctor asks little of a provider that counts.
pub(in crate::cases) fn few_calls(hands: &Hands) -> Result<()> {
    const MOST: usize = 20;
    let requests = |since: &Value| hands.control("GET", &format!("/requests?since={since}"), None);
    for flags in [&[][..], &["--active"]] {
        let before = requests(&json!(u64::MAX))?["last"].clone();
        Ask { flags, ..Ask::NODE }.run(hands)?;
        let seen = requests(&before)?;
        let ours = |request: &&Value| {
            request["user_agent"].as_str().is_some_and(|agent| agent.starts_with("homelab/"))
        };
        let count = seen["requests"].as_array().map_or(0, |all| all.iter().filter(ours).count());
        println!("      {count} calls {}", flags.join(" "));
        crate::cases::hands::expect((1..MOST).contains(&count), format!("{count} calls"))?;
    }
    Ok(())
}
