//! Reads `protect` of a service, and `lan`: what stands between a visitor and the program.

use crate::config::annotations::place;
use crate::config::fields::Fields;
use crate::config::model::{Ingress, Service};
use crate::facts::controllers::{CUSTOM_HEADERS, HSTS};
use crate::facts::network::{Network, OF_HOUSES};

/// As many requests a second as can be asked for.
const MOST: i64 = 10_000;

/// What stands between a visitor and a service. The ingress controller sees to it before the program is asked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Protect {
    /// Whether it is asked for that it is reached from the house alone.
    pub only_house: bool,
    /// The networks from which it is reached; from everywhere if empty.
    pub from: Vec<Network>,
    /// Whether a visitor gives a name and a password; `homelab protect` keeps them in the cluster.
    pub users: bool,
    /// Who is asked whether a visitor has signed in.
    pub forward_auth: Option<ForwardAuth>,
    /// How many requests a second each address may make.
    pub rate: Option<u32>,
    /// Whether browsers are told to keep to HTTPS, or to forget that they were told; nothing if `None`.
    pub hsts: Option<bool>,
}

/// A sign-in service, such as Authelia, Authentik or oauth2-proxy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForwardAuth {
    /// The address that the controller asks for each request: 2xx lets the visitor in, 401 and 403 do not.
    pub url: String,
    /// The page to which a visitor is sent who has not signed in.
    pub sign_in: Option<String>,
    /// The headers of its answer that the program gets.
    pub headers: Vec<String>,
}

/// Networks that belong to the house besides those of every house.
pub(super) fn lan(fields: &mut Fields<'_>) -> Vec<Network> {
    let mut found: Vec<Network> = Vec::new();
    for (place, text) in fields.texts("lan") {
        match Network::parse(&text) {
            Ok(network) if !found.contains(&network) => found.push(network),
            Ok(_) => {}
            Err(why) => fields.problem(Some(place), format!("`lan`: {why}"), None),
        }
    }
    found
}

/// The networks of the house: those of every house, and its further ones.
pub(super) fn house(lan: &[Network]) -> Vec<Network> {
    let of_houses = OF_HOUSES.iter().filter_map(|text| Network::parse(text).ok());
    of_houses.chain(lan.iter().copied()).collect()
}

/// Reads `protect`; `lan` are the house's further networks.
pub(super) fn read(fields: &mut Fields<'_>, lan: &[Network]) -> Protect {
    fields.section("protect", |fields| {
        let only_lan = fields.bool("lan").unwrap_or(false);
        let from = if only_lan { house(lan) } else { Vec::new() };
        let users = fields.bool("users").unwrap_or(false);
        let place = fields.node("forwardAuth").map(|node| node.place);
        let forward_auth = place.and_then(|_| fields.section("forwardAuth", forward_auth));
        let rate = fields.int("rate", 1, MOST).map(|rate| rate as u32);
        let hsts = fields.bool("hsts");
        if users && forward_auth.is_some() {
            let help = "choose one: `users` for a few people, `forwardAuth` where you have a sign-in service";
            let message = format!("`{}`: a visitor would have to sign in twice", fields.path());
            fields.problem(place, message, Some(help.to_owned()));
        }
        Protect { only_house: only_lan, from, users, forward_auth, rate, hsts }
    })
}

/// Refuses `hsts` where its header would not come, or another one would.
pub(super) fn check(fields: &mut Fields<'_>, ingress: &Ingress, services: &[Service]) {
    // Where nobody knows how the controller is told, all of `protect` is refused already.
    if !ingress.dialect.is_managed() {
        return;
    }
    let facts = ingress.dialect.facts();
    let own = format!("{}{CUSTOM_HEADERS}", facts.annotations);
    for service in services.iter().filter(|service| service.protect.hsts.is_some()) {
        let (why, help) = if !ingress.controller.is_managed() {
            (
                "homelab changes nothing of your controller (`ingress.manage: false`), and until that allows the header, it refuses \
                 every request for a service that wants it"
                    .to_owned(),
                format!(
                    "leave it out; let your controller allow the header `{HSTS}`, and name a ConfigMap with it by the annotation `{own}`"
                ),
            )
        } else if service.annotations.contains_key(&own) {
            (
                format!("it would take the place of your annotation `{own}`"),
                format!("leave one of the two out; `{HSTS}` can stand in your ConfigMap, too"),
            )
        } else if ingress.config.get("hsts").is_some_and(|value| value == "true") {
            (
                "`ingress.config` has `hsts: \"true\"`, which sends the header for every name".to_owned(),
                "leave one of the two out".to_owned(),
            )
        } else {
            continue;
        };
        let place = place(fields, &service.name, ["protect", "hsts"]);
        fields.problem(place, format!("`services.{}.protect.hsts`: {why}", service.name), Some(help));
    }
}

