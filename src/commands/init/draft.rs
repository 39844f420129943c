//! The text of a new configuration. Pure.

use std::path::{Path, PathBuf};

use crate::config::edit::{nix, scalar};
use crate::config::{self, Config, Problem, Provider};
use crate::error::{Error, Result};
use crate::provider::words;

/// What a new configuration says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Draft {
    pub(super) domain: String,
    pub(super) email: String,
    pub(super) provider: Provider,
    /// Where the token is; `None` when a variable of the environment has it, or the provider asks for none.
    pub(super) token_file: Option<PathBuf>,
    /// Whether the nodes answer in the house, too; where they are the provider, they do anyway.
    pub(super) house_resolver: bool,
}

impl Draft {
    /// The configuration as `homelab.yaml`, with words for whoever opens it next.
    pub(super) fn yaml(&self) -> String {
        let token = match (&self.token_file, &self.provider.facts().credential) {
            (Some(path), _) => format!("  tokenFile: {}\n", scalar(&path.display().to_string())),
            (None, Some(credential)) => format!(
                "  # tokenFile: /etc/homelab/token    # the {} is read from {}; a file lasts\n",
                words(self.provider).token.called,
                credential.variables_told()
            ),
            (None, None) => String::new(),
        };
        format!(
            "# What this home lab should be. `homelab up` makes it so; run it again after each change.\n\
             # Every key: docs/configuration.md of homelab.\n\
             domain: {domain}    # every service is <name>.{plain}\n\
             {email}\
             dns:\n\
             \x20 provider: {provider}\n\
             {token}\
             {house}\
             \n\
             # Your services. Remove the `#` and put in your own:\n\
             # services:\n\
             #   photos: {{ service: immich/immich-server, port: 2283 }}    # a Service in the cluster, as namespace/name\n\
             #   nas:    {{ url: \"https://192.168.1.5:5001\" }}              # something outside the cluster\n\
             \n\
             # A page at https://{plain} that lists them, and shows which ones are available:\n\
             # startPage: true\n",
            domain = scalar(&self.domain),
            plain = self.domain,
            email = match self.provider.is_on_nodes() {
                true => String::new(),
                false => format!("email: {}    # of the account at Let's Encrypt\n", scalar(&self.email)),
            },
            provider = self.provider.facts().key,
            house = match self.adds_house_resolver() {
                true => {
                    "  houseResolver: true    # your nodes answer in the house; let your router ask them: docs/house-resolver.md\n"
                }
                false => "",
            },
        )
    }

    fn adds_house_resolver(&self) -> bool {
        self.house_resolver && !self.provider.is_on_nodes()
    }

    /// The same for a NixOS machine.
    pub(super) fn nix(&self) -> String {
        let credential = self.provider.facts().credential.as_ref();
        let token = self.token_file.as_deref().or(credential.map(|credential| Path::new(credential.file)));
        let token = token.map(|path| format!("  dns.tokenFile = {};\n", nix(&path.display().to_string())));
        format!(
            "services.homelab = {{\n  enable = true;\n  domain = {};\n{}  dns.provider = {};\n{}{}  \
             # services.photos = {{ service = \"immich/immich-server\"; port = 2283; }};\n  \
             # services.nas.url = \"https://192.168.1.5:5001\";\n  \
             # startPage.enable = true;\n}};\n",
            nix(&self.domain),
            match self.provider.is_on_nodes() {
                true => String::new(),
                false => format!("  email = {};\n", nix(&self.email)),
            },
            nix(self.provider.facts().key),
            token.unwrap_or_default(),
            if self.adds_house_resolver() { "  dns.houseResolver = true;\n" } else { "" },
        )
    }

    /// The configuration that it is.
    ///
    /// # Errors
    /// What cannot be used, as an answer to the question for `key` alone, or to all.
    pub(super) fn config(&self, key: Option<&str>) -> Result<Config> {
        let problems = match config::parse(&self.yaml()) {
            Ok(config) => return Ok(config),
            Err(problems) => problems,
        };
        let is_of =
            |problem: &&Problem| key.is_none_or(|key| problem.message.starts_with(&format!("`{key}`")));
        let mut found = problems.iter().filter(is_of);
        let Some(first) = found.next() else { return Draft::fallback(self, key) };
        let error = Error::usage(first.message.clone());
        Err(match &first.help {
            Some(help) => error.hint(help.clone()),
            None => error,
        })
    }

