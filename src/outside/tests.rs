use crate::outside::*;

const OLD_TOKEN: &str = "aB3dE6gH9jK2mN5pQ8sT1vW4xY7zA0cD_f-iJ3lM";
const NEW_TOKEN: &str = "cfut_aB3dE6gH9jK2mN5pQ8sT1vW4xY7zA0cDeFgHiJ3l01234567";

/// A text, and the part that must not be shown. The thirty kinds that people have lying around.
const SECRETS: [(&str, &str); 69] = [
    ("token aB3dE6gH9jK2mN5pQ8sT1vW4xY7zA0cD_f-iJ3lM was refused", OLD_TOKEN),
    ("/run/aB3dE6gH9jK2mN5pQ8sT1vW4xY7zA0cD_f-iJ3lM: no such file", OLD_TOKEN),
    ("cfut_aB3dE6gH9jK2mN5pQ8sT1vW4xY7zA0cDeFgHiJ3l01234567", NEW_TOKEN),
    ("x-cfat_aB3dE6gH9jK2mN5pQ8sT1vW4xY7zA0cDeFgHiJ3l01234567", "aB3dE6gH9jK2"),
    ("cfk_aB3dE6gH9jK2mN5pQ8sT1vW4xY7zA0cDeFgHiJ3l01234567", "aB3dE6gH9jK2"),
    ("key 0123456789abcdef0123456789abcdef01234", "0123456789abcdef"),
    ("Authorization: Bearer abc.def-123", "abc.def-123"),
    ("'authorization': 'bearer hunter2'", "hunter2"),
    ("Authorization: Basic dXNlcjpodW50ZXIy", "dXNlcjpodW50ZXIy"),
    ("Authorization: Digest username=\"a\", response=hunter2", "hunter2"),
    ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhZGEifQ.c2lnbmF0dXJl", "eyJzdWIi"),
    ("-----BEGIN RSA PRIVATE KEY-----\nMIIEow\n-----END RSA PRIVATE KEY-----", "MIIEow"),
    ("\"-----BEGIN PRIVATE KEY-----\\nMIIEow\\n", "MIIEow"),
    ("client-key-data: LS0tLS1CRUdJTiBSU0EgUFJJVkFURSBLRVktLS0tLQo=", "LS0tLS1CRUdJ"),
    ("postgres://immich:hunter2@db:5432/immich", "hunter2"),
    ("https://x:hun@ter2@git.example.com/a?b", "ter2"),
    ("https://hunter2token@git.example.com/a", "hunter2"),
    ("GET /hook?token=hunter2&b=1", "hunter2"),
    ("https://a/b?x=1&access_token=hunter2", "hunter2"),
    ("https://a/b?key=hunter2", "hunter2"),
    ("{\"password\":\"hunter2, too\",\"user\":\"ada\"}", "hunter2"),
    ("\"{\\\"password\\\": \\\"hunter2 x\\\", \\\"user\\\": \\\"ada\\\"}\"", "hunter2"),
    ("db_password: hunter2", "hunter2"),
    ("POSTGRES_PASSWORD=hunter2", "hunter2"),
    ("password = 'hunter2 and more'", "hunter2"),
    ("mysql --password hunter2 -h db", "hunter2"),
    ("mysql --password=hunter2", "hunter2"),
    ("--token=hunter2", "hunter2"),
    ("X-Api-Key: hunter2", "hunter2"),
    ("X-Auth-Token: hunter2", "hunter2"),
    ("Cookie: session=hunter2; theme=dark", "hunter2"),
    ("Set-Cookie: sid=hunter2; HttpOnly", "hunter2"),
    ("AWS_SECRET_ACCESS_KEY=hunter2", "hunter2"),
    ("AKIAIOSFODNN7EXAMPLE", "AKIAIOSF"),
    ("ghp_0123456789abcdefghijABCDEFGHIJ012345", "0123456789abc"),
    ("K10aaaa1111bbbb2222cccc3333dddd4444eeee5555::server:abc", "aaaa1111"),
    ("clientSecret: hunter2x", "hunter2"),
    ("config secret=hunter2", "hunter2"),
    ("SECRET_KEY=hunter2", "hunter2"),
    ("hvs.CAESIJ0123456789abcdefghij", "CAESIJ"),
    ("MIIEow\nMIIEox==\n-----END RSA PRIVATE KEY-----", "MIIEo"),
    (
        "aaaaBBBB0123aaaaBBBB0123aaaaBBBB0123aaaaBBBB0123\nMIIEow\nMIIEox==\n-----END PRIVATE KEY-----",
        "aaaaBBBB",
    ),
    (
        "\"aaaaBBBB0123aaaaBBBB0123aaaaBBBB0123aaaaBBBB0123\\nMIIEow\\nMIIEox==\\n-----END EC PRIVATE KEY-----\"",
        "aaaaBBBB",
    ),
    ("1 F MIIEow\n1 F MIIEox==\n1 F -----END RSA PRIVATE KEY-----", "MIIEox"),
    ("postgres://app:ab/cd+e=@db:5432/app", "cd+e"),
    ("postgres://app:/hunter2@db:5432/app", "hunter2"),
    ("amqp://app:ab?hunter2@mq/v", "hunter2"),
    ("amqp://app:ab#hunter2@mq/v", "hunter2"),
    ("K10aaaa1111bbbb2222cccc3333dddd4444eeee5555::server:hunter2", "hunter2"),
    ("K10aa11::server:hunter2", "hunter2"),
    ("K10aa11::abcdef.0123456789abcdef", "0123456789abcdef"),
    ("Authorization: token hunter2", "hunter2"),
    ("Authorization: ApiKey hunter2", "hunter2"),
    ("{\"authorization\":\"Token hunter2\"}", "hunter2"),
    ("immich:hunter2@tcp(127.0.0.1:3306)/immich?parseTime=true", "hunter2"),
    ("immich:hun/ter2@tcp(127.0.0.1:3306)/immich", "ter2"),
    ("DSN=immich:hunter2@unix(/run/mysqld.sock)/immich", "hunter2"),
    (":hunter2@redis:6379", "hunter2"),
    ("dial ada:hun@ter2@db:5432: refused", "ter2"),
    ("curl -u ada:hunter2 https://a/b", "hunter2"),
    ("curl -sS -uada:hunter2 https://a/b", "hunter2"),
    ("curl --user 'ada:hunter2 more' https://a/b", "hunter2"),
    ("curl --proxy-user=ada:hunter2 https://a/b", "hunter2"),
    ("\"401\\naB3dE6gH9jK2mN5pQ8sT1vW4xY7zA0cD_f-iJ3lM\"", OLD_TOKEN),
    ("\"401\\r\\taB3dE6gH9jK2mN5pQ8sT1vW4xY7zA0cD_f-iJ3lM\"", OLD_TOKEN),
    ("x%3DaB3dE6gH9jK2mN5pQ8sT1vW4xY7zA0cD_f-iJ3lM%26", OLD_TOKEN),
    ("x\\u003daB3dE6gH9jK2mN5pQ8sT1vW4xY7zA0cD_f-iJ3lM", OLD_TOKEN),
    ("x\\nBearer hunter2", "hunter2"),
    ("serial 0123456789abcdef0123456789abcdef01234", "0123456789abcdef"),
];

