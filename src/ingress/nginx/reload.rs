//! What the ingress controller said last of loading nginx' configuration, by the words of its log and of its events
//! (ingress-nginx v1.15.1, internal/ingress/controller/controller.go, `syncIngress`, and nginx.go, `testTemplate`).

use jiff::Timestamp;

use crate::evidence::{Refusal, Reload};
use crate::facts::klog::severity;

/// nginx runs what the controller wrote.
const LOADED: &str = "Backend successfully reloaded";
/// nginx did not take it; what it said follows, on lines of its own.
const REFUSED: &str = "Unexpected failure reloading the backend:";
/// The controller has something to load, and has not said yet what came of it.
const UNDER_WAY: &str = "Configuration changes detected, backend reload required";
/// The controller waits for old processes before it loads again (`enable-serial-reloads`): nothing was refused.
const WAITS: &str = "worker reload already in progress";
/// How nginx marks what keeps it from taking a configuration.
const FATAL: [&str; 2] = ["[emerg] ", "[alert] "];
/// The file that is tried has another name each time, and is gone afterwards.
const TRIED: &str = " in /tmp/nginx/nginx-cfg";
/// How much of what nginx said is kept: lines, and characters of each.
const LINES: usize = 4;
const LENGTH: usize = 400;
/// As far behind the failure what nginx said of it may reach: it warns of each host of its own first.
const REACH: usize = 2000;

/// What a log said last; `None` when it says nothing of it.
pub(super) fn last_in(log: &str) -> Option<Reload> {
    let lines: Vec<&str> = log.lines().collect();
    // Who asks for a page chooses words in the notes of requests between these lines.
    let own = |line: &&str| is_header(line);
    let outcome = |(at, line): (usize, &&str)| match line {
        line if !own(line) => None,
        line if line.contains(LOADED) => Some(Reload::Loaded),
        line if line.contains(UNDER_WAY) => Some(Reload::UnderWay),
        line if line.contains(REFUSED) => refused(line, lines.get(at + 1..).unwrap_or_default()),
        _ => None,
    };
    let last = lines.iter().enumerate().rev().find_map(outcome)?;
    let Reload::Refused(refusal) = last else { return Some(last) };
    let since = lines.iter().rev().copied().filter(own).take_while(|line| !line.contains(LOADED));
    let times = since.filter(|line| line.contains(REFUSED)).count();
    Some(Reload::Refused(Refusal { times: times.try_into().unwrap_or(u32::MAX), ..refusal }))
}

/// What a message of an event `RELOAD` of type `Warning` tells, of that time; `None` when nothing was refused.
pub(super) fn refused_in(message: &str, time: Timestamp) -> Option<Reload> {
    match refused("", &message.lines().collect::<Vec<_>>())? {
        // Its log has been silent since: it has been refused for long.
        Reload::Refused(refusal) => {
            Some(Reload::Refused(Refusal { line: format!("time=\"{time}\""), times: u32::MAX, ..refusal }))
        }
        other => Some(other),
    }
}

/// What nginx said of it: what is fatal, else the first words.
fn refused(head: &str, below: &[&str]) -> Option<Reload> {
    let own = head.split_once(REFUSED).map_or("", |(_, rest)| rest);
    let block = below.iter().take(REACH).copied().take_while(|line| !is_header(line));
    let block: Vec<&str> = std::iter::once(own).chain(block).collect();
    if block.iter().any(|line| line.contains(WAITS)) {
        return None;
    }
    let mut said: Vec<String> = block.iter().filter_map(|line| fatal(line)).collect();
    if said.is_empty() {
        let telling = |line: &&str| !line.is_empty() && !line.starts_with("---") && !is_request(line);
        said = block.iter().map(|line| line.trim()).filter(telling).map(short).collect();
    }
    let mut told: Vec<String> = Vec::new();
    for line in said {
        // nginx says it twice, once with the time.
        if told.len() < LINES && !told.contains(&line) {
            told.push(line);
        }
    }
    Some(Reload::Refused(Refusal { said: told, line: short(head), times: 1 }))
}

/// Whether a line begins another message of the controller.
fn is_header(line: &str) -> bool {
    severity(line).is_some()
}

/// Whether a line is nginx' note of a request, which begins with an address.
fn is_request(line: &str) -> bool {
    line.split(' ').next().is_some_and(|word| word.parse::<std::net::IpAddr>().is_ok())
}

/// `2026/11/26 03:10:00 [emerg] 55#55: invalid value "x" in /tmp/nginx/nginx-cfg1:9` and
/// `nginx: [emerg] invalid value "x" in /tmp/nginx/nginx-cfg1:9` are `invalid value "x"`.
fn fatal(line: &str) -> Option<String> {
    let (head, said) = FATAL.iter().find_map(|mark| line.split_once(mark))?;
    let is_time = head.len() == 20 && head.starts_with(|c: char| c.is_ascii_digit());
    if head != "nginx: " && !is_time {
        return None;
    }
    let bare = match said.split_once(": ") {
        Some((process, rest)) if process.contains('#') && !process.contains(' ') => rest,
        _ => said,
    };
    Some(short(bare.split(TRIED).next().unwrap_or(bare).trim()))
}

