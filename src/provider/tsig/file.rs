//! A key as the programs write it that make one: BIND's `tsig-keygen`, Knot's `keymgr -t`, PowerDNS' `pdnsutil`.

use k8s_openapi::ByteString;

use crate::config::Tsig;
use crate::evidence::Fault;
use crate::facts::secret::{Secret, SecretError};
use crate::facts::tsig::{Algorithm, key_name};
use crate::provider::credentials::Keyring;

/// The Secret's key that holds the name of the TSIG key.
pub(in crate::provider) const KEY: &str = "tsig-key";
/// The Secret's key that holds its algorithm.
pub(in crate::provider) const ALGORITHM: &str = "tsig-algorithm";
/// The Secret's key that holds its secret, in base64.
pub(in crate::provider) const SECRET: &str = "tsig-secret";

/// A whole key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::provider) struct Key {
    /// Its name, in lower case, without the final dot.
    pub(in crate::provider) name: String,
    /// How it signs.
    pub(in crate::provider) algorithm: Algorithm,
    /// Its secret, in base64.
    pub(in crate::provider) secret: Secret,
}

impl Key {
    /// Each part under its key of the Secrets.
    pub(in crate::provider) fn parts(&self) -> Result<[(&'static str, Secret); 3], SecretError> {
        let (name, algorithm) = (Secret::word(&self.name)?, Secret::word(self.algorithm.name())?);
        Ok([(KEY, name), (ALGORITHM, algorithm), (SECRET, self.secret.clone())])
    }

    /// The key of a keyring, which must be the one that the configuration names: it is what cert-manager is told.
    ///
    /// # Errors
    /// When there is none, or the configuration names another.
    pub(in crate::provider) fn of(keyring: &Keyring, config: &Tsig) -> Result<Self, Fault> {
        let part = |key| keyring.get(key).ok_or(Fault::InvalidToken);
        let algorithm = Algorithm::of_name(part(ALGORITHM)?.expose()).ok_or(Fault::InvalidToken)?;
        let found = Self { name: part(KEY)?.expose().to_owned(), algorithm, secret: part(SECRET)?.clone() };
        let other = |what: &str, found: &str, key: &str, named: &str| Fault::Unprepared {
            what: format!(
                "the {what} of the TSIG key in the file is `{found}`, and `dns.{key}` is `{named}`"
            ),
            cure: format!("write `{key}: {found}` below `dns` in the configuration"),
        };
        if found.name != config.key {
            return Err(other("name", &found.name, "tsigKey", &config.key));
        }
        if found.algorithm != config.algorithm {
            return Err(other("algorithm", algorithm.name(), "tsigAlgorithm", config.algorithm.name()));
        }
        Ok(found)
    }

    /// What its secret stands for.
    pub(in crate::provider) fn bytes(&self) -> Option<Vec<u8>> {
        decoded(self.secret.expose())
    }
}

/// The bytes behind base64; `None` when it is none.
pub(in crate::provider) fn decoded(base64: &str) -> Option<Vec<u8>> {
    serde_json::from_value::<ByteString>(base64.into()).ok().map(|bytes| bytes.0)
}

/// Reads a key in the form of one of these programs. Lines that begin with `#` or `//` are comments.
///
/// # Errors
/// Which part is missing, or is not as they write it.
pub(in crate::provider) fn read(text: &str) -> Result<Key, SecretError> {
    let comment = |line: &&str| !line.trim_start().starts_with(['#']) && !line.trim_start().starts_with("//");
    let text = text.lines().filter(comment).collect::<Vec<_>>().join("\n");
    let text = text.trim();
    let parts = match text {
        "" => return Err(SecretError::Empty),
        _ if text.starts_with("key:") => of_keymgr(text)?,
        _ if text.starts_with("key") && text[3..].starts_with([' ', '\t', '\n', '"', '{']) => of_bind(text)?,
        _ => of_words(text)?,
    };
    let name = parts.name.ok_or(SecretError::Other("the TSIG key has no name"))?;
    let algorithm = parts.algorithm.ok_or(SecretError::Other("the TSIG key has no algorithm"))?;
    let secret = parts.secret.ok_or(SecretError::Other("the TSIG key has no secret"))?;
    let base64 = decoded(&secret).is_some_and(|bytes| !bytes.is_empty());
    Ok(Key {
        name: key_name(&name).map_err(SecretError::Other)?,
        algorithm: Algorithm::of_name(&algorithm).ok_or(SecretError::Other(
            "the TSIG key is neither of hmac-sha256 nor of hmac-sha512: cert-manager and external-dns have no other algorithm in common",
        ))?,
        secret: match base64 {
            true => Secret::word(&secret)?,
            false => return Err(SecretError::Other("the secret of the TSIG key is not base64: part of it may be missing")),
        },
    })
}

#[derive(Default)]
struct Parts {
    name: Option<String>,
    algorithm: Option<String>,
    secret: Option<String>,
}

impl Parts {
    fn set(&mut self, key: &str, value: &str) -> Result<(), SecretError> {
        let place = match key {
            "id" => &mut self.name,
            "algorithm" => &mut self.algorithm,
            "secret" => &mut self.secret,
            _ => {
                return Err(SecretError::Other(
                    "the TSIG key has more in it than a name, an algorithm and a secret",
                ));
            }
        };
        match place.replace(value.to_owned()) {
            None => Ok(()),
            Some(_) => Err(SecretError::Other("there is more than one TSIG key")),
        }
    }
}

/// `key "name" { algorithm hmac-sha256; secret "..."; };` (BIND 9 manual, "key block").
fn of_bind(text: &str) -> Result<Parts, SecretError> {
    const FORM: SecretError = SecretError::Other(
        "the TSIG key is not as `tsig-keygen` writes it: key \"NAME\" { algorithm hmac-sha256; secret \"...\"; };",
    );
    let tokens = tokens(text).ok_or(FORM)?;
    let mut rest = tokens.iter().map(String::as_str);
    let mut parts = Parts::default();
    if rest.next() != Some("key") {
        return Err(FORM);
    }
    parts.set("id", rest.next().ok_or(FORM)?)?;
    if rest.next() != Some("{") {
        return Err(FORM);
    }
    loop {
        match rest.next() {
            Some("}") => break,
            Some(key) => parts.set(key, rest.next().ok_or(FORM)?)?,
            None => return Err(FORM),
        }
        if rest.next() != Some(";") {
            return Err(FORM);
        }
    }
    match (rest.next(), rest.next()) {
        (None | Some(";"), None) => Ok(parts),
        (_, Some("key")) | (Some("key"), _) => Err(SecretError::Other("there is more than one TSIG key")),
        _ => Err(FORM),
    }
}

/// The words, strings and signs of BIND's configuration; `None` where a string does not end.
fn tokens(text: &str) -> Option<Vec<String>> {
    let (mut found, mut rest) = (Vec::new(), text.trim_start());
    while let Some(c) = rest.chars().next() {
        let end = match c {
            '{' | '}' | ';' => {
                found.push(c.to_string());
                1
            }
            '"' => {
                let end = rest[1..].find('"')?;
                found.push(rest[1..=end].to_owned());
                end + 2
            }
            _ => {
                let end = rest.find(|c: char| c.is_whitespace() || "{};\"".contains(c)).unwrap_or(rest.len());
                found.push(rest[..end].to_owned());
                end
            }
        };
        rest = rest[end..].trim_start();
    }
    Some(found)
}

/// `key:`, and below it `- id: name`, `algorithm: hmac-sha256`, `secret: ...` (Knot DNS, keymgr(8), `-t`).
fn of_keymgr(text: &str) -> Result<Parts, SecretError> {
    const FORM: SecretError = SecretError::Other(
        "the TSIG key is not as `keymgr -t` writes it: `key:`, then `- id`, `algorithm` and `secret`",
    );
    let mut parts = Parts::default();
    for line in text.lines().skip(1).map(str::trim).filter(|line| !line.is_empty()) {
        let (key, value) = line.trim_start_matches("- ").split_once(':').ok_or(FORM)?;
        parts.set(key.trim(), value.trim().trim_matches('"'))?;
    }
    Ok(parts)
}

/// `name. hmac-sha256. secret`, as `pdnsutil list-tsig-keys` writes it, also behind what `pdnsutil generate-tsig-key` says.
fn of_words(text: &str) -> Result<Parts, SecretError> {
    const FORM: SecretError = SecretError::Other(
        "the TSIG key is not as `pdnsutil list-tsig-keys`, `tsig-keygen` or `keymgr -t` writes it",
    );
    // One line, or a line for each variable.
    if !matches!(text.lines().count(), 1 | 3) {
        return Err(FORM);
    }
    let words = text.strip_prefix("Create new TSIG key ").unwrap_or(text).split_whitespace();
    match words.collect::<Vec<_>>().as_slice() {
        [name, algorithm, secret] => Ok(Parts {
            name: Some((*name).to_owned()),
            algorithm: Some((*algorithm).to_owned()),
            secret: Some((*secret).to_owned()),
        }),
        _ => Err(FORM),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SECRET: &str = "c2VjcmV0LW9mLXRoZS1ob3VzZQ==";

    #[test]
    fn a_key_is_read_as_each_program_writes_it() {
        let wanted = Key {
            name: "homelab".into(),
            algorithm: Algorithm::Sha256,
            secret: Secret::word(SECRET).unwrap(),
        };
        for text in [
            format!("key \"homelab\" {{\n\talgorithm hmac-sha256;\n\tsecret \"{SECRET}\";\n}};\n"),
            format!("key homelab. {{ secret {SECRET}; algorithm HMAC-SHA256; }};"),
            format!(
                "# hmac-sha256:homelab:{SECRET}\nkey:\n  - id: homelab\n    algorithm: hmac-sha256\n    secret: {SECRET}\n"
            ),
            format!("homelab. hmac-sha256. {SECRET}\n"),
            format!("homelab\nhmac-sha256\n{SECRET}"),
            format!("Create new TSIG key homelab hmac-sha256 {SECRET}"),
        ] {
            assert_eq!(read(&text).as_ref(), Ok(&wanted), "{text}");
        }
    }

    #[test]
    fn what_is_no_key_is_told_without_a_word_of_it() {
        for (text, wanted) in [
            (String::new(), "empty"),
            (
                format!("key homelab {{ algorithm hmac-md5; secret \"{SECRET}\"; }};"),
                "neither of hmac-sha256",
            ),
            ("key homelab { algorithm hmac-sha256; };".to_owned(), "has no secret"),
            (format!("key homelab {{ algorithm hmac-sha256; secret \"{SECRET}x\"; }};"), "not base64"),
            (format!("key homelab {{ algorithm hmac-sha256; secret \"{SECRET}; }};"), "not as `tsig-keygen`"),
            (format!("key a {{ algorithm hmac-sha256; secret {SECRET}; }}; key b {{ }};"), "more than one"),
            (
                format!("key:\n- id: a\n  algorithm: hmac-sha256\n  secret: {SECRET}\n- id: b"),
                "more than one",
            ),
            (format!("homelab hmac-sha256 {SECRET} more"), "not as `pdnsutil"),
            (format!("ho\"me hmac-sha256 {SECRET}"), "the name of a key"),
        ] {
            let error = read(&text).unwrap_err().to_string();
            assert!(error.contains(wanted) && !error.contains(SECRET), "{text}: {error}");
        }
    }

    #[test]
    fn a_key_that_the_configuration_does_not_name_is_told_with_the_line_to_write() {
        let key = read(&format!("house hmac-sha512 {SECRET}")).unwrap();
        let keyring = Keyring::new(key.parts().unwrap());
        let config = |text: &str| {
            let text = format!(
                "domain: a.example.com\nemail: ada@lovelace.dev\ndns: {{ provider: powerdns, server: 'http://a', {text} }}\n"
            );
            crate::config::parse(&text).unwrap().dns.tsig.unwrap()
        };
        assert_eq!(Key::of(&keyring, &config("tsigKey: house, tsigAlgorithm: hmac-sha512")), Ok(key));
        let cure = |text| match Key::of(&keyring, &config(text)) {
            Err(Fault::Unprepared { cure, .. }) => cure,
            other => panic!("{other:?}"),
        };
        assert!(cure("tsigKey: homelab").contains("write `tsigKey: house`"));
        assert!(cure("tsigKey: house").contains("write `tsigAlgorithm: hmac-sha512`"));
    }

    proptest! {
        #[test]
        fn no_text_is_too_odd_to_be_read(text in "(key|key:|[a-z]+ )?[ -~\n\"{};é]{0,80}") {
            let _ = read(&text);
        }
    }
}