#[test]
fn every_kind_of_secret_is_hidden() {
    for (text, secret) in SECRETS {
        let shown = lines(text);
        assert!(
            text.contains(secret) && !shown.contains(secret) && shown.contains(GONE),
            "{text} -> {shown}"
        );
    }
}

#[test]
fn what_stands_around_a_secret_stays() {
    let cases = [
        ("level=error token=abc12345 msg=\"failed\"", "level=error token=*** msg=\"failed\""),
        ("Authorization: Bearer xyz, then", "Authorization: Bearer ***, then"),
        ("{\"password\":\"x\",\"user\":\"ada\"}", "{\"password\":\"***\",\"user\":\"ada\"}"),
        ("dial https://u:p@h:1/x: refused", "dial https://***@h:1/x: refused"),
        ("GET /a?token=x&b=1 HTTP/1.1", "GET /a?token=***&b=1 HTTP/1.1"),
    ];
    for (text, wanted) in cases {
        assert_eq!(lines(text), wanted);
    }
}

#[test]
fn what_only_resembles_a_secret_stays() {
    for text in [
        "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "registry.k8s.io/ingress-nginx/controller:v1.15.1@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "commit da39a3ee5e6b4b0d3255bfef95601890afd80709",
        "uid 7c9e6679-7425-40de-944b-e07fc1f90ae7",
        "pod ingress-nginx-controller-66749f64b6-wxkch of ingress-nginx",
        "cert-manager-webhook-66749f64b6-wxkch-abcd",
        "requiredDuringSchedulingIgnoredDuringExecution",
        "the Secret `homelab/whoami-tls` has no key `tls.crt`",
        "secret=\"homelab/whoami-tls\" key=\"homelab/whoami\"",
        "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----",
        "https://acme-v02.api.letsencrypt.org/directory",
        "write only the token into its file, without quotes, `Bearer ` or line breaks",
        "the token: it was revoked",
        "Error accepting authorization: acme: authorization error for a.example.com: 403",
        "`~/.cache/run/cloudflare-token`, 40 characters",
        "dns.tokenFile: /run/secrets/cloudflare-token",
        "services.homelab.dns.tokenFile = config.sops.secrets.cloudflare-token.path;",
        "heritage=external-dns,external-dns/owner=home.example.com,external-dns/resource=ingress/homelab/whoami",
        "nginx.ingress.kubernetes.io/auth-secret: photos/basic-auth",
        "basic authentication is on",
        "open port 6443 for `https://[2001:db8::1]:6443/`",
        "https://[2001:db8::1]/@x and https://10.0.0.2:5001/@x of http://nas/@x",
        "registry.local:5000/app:v1@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "nginx:1.27@sha512:9f86d081884c7d659a2feaa0c55ad015",
        "mailto:ada@lovelace.dev",
        "authorization: token expired",
        "curl -u ada https://a/b:c",
        "the chain\n-----END CERTIFICATE-----",
        "serial number 0123456789012345678901234567890123456",
        "serial number 03a1b2c3d4e5f60718293a4b5c6d7e8f9001",
        "serial number 03a1b2c3d4e5f60718293a4b5c6d7e8f90010a",
        "serial number 03a1b2c3d4e5f60718293a4b5c6d7e8f90010a0b0c",
        "Keine Verbindung: größer 日本 ✓",
    ] {
        assert_eq!(lines(text), text);
    }
}

