//! Flaws of nginx that became known after ingress-nginx had its last release, in March 2026, and that can concern what the
//! controller makes of Ingresses. Newest first.
//!
//! Sources, read on 2026-11-30: <https://nginx.org/en/security_advisories.html>; the records in CVEProject/cvelistV5 for what it
//! had not yet (affected branches, `datePublic`); release notes of nginx 1.30.1 to 1.30.7; osv.dev, MGASA-2026-0156, -0590, -0605.
//!
//! Left out, since the controller's nginx has or does nothing of that kind: HTTP/3 (CVE-2026-40460, -42530, -95101, -121810; the
//! controller never listens for it), mail (CVE-2026-113425), SSI (-56434, -97205), slice (-60005), SCGI and uWSGI (-42946),
//! `charset` (-42934, -48142), OCSP of clients (-40701), `proxy_set_body` to HTTP/2 backends (-42926), `alias` (CVE-2026-15176: the
//! project's build has no such directive, images/nginx/rootfs/patches/00_drop-alias-root.patch). The further numbers that
//! MGASA-2026-0605 lists for 1.30.7 (CVE-2026-120967, -120993, -123640, -125283) had no text yet.

use crate::ingress::flaws::{Flaw, Setting, Version};

/// nginx in the pinned image (images/nginx/rootfs/build.sh of v1.15.1). Of later fixes it has that of CVE-2025-23419 alone.
pub(super) const PINNED: Version = Version(1, 27, 1);

const HTTP2_OFF: Option<Setting> = Some(Setting { key: super::HTTP2, value: "false", is_default: false });
/// ingress-nginx v1.15.1, docs/user-guide/nginx-configuration/configmap.md.
const TICKETS_OFF: Option<Setting> =
    Some(Setting { key: "ssl-session-tickets", value: "false", is_default: true });

const fn flaw(
    id: &'static str,
    published: &'static str,
    fixed: &'static [Version],
    away_by: Option<Setting>,
) -> Flaw {
    Flaw { id, published, fixed, away_by }
}

pub(super) const FLAWS: &[Flaw] = &[
    // HTTP/2: a flow control window that overflows; a use after free.
    flaw("CVE-2026-123007", "2026-11-18", &[Version(1, 30, 7), Version(1, 31, 9)], HTTP2_OFF),
    flaw("CVE-2026-123633", "2026-11-18", &[Version(1, 30, 7), Version(1, 31, 9)], HTTP2_OFF),
    // A use after free in the resolver, which the controller's nginx asks for names of auth-url and of backends.
    flaw("CVE-2026-123634", "2026-11-18", &[Version(1, 30, 7), Version(1, 31, 9)], None),
    // TLS 1.3: a request's body that keeps a worker busy for ever.
    flaw("CVE-2026-118899", "2026-11-18", &[Version(1, 30, 7), Version(1, 31, 9)], None),
    // Text made of variables overflows.
    flaw("CVE-2026-93479", "2026-10-14", &[Version(1, 30, 6), Version(1, 31, 7)], None),
    // Sessions that can be forged while the keys of TLS session tickets rotate.
    flaw("CVE-2026-97629", "2026-10-14", &[Version(1, 30, 6), Version(1, 31, 7)], TICKETS_OFF),
    // `map` with regular expressions, as for blocked user agents.
    flaw("CVE-2026-42533", "2026-07-15", &[Version(1, 30, 4), Version(1, 31, 3)], None),
    // gRPC backends, with very large header buffers.
    flaw("CVE-2026-42055", "2026-06-17", &[Version(1, 30, 3), Version(1, 31, 2)], None),
    // `rewrite`, as `rewrite-target` makes it.
    flaw("CVE-2026-9256", "2026-05-22", &[Version(1, 30, 2), Version(1, 31, 1)], None),
    flaw("CVE-2026-42945", "2026-05-13", &[Version(1, 30, 1), Version(1, 31, 0)], None),
];

/// The version that the controller prints when it starts: `nginx version: nginx/1.27.1` (ingress-nginx v1.15.1,
/// version/version.go and internal/nginx/main.go, `Version`). Of several starts the last one counts.
pub(super) fn version_in(log: &str) -> Option<Version> {
    let named = log.lines().filter_map(|line| line.trim().strip_prefix("nginx version: "));
    named.filter_map(|line| Version::parse(line.rsplit('/').next()?)).next_back()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_read_where_the_controller_names_it() {
        let log = "-----\nNGINX Ingress controller\n  Release:       v1.15.1\n  Repository:    https://x\n  nginx version: nginx/1.27.1\n\n-----\n";
        assert_eq!(version_in(log), Some(PINNED));
        assert_eq!(version_in("  nginx version: openresty/1.31.9.1\n"), Version::parse("1.31.9"));
        assert_eq!(version_in("I1126 reloaded\n"), None);
    }

    /// Another pin has another nginx: look into its images/nginx/rootfs/build.sh.
    #[test]
    fn the_version_is_that_of_the_image_which_is_pinned() {
        let pin = crate::facts::pins::pins().pinned(super::super::IMAGE).unwrap();
        assert_eq!((pin.tag.as_str(), PINNED), ("v1.15.1", Version(1, 27, 1)));
    }

    #[test]
    fn the_pinned_image_has_all_of_them_and_the_newest_versions_none() {
        assert!(FLAWS.iter().all(|flaw| flaw.is_in(PINNED)));
        for version in [Version(1, 30, 7), Version(1, 31, 9), Version(1, 33, 0)] {
            assert!(!FLAWS.iter().any(|flaw| flaw.is_in(version)), "{version}");
        }
        let open = |version| FLAWS.iter().filter(|flaw| flaw.is_in(version)).count();
        assert_eq!((open(Version(1, 30, 6)), open(Version(1, 31, 3))), (4, 6));
    }

    #[test]
    fn the_newest_stands_first_and_none_twice() {
        let dates: Vec<&str> = FLAWS.iter().map(|flaw| flaw.published).collect();
        assert!(
            dates.is_sorted_by(|a, b| a >= b)
                && dates.iter().all(|date| date.len() == 10 && *date > "2026-03")
        );
        let ids: std::collections::BTreeSet<&str> = FLAWS.iter().map(|flaw| flaw.id).collect();
        assert_eq!(ids.len(), FLAWS.len());
    }
}