fn short(text: &str) -> String {
    text.chars().take(LENGTH).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log(lines: &[&str]) -> Option<Reload> {
        last_in(&lines.join("\n"))
    }

    const BEGIN: &str = "I1126 03:10:00.000001       7 controller.go:193] \"Configuration changes detected, backend reload required\"";
    const DONE: &str = "I1126 03:10:01.000001       7 controller.go:213] \"Backend successfully reloaded\"";
    const BROKEN: [&str; 10] = [
        "E1126 03:10:00.100001       7 controller.go:205] Unexpected failure reloading the backend:",
        "",
        "-------------------------------------------------------------------------------",
        "Error: exit status 1",
        "2026/11/26 03:10:00 [warn] 55#55: conflicting server name \"a\" on 0.0.0.0:80, ignored",
        "2026/11/26 03:10:00 [emerg] 55#55: pcre2_compile() failed: missing closing parenthesis in \"^/(app\" at \"\" in /tmp/nginx/nginx-cfg3213:500",
        "nginx: [emerg] pcre2_compile() failed: missing closing parenthesis in \"^/(app\" at \"\" in /tmp/nginx/nginx-cfg3213:500",
        "nginx: configuration file /tmp/nginx/nginx-cfg3213 test failed",
        "-------------------------------------------------------------------------------",
        "E1126 03:10:00.100002       7 queue.go:131] \"requeuing\" err=<",
    ];

    fn refusal(seen: Option<Reload>) -> Refusal {
        let Some(Reload::Refused(refusal)) = seen else { panic!("{seen:?}") };
        refusal
    }

    #[test]
    fn the_newest_word_counts_and_nginx_is_quoted_once() {
        let said = "pcre2_compile() failed: missing closing parenthesis in \"^/(app\" at \"\"";
        let broken = [&[DONE, BEGIN][..], &BROKEN].concat();
        let seen = refusal(log(&[&broken[..], &BROKEN].concat()));
        assert_eq!((seen.said, seen.times, seen.line.as_str()), (vec![said.to_owned()], 2, BROKEN[0]));
        assert_eq!(log(&[&broken[..], &[BEGIN, DONE]].concat()), Some(Reload::Loaded));
        assert_eq!(log(&[&broken[..], &[BEGIN]].concat()), Some(Reload::UnderWay));
        assert_eq!(log(&["I1126 03:10:00.000001       7 main.go:1] \"Hello\"", ""]), None);
    }

    #[test]
    fn a_failure_without_a_word_of_nginx_is_told_by_its_first_lines() {
        let head =
            "E1126 03:10:00.100001       7 controller.go:205] Unexpected failure reloading the backend:";
        let seen = log(&[
            head,
            "template: nginx.tmpl:1: executing \"nginx.tmpl\"",
            DONE.replace("success", "x").as_str(),
        ]);
        assert_eq!(refusal(seen).said, ["template: nginx.tmpl:1: executing \"nginx.tmpl\""]);
        assert!(refusal(log(&[head])).said.is_empty());
    }

    #[test]
    fn waiting_for_old_processes_is_no_refusal() {
        let head =
            "E1126 03:10:00.100001       7 controller.go:205] Unexpected failure reloading the backend:";
        let waits = "worker reload already in progress, requeuing reload";
        assert_eq!(log(&[DONE, head, waits]), Some(Reload::Loaded));
        assert_eq!(refused_in(&format!("Error reloading NGINX: {waits}"), Timestamp::UNIX_EPOCH), None);
    }

    #[test]
    fn an_event_tells_the_same_as_the_log() {
        let message = format!("Error reloading NGINX: {}", BROKEN[1..8].join("\n"));
        let seen = refusal(refused_in(&message, Timestamp::UNIX_EPOCH));
        assert!(seen.said.len() == 1 && seen.said[0].contains("^/(app") && seen.line.contains("1970-01-01"));
    }

    #[test]
    fn whoever_asks_for_a_page_cannot_put_words_into_the_controllers_mouth() {
        let note = |words: &str| {
            format!(
                "192.168.1.9 - - [26/Nov/2026:03:10:00 +0000] \"GET /{words} HTTP/1.1\" 404 146 \"-\" \"x\""
            )
        };
        let (loaded, refused, fatal) = (note(LOADED), note(REFUSED), note("nginx: [emerg] x"));
        assert_eq!(log(&[DONE, &refused, &fatal]), Some(Reload::Loaded));
        assert_eq!(log(&[&loaded]), None);
        let mut broken = BROKEN.to_vec();
        broken.insert(2, &fatal);
        broken.push(&loaded);
        assert_eq!(refusal(log(&broken)).said.len(), 1);
        let silent = refusal(log(&[BROKEN[0], &fatal, "exit status 1"]));
        assert_eq!(silent.said, ["exit status 1"]);
    }

    #[test]
    fn words_without_end_are_cut() {
        let line = format!("nginx: [emerg] {}", "x".repeat(100_000));
        let head =
            "E1126 03:10:00.100001       7 controller.go:205] Unexpected failure reloading the backend:";
        let all: Vec<String> = (0..50).map(|n| line.clone() + &n.to_string()).collect();
        let text = format!("{head}\n{}", all.join("\n"));
        let said = refusal(last_in(&text)).said;
        assert!(said.len() <= LINES && said.iter().all(|line| line.len() <= LENGTH));
    }
}