    /// Another question's answer is wrong, not this one's: it is judged with good ones beside it.
    fn fallback(&self, key: Option<&str>) -> Result<Config> {
        let good =
            Self { domain: "home.lovelace.dev".into(), email: "ada@lovelace.dev".into(), ..self.clone() };
        let judged = match key {
            Some("domain") => Self { domain: self.domain.clone(), ..good },
            Some("email") => Self { email: self.email.clone(), ..good },
            _ => return Err(Error::usage("these answers do not make a valid configuration")),
        };
        if judged == *self {
            Err(Error::usage("these answers do not make a valid configuration"))
        } else {
            judged.config(key)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draft(domain: &str, email: &str) -> Draft {
        let token_file = Some(PathBuf::from("/etc/homelab/dns-token"));
        let (domain, email) = (domain.into(), email.into());
        Draft { domain, email, provider: Provider::Cloudflare, token_file, house_resolver: false }
    }

    #[test]
    fn what_is_written_is_a_configuration_that_says_the_same() {
        for path in ["/etc/homelab/dns-token", "/home/ada's things/to \"ken\": #1", "./täken"] {
            let draft =
                Draft { token_file: Some(path.into()), ..draft("home.lovelace.dev", "ada@lovelace.dev") };
            let config = config::parse(&draft.yaml()).unwrap();
            assert_eq!(config.domain.as_str(), "home.lovelace.dev");
            assert_eq!(config.dns.token_file.as_deref(), Some(Path::new(path)));
        }
    }

    #[test]
    fn without_a_file_the_token_comes_from_a_variable() {
        let draft = Draft { token_file: None, ..draft("home.lovelace.dev", "ada@lovelace.dev") };
        assert_eq!(config::parse(&draft.yaml()).unwrap().dns.token_file, None);
        assert!(draft.yaml().contains("read from the variable `CLOUDFLARE_API_TOKEN`"), "{}", draft.yaml());
        assert!(
            draft.nix().contains("dns.tokenFile = \"/var/lib/secrets/cloudflare-token\";"),
            "{}",
            draft.nix()
        );
    }

    #[test]
    fn at_a_provider_that_asks_for_no_token_none_is_spoken_of() {
        let draft = Draft {
            token_file: None,
            provider: Provider::Slate,
            ..draft("home.lovelace.dev", "ada@lovelace.dev")
        };
        assert!(draft.yaml().contains("  provider: slate\n"), "{}", draft.yaml());
        assert!(!draft.yaml().to_lowercase().contains("token"), "{}", draft.yaml());
        assert!(!draft.nix().contains("tokenFile"), "{}", draft.nix());
    }

    #[test]
    fn the_house_answers_if_asked_and_nothing_is_written_where_it_does_anyway() {
        let draft = Draft { house_resolver: true, ..draft("home.lovelace.dev", "ada@lovelace.dev") };
        assert!(config::parse(&draft.yaml()).unwrap().dns.house_resolver);
        assert!(draft.nix().contains("\n  dns.houseResolver = true;\n"), "{}", draft.nix());
        let local =
            Draft { provider: Provider::Local, token_file: None, domain: "home.arpa".into(), ..draft };
        assert!(config::parse(&local.yaml()).unwrap().dns.house_resolver);
        assert!(!local.yaml().contains("houseResolver") && !local.nix().contains("houseResolver"));
    }

    #[test]
    fn a_question_is_told_of_its_own_answer_only() {
        assert!(draft("home.lovelace.dev", "").config(Some("domain")).is_ok());
        let error = draft("home", "nobody").config(Some("domain")).unwrap_err();
        assert!(error.what.contains("no dot"), "{}", error.what);
        let error = draft("home.lovelace.dev", "nobody").config(Some("email")).unwrap_err();
        assert!(error.what.contains("not an e-mail address"), "{}", error.what);
    }
}
