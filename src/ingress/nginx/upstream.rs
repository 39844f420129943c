//! What nginx notes in its error log of a request that nobody behind it answered as it should.

use crate::ingress::failed::{FailedRequest, Unusable};
use crate::ingress::nginx::log::{AUTH, ROOT};

/// What went wrong, by the words that have to stand in a line, all of them; the first row that fits counts. nginx 1.27 as in
/// ingress-nginx v1.15.1; the words of an errno are those of musl and of glibc.
const CAUSES: &[(&[&str], Unusable)] = &[
    // ngx_http_core_module.c and ngx_http_request_body.c: 413.
    (&["client intended to send too large"], Unusable::LongBody),
    // ngx_http_auth_request_module.c: 500 unless 2xx, 401 or 403.
    (&["auth request unexpected status"], Unusable::NoLeave),
    // ngx_http_limit_req_module.c, ngx_http_limit_conn_module.c: 503 unless `limit-req-status-code` says otherwise.
    (&["limiting requests"], Unusable::TooMany),
    (&["limiting connections"], Unusable::TooMany),
    // ngx_http_upstream.c, `ngx_http_upstream_process_header`: 502.
    (&["upstream sent too big header"], Unusable::LongHeaders),
    // ngx_http_upstream.c and ngx_http_proxy_module.c: 502. Twice the same header is an error since nginx 1.23.
    (&["upstream sent duplicate header"], Unusable::BadHeaders),
    (&["upstream sent", "headers at the same time"], Unusable::BadHeaders),
    (&["upstream sent invalid"], Unusable::BadHeaders),
    // ngx_http_proxy_module.c, `ngx_http_proxy_process_status_line`.
    (&["upstream sent no valid HTTP"], Unusable::NoHttp),
    // ngx_http_upstream.c: 502.
    (&["no live upstreams"], Unusable::Nobody),
    (&["no resolver defined to resolve"], Unusable::NoAddress),
    (&["could not be resolved"], Unusable::NoAddress),
    // ngx_event_connect.c and ngx_http_upstream.c, `ngx_http_upstream_test_connect`: errno 111, 113, 101 and 110.
    (&["Connection refused"], Unusable::Refused),
    (&["Host is unreachable"], Unusable::Unreachable),
    (&["No route to host"], Unusable::Unreachable),
    (&["etwork unreachable"], Unusable::Unreachable),
    (&["etwork is unreachable"], Unusable::Unreachable),
    (&["timed out", "while connecting to upstream"], Unusable::Silent),
    // ngx_http_upstream.c: 504.
    (&["upstream timed out", "while SSL handshaking"], Unusable::Handshake),
    (&["upstream timed out"], Unusable::Slow),
    // ngx_http_upstream.c, `ngx_http_upstream_ssl_handshake`, with `proxy-ssl-verify: "on"`.
    (&["upstream SSL certificate"], Unusable::Certificate),
    // OpenSSL's words for an answer that is no TLS record: 1.1.1 and 3.x.
    (&["SSL_do_handshake() failed", "wrong version number"], Unusable::NoTls),
    (&["SSL_do_handshake() failed", "packet length too long"], Unusable::NoTls),
    (&["SSL_do_handshake() failed", "record layer failure"], Unusable::NoTls),
    (&["SSL_do_handshake() failed", "unknown protocol"], Unusable::NoTls),
    (&["SSL_do_handshake() failed"], Unusable::Handshake),
    (&["peer closed connection in SSL handshake"], Unusable::Handshake),
    // ngx_http_upstream.c, `ngx_http_upstream_process_header`: 502.
    (&["upstream prematurely closed"], Unusable::Closed),
    (&["reset by peer"], Unusable::Closed),
];