fn forward_auth(fields: &mut Fields<'_>) -> Option<ForwardAuth> {
    fields.missing(
        "url",
        "the address that says whether a visitor has signed in",
        "http://authelia.auth.svc.cluster.local:9091/api/authz/auth-request",
    );
    let asked = fields.parsed("url", url);
    let sign_in = fields.parsed("signIn", url);
    let mut headers = Vec::new();
    for (place, text) in fields.texts("headers") {
        // RFC 9110, section 5.6.2, less what no proxy passes on.
        let fine = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        if fine {
            headers.push(text);
        } else {
            let message = format!("`{}`: `{text}` is not the name of a header", fields.path_of("headers"));
            fields.problem(Some(place), message, None);
        }
    }
    Some(ForwardAuth { url: asked?, sign_in, headers })
}

/// An address that the controller can ask, or send a visitor to. It goes into the controller's own configuration: no space, no
/// quote, no variable.
fn url(text: &str) -> Result<String, String> {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~:/?#[]@!&*+,=%".contains(&byte);
    let fine = |rest: &&str| {
        rest.starts_with(|first: char| first.is_ascii_alphanumeric() || first == '[')
            && rest.bytes().all(plain)
    };
    match rest.filter(fine) {
        Some(_) => Ok(text.to_owned()),
        None => Err(format!("`{text}` is not an address such as `http://auth.example.com/verify`")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::parse;
    use crate::facts::controllers::Controller;

    fn service(more: &str, protect: &str) -> Result<Service, String> {
        let text = format!(
            "domain: a.example.com\nemail: ada@lovelace.dev\ndns: {{ provider: cloudflare, tokenFile: /t }}\n{more}\
             services: {{ nas: {{ url: 'http://10.0.0.2', protect: {protect} }} }}\n"
        );
        let problems = |problems: Vec<crate::config::Problem>| {
            problems.into_iter().map(|p| format!("{} {}", p.message, p.help.unwrap_or_default())).collect()
        };
        parse(&text).map(|mut config| config.services.remove(0)).map_err(problems)
    }

    #[test]
    fn a_service_that_says_nothing_is_open_to_everybody_who_reaches_it() {
        assert_eq!(service("", "{}").unwrap().protect, Protect::default());
    }

    #[test]
    fn the_house_is_private_networks_and_those_that_are_named() {
        let from = service("lan: [2001:db8:7::/56]\n", "{ lan: true }").unwrap().protect.from;
        let shown: Vec<String> = from.iter().map(Network::to_string).collect();
        assert_eq!(shown[..5], OF_HOUSES.map(str::to_owned));
        assert_eq!(shown[5..], ["2001:db8:7::/56"]);
    }

    #[test]
    fn a_sign_in_service_has_an_address() {
        let given = service(
            "",
            "{ forwardAuth: { url: 'http://auth.auth:9091/verify', signIn: 'https://auth.a.example.com', headers: [Remote-User] } }",
        );
        let auth = given.unwrap().protect.forward_auth.unwrap();
        assert_eq!(auth.url, "http://auth.auth:9091/verify");
        assert_eq!(
            (auth.sign_in.as_deref(), auth.headers),
            (Some("https://auth.a.example.com"), vec!["Remote-User".to_owned()])
        );
        assert!(
            service("", "{ forwardAuth: {} }")
                .unwrap_err()
                .contains("`services.nas.protect.forwardAuth.url` is missing")
        );
    }

    #[test]
    fn browsers_are_bound_to_https_or_let_go_and_where_that_cannot_be_it_is_refused() {
        for (protect, hsts) in
            [("{}", None), ("{ hsts: true }", Some(true)), ("{ hsts: false }", Some(false))]
        {
            assert_eq!(service("", protect).unwrap().protect.hsts, hsts, "{protect}");
        }
        let facts = Controller::default().facts();
        let strange = format!("ingress: {{ manage: false, class: edge, controller: {} }}\n", facts.key);
        let why = service(&strange, "{ hsts: true }").unwrap_err();
        assert!(why.contains("`services.nas.protect.hsts`") && why.contains("leave it out"), "{why}");
        let twice = service("ingress: { config: { hsts: 'true' } }\n", "{ hsts: false }").unwrap_err();
        assert!(twice.contains("for every name"), "{twice}");
        let own = format!(
            "{{ hsts: true }}, annotations: {{ {}{CUSTOM_HEADERS}: homelab/mine }}",
            facts.annotations
        );
        let own = service("", &own).unwrap_err();
        assert!(own.contains("take the place of your annotation"), "{own}");
        assert!(service("ingress: { config: { hsts: 'true' } }\n", "{ lan: true }").is_ok());
    }

    #[test]
    fn what_cannot_protect_is_refused() {
        let refused = [
            ("{ rate: 0 }", "must be between 1 and 10000"),
            ("{ users: yes please }", "must be true or false"),
            ("{ forwardAuth: { url: 'auth.lan' } }", "is not an address"),
            ("{ forwardAuth: { url: 'http://a b' } }", "is not an address"),
            ("{ forwardAuth: { url: 'http://a', headers: ['X: y'] } }", "is not the name of a header"),
            ("{ users: true, forwardAuth: { url: 'http://a' } }", "sign in twice"),
            ("{ user: true }", "did you mean `users`?"),
        ];
        for (protect, said) in refused {
            let why = service("", protect).unwrap_err();
            assert!(why.contains(said), "{protect}: {why}");
        }
        assert!(service("lan: [0.0.0.0/0]\n", "{}").unwrap_err().contains("every address"));
    }
}