#[test]
fn nothing_is_left_that_moves_a_cursor_or_turns_text() {
    let evil = "a\u{1b}[2Jb\u{9b}31mc\u{202e}d\u{200b}e\u{feff}f\u{e0041}g\r\u{7f}h\ti\u{2028}j\u{85}k\nl\u{fffd}\u{fffd}";
    assert_eq!(lines(evil), "a[2Jb31mcdefgh i j k\nl\u{fffd}");
    assert_eq!(line(evil), "a[2Jb31mcdefgh i j k l\u{fffd}");
}

#[test]
fn what_is_hidden_between_the_characters_of_a_secret_does_not_save_it() {
    let torn: String = OLD_TOKEN.chars().flat_map(|c| [c, '\u{200b}']).collect();
    assert_eq!(lines(&torn), GONE);
}

#[test]
fn a_long_text_is_cut_and_says_so() {
    let shown = lines(&"word ".repeat(10_000));
    assert!(shown.chars().count() <= LONGEST && shown.ends_with(" more)"), "{}", shown.len());
}

#[test]
fn what_was_shown_once_is_shown_the_same_again() {
    let long = "word ".repeat(10_000);
    for text in SECRETS.iter().map(|(text, _)| *text).chain([long.as_str(), "a\u{1b}b"]) {
        assert_eq!(lines(&lines(text)), lines(text));
    }
}

#[test]
fn markdown_takes_it_as_plain_words() {
    let evil = "[x](http://evil) <img src=x> # h\n```\n@ada ``y";
    assert_eq!(code_span(evil), "`[x](http://evil) <img src=x> # h ''' @ada ''y`");
    assert_eq!(code_span("\u{200b}"), "");
}

#[test]
fn a_document_is_cleaned_in_its_names_and_values() {
    let mut document = serde_json::json!({ "a\u{202e}": ["b\u{9b}", { "c": "password=x", "d": 1 }] });
    json(&mut document);
    assert_eq!(document, serde_json::json!({ "a": ["b", { "c": "password=***", "d": 1 }] }));
}
