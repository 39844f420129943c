//! The JSON Schema of homelab.yaml, for editors. By hand, because the file is read by hand ([`Fields`](super::fields::Fields));
//! a test holds that both have the same keys. What depends on providers, controllers and pins is filled in from there.

use serde_json::{Map, Value, json};

use crate::facts::controllers::Controller;
use crate::facts::pins::pins;
use crate::facts::providers::{Provider, ProviderFacts};

/// All that is the same whatever homelab can install.
const WRITTEN: &str = include_str!("homelab.schema.json");

/// The whole schema, of the draft 2020-12.
#[must_use]
pub fn schema() -> Value {
    let mut schema: Value = serde_json::from_str(WRITTEN).unwrap_or_default();
    let providers = || Provider::ALL.iter().map(|provider| provider.facts());
    let dns = &mut schema["properties"]["dns"];
    dns["properties"]["provider"]["enum"] = providers().map(|facts| json!(facts.key)).collect();
    dns["allOf"] = providers().map(of_provider).collect();
    if let Some(keys) = dns["properties"].as_object_mut() {
        keys.retain(|key, _| providers().any(|facts| !not_of(facts).contains(&key.as_str())));
    }
    // Where the nodes are the name servers, nothing is asked of an ACME server, and no address is needed.
    let at_home: Vec<&str> = providers().filter(|facts| facts.on_nodes).map(|facts| facts.key).collect();
    let at_home = json!({ "properties": { "dns": {
        "required": ["provider"], "properties": { "provider": { "enum": at_home } }
    } } });
    schema["if"] = json!({ "anyOf": [schema["if"], at_home] });
    let ingress = &mut schema["properties"]["ingress"]["properties"];
    let controllers = Controller::ALL.iter().map(|controller| json!(controller.facts().key));
    ingress["controller"]["enum"] = controllers.chain([Value::Null]).collect();
    let image = json!({ "type": ["string", "integer", "boolean"] });
    let images: Map<String, Value> =
        pins().images.iter().map(|pin| (pin.name.clone(), image.clone())).collect();
    schema["properties"]["images"]["properties"] = images.into();
    schema
}

/// What holds below `dns` at one provider.
fn of_provider(facts: &'static ProviderFacts) -> Value {
    let mut keys: Map<String, Value> =
        not_of(facts).into_iter().map(|key| (key.to_owned(), json!(false))).collect();
    keys.insert("ttl".to_owned(), json!({ "minimum": facts.shortest_ttl, "maximum": facts.longest_ttl }));
    if facts.on_nodes {
        // What is so there anyway may be said, and nothing else.
        keys.insert("houseResolver".to_owned(), json!({ "enum": [true, null] }));
        keys.insert("publish".to_owned(), json!({ "enum": [false, null] }));
        keys.insert("publishHosts".to_owned(), json!({ "enum": [false, null] }));
    }
    let required = if facts.server.is_some() { json!(["server"]) } else { json!([]) };
    json!({
        "if": { "properties": { "provider": { "const": facts.key } } },
        "then": { "properties": keys, "required": required },
    })
}

