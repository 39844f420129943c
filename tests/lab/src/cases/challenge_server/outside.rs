//! The server, as somebody on the internet tries it.

use super::{AT_NODE, SERVER, zone};
use crate::cases::hands::{DOMAIN, Hands, expect};
use crate::error::{Context, Result, bail};
use crate::network::ROUTER_WAN;

/// Sends so many questions at once, and counts whole answers, those that are cut short, and the silence.
const BURST: &str = r#"
import socket, struct, sys
name = b''.join(bytes([len(l)]) + l.encode() for l in sys.argv[2].split('.')) + b'\0'
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
s.settimeout(2)
for i in range(400):
    s.sendto(struct.pack('>6H', i, 0, 1, 0, 0, 0) + name + struct.pack('>2H', 6, 1), (sys.argv[1], 53))
whole = short = 0
try:
    while True:
        if s.recv(2000)[2] & 2:
            short += 1
        else:
            whole += 1
except socket.timeout:
    pass
print(whole, short, 400 - whole - short)
"#;

pub(super) fn tried(hands: &Hands) -> Result<()> {
    let own = asked(hands, &[DOMAIN, "SOA"])?;
    expect(own.contains("status: NOERROR") && own.contains("flags: qr aa"), own)?;
    let recursion = asked(hands, &["github.com", "A"])?;
    expect(recursion.contains("status: REFUSED") && !recursion.contains(" ra"), recursion)?;
    let inside = asked(hands, &["whoami.home.example.test", "A"])?;
    expect(inside.contains("status: NXDOMAIN"), inside)?;
    let any = asked(hands, &[DOMAIN, "ANY", "+notcp"])?;
    expect(any.contains("ANSWER: 1,"), any)?;
    let transfer = hands.world.run("dig", &[&at(), "+time=2", "+tries=1", DOMAIN, "AXFR"])?;
    expect(transfer.contains("Transfer failed") && !transfer.contains(SERVER), transfer)?;
    let version = asked(hands, &["version.bind", "TXT", "CH"])?;
    expect(version.contains("status: REFUSED"), version)?;

    let before = zone(hands)?;
    for key in ["", "key hmac-sha256:homelab-challenges c29tZWJvZHkgZ3Vlc3NlZCB0aGlzIGtleSBvZiAzMmI=\n"] {
        let update = format!(
            "server {ROUTER_WAN}\nzone {DOMAIN}\n{key}update add _acme-challenge.{DOMAIN} 60 TXT forged\nsend\n"
        );
        let file = hands.run.path("forged.txt");
        crate::files::write(&file, update)?;
        let ended = hands.world.run("nsupdate", &["-t", "5", &file.display().to_string()]);
        let why = ended.err().context("an update without the key was taken")?.to_string();
        expect(why.contains("NOTAUTH"), why)?;
    }
    expect(zone(hands)? == before, "somebody without the key has changed the zone")?;

    let counts = hands.world.run("python3", &["-c", BURST, ROUTER_WAN, DOMAIN])?;
    let counts: Vec<u32> = counts.split_whitespace().filter_map(|count| count.parse().ok()).collect();
    let [whole, short, none] = counts[..] else { bail!("{counts:?}") };
    eprintln!("      of 400 questions at once {whole} were answered, {short} cut short, {none} dropped");
    expect(whole < 200 && short > 0, format!("no limit: {whole}, {short}, {none}"))?;
    let pods = hands.kubectl(&["-n", "challenge-server", "logs", "deployment/challenge-server"])?;
    expect(!pods.contains("error"), format!("the server's log, at {AT_NODE}:\n{pods}"))
}

fn at() -> String {
    format!("@{ROUTER_WAN}")
}

fn asked(hands: &Hands, words: &[&str]) -> Result<String> {
    hands.world.run("dig", &[&[at().as_str(), "+time=2", "+tries=2"], words].concat())
}