/// nginx writes, for example: `2026/11/21 11:45:42 [error] 38#38: *12 connect() failed (111: Connection refused) while
/// connecting to upstream, client: …, request: "…", upstream: "http://10.42.0.12:8081/", host: "…"` (ngx_http_request.c,
/// `ngx_http_log_error_handler`). What went wrong stands before the request, whose words others choose.
pub(super) fn failed_request<'a>(line: &'a str, host: &str) -> Option<FailedRequest<'a>> {
    let level = ["[error] ", "[crit] "].iter().any(|level| line.contains(level));
    if !level || !line.contains(&format!(", host: \"{host}\"")) {
        return None;
    }
    let ends = [", client: ", ", request: ", ", subrequest: ", ", upstream: ", ", host: "];
    let end = ends.iter().filter_map(|mark| line.find(mark)).min().unwrap_or(line.len());
    let said = line.get(..end).unwrap_or(line);
    let cause = CAUSES.iter().find(|(words, _)| words.iter().all(|word| said.contains(word)));
    let address = line.split_once("upstream: \"").and_then(|(_, rest)| {
        let (_, address) = rest.split('"').next()?.split_once("://")?;
        address.split('/').next()?.parse().ok()
    });
    if cause.is_none() && address.is_none() {
        return None;
    }
    Some(FailedRequest {
        address,
        time: line.get(..19).unwrap_or_default(),
        why: cause.map(|(_, why)| *why),
        asks_leave: line.contains(&format!("subrequest: \"{AUTH}")),
        of_root: line.contains(ROOT),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn why(said: &str) -> Option<Unusable> {
        let line = format!(
            "2026/11/21 11:45:42 [error] 38#38: *12 {said}, client: 192.168.1.9, server: a.test, request: \"GET /Connection refused HTTP/1.1\", upstream: \"http://10.42.0.12:8081/\", host: \"a.test\""
        );
        failed_request(&line, "a.test")?.why
    }

    #[test]
    fn of_the_page_that_was_asked_for_only_whether_it_was_the_first_is_kept() {
        let of_root = |page: &str| {
            let line = format!(
                "2026/11/21 11:45:42 [error] 38#38: *12 upstream sent too big header, client: 192.168.1.9, server: a.test, request: \"GET {page} HTTP/2.0\", upstream: \"http://10.42.0.12:8081{page}\", host: \"a.test\""
            );
            let kept = crate::ingress::nginx::log::discreet(&line).unwrap();
            assert!(page == "/" || !kept.contains(page), "{kept}");
            failed_request(&kept, "a.test").unwrap().of_root
        };
        assert!(of_root("/"));
        assert!(!of_root("/private/page"));
    }

    #[test]
    fn what_nginx_notes_has_a_cause_each() {
        let cases = [
            ("connect() failed (111: Connection refused) while connecting to upstream", Unusable::Refused),
            (
                "connect() failed (113: Host is unreachable) while connecting to upstream",
                Unusable::Unreachable,
            ),
            ("connect() failed (113: No route to host) while connecting to upstream", Unusable::Unreachable),
            (
                "connect() failed (101: Network unreachable) while connecting to upstream",
                Unusable::Unreachable,
            ),
            ("upstream timed out (110: Operation timed out) while connecting to upstream", Unusable::Silent),
            (
                "upstream timed out (110: Operation timed out) while reading response header from upstream",
                Unusable::Slow,
            ),
            (
                "upstream timed out (110: Connection timed out) while SSL handshaking to upstream",
                Unusable::Handshake,
            ),
            (
                "upstream prematurely closed connection while reading response header from upstream",
                Unusable::Closed,
            ),
            (
                "recv() failed (104: Connection reset by peer) while reading response header from upstream",
                Unusable::Closed,
            ),
            (
                "upstream sent too big header while reading response header from upstream",
                Unusable::LongHeaders,
            ),
            (
                "upstream sent duplicate header line: \"Transfer-Encoding: chunked\", previous value: \"Transfer-Encoding: chunked\" while reading response header from upstream",
                Unusable::BadHeaders,
            ),
            (
                "upstream sent \"Content-Length\" and \"Transfer-Encoding\" headers at the same time while reading response header from upstream",
                Unusable::BadHeaders,
            ),
            (
                "upstream sent no valid HTTP/1.0 header while reading response header from upstream",
                Unusable::NoHttp,
            ),
            (
                "SSL_do_handshake() failed (SSL: error:0A00010B:SSL routines::wrong version number) while SSL handshaking to upstream",
                Unusable::NoTls,
            ),
            (
                "SSL_do_handshake() failed (SSL: error:0A000458:SSL routines::tlsv1 unrecognized name:SSL alert number 112) while SSL handshaking to upstream",
                Unusable::Handshake,
            ),
            (
                "upstream SSL certificate verify error: (18:self-signed certificate) while SSL handshaking to upstream",
                Unusable::Certificate,
            ),
            ("no live upstreams while connecting to upstream", Unusable::Nobody),
            ("no resolver defined to resolve auth.lan", Unusable::NoAddress),
            ("auth.lan could not be resolved (3: Host not found)", Unusable::NoAddress),
            ("auth request unexpected status: 404 while sending to client", Unusable::NoLeave),
            ("client intended to send too large body: 20971520 bytes", Unusable::LongBody),
            ("limiting requests, excess: 5.600 by zone \"a\"", Unusable::TooMany),
        ];
        for (said, cause) in cases {
            assert_eq!(why(said), Some(cause), "{said}");
        }
        assert_eq!(why("something new"), None, "the page that was asked for says nothing");
    }

    #[test]
    fn who_was_asked_for_leave_is_told_from_the_program_itself() {
        let line = "2026/11/21 11:45:42 [error] 38#38: *12 connect() failed (111: Connection refused) while connecting to upstream, subrequest: \"/_external-auth\", upstream: \"http://10.42.0.3:9000/\", host: \"a.test\"";
        let noted = failed_request(line, "a.test");
        assert!(noted.is_some_and(|noted| noted.asks_leave && noted.why == Some(Unusable::Refused)));
        assert_eq!(failed_request(line, "b.test"), None);
    }
}