/// The keys that mean nothing at this provider.
fn not_of(facts: &ProviderFacts) -> Vec<&'static str> {
    let server = facts.server.is_none().then_some("server");
    let token = facts.credential.is_none().then_some("tokenFile");
    let tsig = ["tsigKey", "tsigAlgorithm"].into_iter().filter(|_| !facts.tsig);
    let nameserver = (!facts.nameserver).then_some("nameserver");
    server.into_iter().chain(token).chain(tsig).chain(nameserver).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;
    use crate::config::testing::Checker;
    use crate::config::{fields, parse};

    const HEAD: &str = "domain: home.example.com\nemail: ada@lovelace.dev\n";

    const SHARED: &str = "dns: { provider: paper, server: a.test }\norganisations: { acme: { namespaces: shop, tokenFile: /t } }\nservices: { films: { service: shop/web, port: 80, organisation: acme } }\n";

    fn accepts(text: &str) -> bool {
        let value: Value = serde_yaml::from_str(text).unwrap();
        Checker::new(&schema()).faults(&value).is_none()
    }

    /// The keys of every mapping in the schema, by its path; what the user names is `*`.
    fn keys(schema: &Value, at: &Value, path: &str, found: &mut BTreeMap<String, BTreeSet<String>>) {
        let at = match at["$ref"].as_str() {
            Some(reference) => schema.pointer(reference.trim_start_matches('#')).unwrap(),
            None => at,
        };
        for (key, below) in at["properties"].as_object().into_iter().flatten() {
            found.entry(path.to_owned()).or_default().insert(key.clone());
            let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
            keys(schema, below, &path, found);
        }
        for below in [&at["additionalProperties"], &at["items"]].into_iter().filter(|below| below.is_object())
        {
            keys(schema, below, &format!("{path}.*"), found);
        }
    }

    #[test]
    fn the_schema_has_the_keys_that_the_reader_asks_for_and_no_others() {
        fields::asked::begin();
        for facts in Provider::ALL.iter().map(|provider| provider.facts()) {
            let server = facts.server.as_ref().map(|server| format!(", server: '{}'", server.example));
            let challenges = "challengeZone: acme.example.org, challengeServer: { address: 203.0.113.7 }";
            let zones = "insideZones: [{ zone: lan, forward: 10.0.0.1 }]";
            let dns = format!("provider: {}{}, {challenges}, {zones}", facts.key, server.unwrap_or_default());
            for service in [
                "{ service: a/b, port: 1 }",
                "{ url: 'http://10.0.0.2', protect: { forwardAuth: { url: 'http://a' } } }",
                "{ local: 1, node: a }",
                "{ image: a/b, port: 1, data: /c }",
            ] {
                let extra = "extraCertificates: [{ namespace: a, names: [a], issuer: ca }]";
                let text = format!(
                    "{HEAD}dns: {{ {dns} }}\nstartPage: {{ host: a }}\nservices: {{ films: {service} }}\n{extra}\n"
                );
                parse(&text).unwrap();
            }
        }
        parse(&format!("{HEAD}{SHARED}")).unwrap();
        let named = |path: String| {
            let path = path.replace("services.films", "services.*").replace("[0]", ".*");
            path.replace("organisations.acme", "organisations.*")
        };
        let read: BTreeMap<String, BTreeSet<String>> =
            fields::asked::end().into_iter().map(|(path, keys)| (named(path), keys)).collect();
        let (schema, mut written) = (schema(), BTreeMap::new());
        keys(&schema, &schema, "", &mut written);
        // Read as a list that pins.toml has, not key by key.
        let images = written.remove("images").unwrap();
        assert_eq!(images, pins().images.iter().map(|image| image.name.clone()).collect());
        assert_eq!(read, written);
    }

    #[test]
    fn an_address_is_required_but_where_no_acme_server_is_asked() {
        for (dns, needs) in [("provider: cloudflare", true), ("provider: local", false)] {
            let text = format!("domain: home.arpa\ndns: {{ {dns} }}\n");
            assert_eq!((accepts(&text), parse(&text).is_ok()), (!needs, !needs), "{text}");
        }
    }

    #[test]
    fn what_homelab_reads_no_editor_marks_as_wrong() {
        for text in [
            SHARED,
            "dns: { provider: paper, server: a.test }\norganisations:\nservices: { a: { local: 1, organisation: } }",
            "dns: { provider: cloudflare }",
            "dns: { provider: cloudflare, tokenFile: /t, zone: example.com., ttl: 86400, owner: 12, policy: upsert-only }",
            "dns: { provider: cloudflare, zone: null, annotationPrefix: a/ }\nservices:\nacme:\nimages:",
            "dns: { provider: paper, server: a.test, ttl: 600 }",
            "dns: { provider: slate, server: a.test }",
            "dns: { provider: cloudflare, houseResolver: true, publish: false, hosts: { printer: 192.168.1.9, ssh.nas: [192.168.1.5, 10.0.0.1] } }",
            "dns: { provider: local, houseResolver: true, publish: false, publishHosts: false, hosts: }",
            "dns: { provider: cloudflare, hosts: { nas.k8s.intra: 192.168.1.5, a.b.: 10.0.0.1 }, podHosts: true }",
            "dns: { provider: cloudflare, insideZones: [{ zone: lan, forward: 10.0.0.1 }, { zone: K8s.intra., forward: [10.0.0.1, '10.0.0.2:5353'] }, { zone: x, file: ./x }] }",
            "dns: { provider: cloudflare, podHosts:, insideZones: }",
            "dns: { provider: local, challengeZone: _acme-challenge.home.example.com, challengeServer: 203.0.113.7 }",
            "dns: { provider: cloudflare, challengeZone: acme.example.com, challengeServer: { address: house.example.net, port: 5300, node: nuc.lan } }",
            "dns: { provider: cloudflare, challengeZone: acme.example.org, challengeServer: }",
            "dns: { provider: powerdns, server: 'http://a:8081', ttl: 10, tsigKey: a.b, tsigAlgorithm: hmac-sha512, nameserver: 'a:5300' }",
            "dns: { provider: cloudflare }\nacme: { staging: false, server: 'https://a/dir', recursiveNameservers: '9.9.9.9:53', propagationWait: 30s }",
            "dns: { provider: cloudflare }\nacme: { staging: true, caFile: /ca }\ncertificates: wildcard\nwhoami: false",
            "dns: { provider: cloudflare }\ncertificates: wildcard\nrecords: wildcard",
            "dns: { provider: cloudflare }\nrecords: per-host",
            "dns: { provider: cloudflare }\ningress: { controller: ingress-nginx, defaultClass: false, config: { a: 1, b: true, c: x } }",
            "dns: { provider: cloudflare }\ncertManager: { manage: false, namespace: certs, manifest: /m }\nexternalDns: { manage: false }",
            "dns: { provider: cloudflare }\nimages: { whoami: a/b }\ntimeouts: { apply: 24h, verify: 1s }\nverify: { publicResolvers: [9.9.9.9] }",
            "dns: { provider: cloudflare }\ndoctor: { onFailure: { command: [/bin/mail, 5] }, onUnknown: true }",
            "dns: { provider: cloudflare }\ndoctor: { onFailure: { url: 'https://ntfy.sh/x' } }",
            "dns: { provider: cloudflare }\ndoctor: { onFailure: { urlFile: /run/url } }",
            "dns: { provider: cloudflare }\nservices: { a: { url: 'HTTPS://[fd00::2]:5001/', hosts: [a, b.example.com], scheme: http } }",
            "dns: { provider: cloudflare }\nservices: { a: { service: x/y, port: 65535, host: b, maxBodySize: 10g, readTimeout: 86400, annotations: { a/b: 'on', c: 1 } } }",
            "dns: { provider: cloudflare }\nservices: { a: { image: 'registry.lan:5000/a/b@sha256:0a', port: 80 }, b: { image: a, port: 1, data: /.config/..a/b.c } }",
            "dns: { provider: cloudflare }\nservices: { a: { local: 8096, node: nuc.lan, maxBodySize: 0 } }",
            "dns: { provider: cloudflare }\nissuer: ca\nservices: { a: { local: 1, issuer: acme }, b: { local: 2, issuer: ca, host: 'x.y.home.example.com' } }",
            "dns: { provider: cloudflare }\nissuer: acme\nservices: { a: { local: 1, issuer: ca } }",
            "dns: { provider: cloudflare }\nstartPage: true\nservices: { a: { local: 1, icon: 🎬, description: Films } }",
            "dns: { provider: cloudflare }\nissuer: ca\nrootPage: true",
            "dns: { provider: cloudflare }\nrootPage: false",
            "dns: { provider: cloudflare }\nlan: [2001:db8:7::/56, 203.0.113.7]\nservices: { a: { local: 1, protect: { lan: true, users: true, rate: 10, hsts: true } } }",
            "dns: { provider: cloudflare }\nlan:\nservices: { a: { local: 1, protect: }, b: { local: 2, protect: { users: false, forwardAuth: { url: 'http://auth:9091/v?x=1', signIn: 'https://[fd00::2]/', headers: Remote-User } } } }",
            "dns: { provider: cloudflare }\negress: { immich: [lan, any:443, 'fd00::/8', '[2001:db8::5]:443', '10.0.0.0/8:53/udp'], b: none }\nservices: { a: { image: a, port: 1, egress: ['**.Example.org', '*.pool.ntp.org:123/udp', 192.168.1.5] } }",
            "dns: { provider: cloudflare }\negress:\nservices: { a: { image: a, port: 1, egress: } }",
            "dns: { provider: cloudflare }\nextraCertificates:",
            "dns: { provider: cloudflare }\nextraCertificates: [{ namespace: qa, names: '*.qa.home.example.com' }, { namespace: [qa, prod], names: [DB.home.example.com., a.b.home.example.com], issuer: ca, secret: a.b-c }]",
            "dns: { provider: cloudflare }\nstartPage: { host: start, title: Our house, language: de }",
        ] {
            let text = format!("{HEAD}{text}\n");
            assert!(parse(&text).is_ok(), "homelab refuses:\n{text}");
            assert!(accepts(&text), "the schema refuses:\n{text}");
        }
    }

    #[test]
    fn where_the_labs_own_authority_signs_everything_no_email_is_asked_for() {
        for services in ["", "services: { a: { local: 1 }, b: { local: 2, issuer: ca } }\n"] {
            let text =
                format!("domain: home.example.com\nissuer: ca\ndns: {{ provider: cloudflare }}\n{services}");
            assert_eq!(parse(&text).unwrap().email, None);
            assert!(accepts(&text), "the schema refuses:\n{text}");
        }
    }

    #[test]
    fn what_homelab_refuses_an_editor_marks_too() {
        let dns = format!("{HEAD}dns: {{ provider: cloudflare }}\n");
        for text in [
            "domain: home.example.com\ndns: { provider: cloudflare }\n".to_owned(),
            "domain: home\nemail: a@b.de\ndns: { provider: cloudflare }\n".to_owned(),
            "domain: home.example.com\nissuer: ca\ndns: { provider: cloudflare }\nservices: { a: { local: 1, issuer: acme } }\n".to_owned(),
            format!("{dns}issuer: letsencrypt\n"),
            format!("{HEAD}{}", SHARED.replace("namespaces: shop, ", "")),
            format!("{HEAD}{}", SHARED.replace("namespaces: shop", "namespaces: []")),
            format!("{HEAD}{}", SHARED.replace("acme", "Acme")),
            format!("{dns}records: one\n"),
            format!("{dns}services: {{ a: {{ local: 1, issuer: own }} }}\n"),
            format!("{HEAD}dns: {{}}\n"),
            format!("{HEAD}dns: {{ provider: cloudfare }}\n"),
            format!("{HEAD}dns: {{ provider: cloudflare, ttl: 5 }}\n"),
            format!("{HEAD}dns: {{ provider: cloudflare, server: a.test }}\n"),
            format!("{HEAD}dns: {{ provider: cloudflare, token: x }}\n"),
            format!("{HEAD}dns: {{ provider: cloudflare, tsigKey: a }}\n"),
            format!("{HEAD}dns: {{ provider: powerdns, server: 'http://a', tsigAlgorithm: hmac-md5 }}\n"),
            format!("{HEAD}dns: {{ provider: paper, server: a.test, ttl: 60 }}\n"),
            format!("{HEAD}dns: {{ provider: paper }}\n"),
            format!("{HEAD}dns: {{ provider: slate, server: a.test, tokenFile: /t }}\n"),
            format!("{HEAD}dns: {{ provider: cloudflare, houseResolver: yes please }}\n"),
            format!("{HEAD}dns: {{ provider: cloudflare, houseResolver: true, hosts: {{ printer: 'fd00::9' }} }}\n"),
            format!("{HEAD}dns: {{ provider: cloudflare, houseResolver: true, hosts: {{ printer: [] }} }}\n"),
            format!("{HEAD}dns: {{ provider: cloudflare, houseResolver: true, hosts: [192.168.1.9] }}\n"),
            format!("{HEAD}dns: {{ provider: cloudflare, challengeZone: a.example.com, challengeServer: true }}\n"),
            format!("{HEAD}dns: {{ provider: cloudflare, challengeZone: a.example.com, challengeServer: {{ port: 8053 }} }}\n"),
            format!("{HEAD}dns: {{ provider: cloudflare, challengeZone: a.example.com, challengeServer: {{ address: 203.0.113.7, port: 53 }} }}\n"),
            format!("{HEAD}dns: {{ provider: cloudflare, challengeZone: a.example.com, challengeServer: {{ address: 203.0.113.7, port: 5353 }} }}\n"),
            "domain: home.arpa\ndns: { provider: local, houseResolver: false }\n".to_owned(),
            "domain: home.arpa\ndns: { provider: local, publish: true }\n".to_owned(),
            format!("{dns}servces: {{}}\n"),
            format!("{dns}certificates: all\n"),
            format!("{dns}acme: {{ staging: true, server: 'https://a' }}\n"),
            format!("{dns}acme: {{ server: 'http://a' }}\n"),
            format!("{dns}ingress: {{ controller: caddy }}\n"),
            format!("{dns}ingress: {{ defaultClass: 'yes' }}\n"),
            format!("{dns}images: {{ nginx: a/b }}\n"),
            format!("{dns}timeouts: {{ apply: 5 }}\n"),
            format!("{dns}doctor: {{ onFailure: {{ command: [] }} }}\n"),
            format!("{dns}doctor: {{ onFailure: {{ url: 'https://x', command: [x] }} }}\n"),
            format!("{dns}doctor: {{ onFailure: {{ urlFile: 'https://x' }} }}\n"),
            format!("{dns}startPage: 'yes'\n"),
            format!("{dns}startPage: {{ language: fr }}\n"),
            format!("{dns}startPage: {{ titel: x }}\n"),
            format!("{dns}startPage: {{ title: '' }}\n"),
            format!("{dns}rootPage: 'yes'\n"),
            format!("{dns}services: {{ a: {{ local: 1, icon: photograph.png }} }}\n"),
            format!("{dns}services: {{ Photos: {{ local: 1 }} }}\n"),
            format!("{dns}services: {{ a: }}\n"),
            format!("{dns}services: {{ a: {{ host: x }} }}\n"),
            format!("{dns}services: {{ a: {{ service: a/b }} }}\n"),
            format!("{dns}services: {{ a: {{ service: ab, port: 1 }} }}\n"),
            format!("{dns}services: {{ a: {{ local: 0 }} }}\n"),
            format!("{dns}services: {{ a: {{ local: 1, port: 1 }} }}\n"),
            format!("{dns}services: {{ a: {{ local: 1, url: 'http://10.0.0.2' }} }}\n"),
            format!("{dns}services: {{ a: {{ url: 'http://10.0.0.2', node: a }} }}\n"),
            format!("{dns}services: {{ a: {{ url: 'ftp://10.0.0.2' }} }}\n"),
            format!("{dns}services: {{ a: {{ url: 'http://10.0.0.2/x' }} }}\n"),
            format!("{dns}services: {{ a: {{ image: a/b }} }}\n"),
            format!("{dns}services: {{ a: {{ image: 'https://a/b', port: 1 }} }}\n"),
            format!("{dns}services: {{ a: {{ image: 'a b', port: 1 }} }}\n"),
            format!("{dns}services: {{ a: {{ image: a/b, port: 1, data: /a/../b }} }}\n"),
            format!("{dns}services: {{ a: {{ image: a/b, port: 1, data: b }} }}\n"),
            format!("{dns}services: {{ a: {{ local: 1, data: /b }} }}\n"),
            format!("{dns}services: {{ a: {{ local: 1, image: a/b, port: 1 }} }}\n"),
            format!("{dns}services: {{ a: {{ local: 1, maxBodySize: 1x }} }}\n"),
            format!("{dns}services: {{ a: {{ local: 1, readTimeout: 0 }} }}\n"),
            format!("{dns}services: {{ a: {{ local: 1, protect: {{ user: true }} }} }}\n"),
            format!("{dns}services: {{ a: {{ local: 1, protect: true }} }}\n"),
            format!("{dns}services: {{ a: {{ local: 1, protect: {{ rate: 0 }} }} }}\n"),
            format!("{dns}services: {{ a: {{ local: 1, protect: {{ forwardAuth: {{}} }} }} }}\n"),
            format!("{dns}services: {{ a: {{ local: 1, protect: {{ forwardAuth: {{ url: 'auth.lan' }} }} }} }}\n"),
            format!("{dns}services: {{ a: {{ local: 1, protect: {{ users: true, forwardAuth: {{ url: 'http://a' }} }} }} }}\n"),
            format!("{dns}egress: [lan]\n"),
            format!("{dns}egress: {{ A: lan }}\n"),
            format!("{dns}egress: {{ a: [] }}\n"),
            format!("{dns}egress: {{ a: [7] }}\n"),
            format!("{dns}egress: {{ a: ['api.*.example.org'] }}\n"),
            format!("{dns}egress: {{ a: ['example.org:0'] }}\n"),
            format!("{dns}egress: {{ a: ['example.org:53/sctp'] }}\n"),
            format!("{dns}services: {{ a: {{ image: a, port: 1, egress: ['*'] }} }}\n"),
            format!("{dns}extraCertificates: {{ namespace: a, names: [a] }}\n"),
            format!("{dns}extraCertificates: [{{ names: [a] }}]\n"),
            format!("{dns}extraCertificates: [{{ namespace: a }}]\n"),
            format!("{dns}extraCertificates: [{{ namespace: A, names: [a] }}]\n"),
            format!("{dns}extraCertificates: [{{ namespace: a, names: [] }}]\n"),
            format!("{dns}extraCertificates: [{{ namespace: [], names: [a] }}]\n"),
            format!("{dns}extraCertificates: [{{ namespace: a, names: ['*'] }}]\n"),
            format!("{dns}extraCertificates: [{{ namespace: a, names: ['*.a'] }}]\n"),
            format!("{dns}extraCertificates: [{{ namespace: a, names: ['a.*.b.c'] }}]\n"),
            format!("{dns}extraCertificates: [{{ namespace: a, names: [a], secret: A }}]\n"),
            format!("{dns}extraCertificates: [{{ namespace: a, names: [a], secret: homelab-ca }}]\n"),
            format!("{dns}extraCertificates: [{{ namespace: a, names: [a], issuer: own }}]\n"),
            "domain: home.example.com\nissuer: ca\ndns: { provider: cloudflare }\nextraCertificates: [{ namespace: a, names: [a], issuer: acme }]\n".to_owned(),
        ] {
            assert!(parse(&text).is_err(), "homelab takes:\n{text}");
            assert!(!accepts(&text), "the schema takes:\n{text}");
        }
    }
}
