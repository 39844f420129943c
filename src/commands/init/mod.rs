//! `homelab init`: a few questions -> a configuration file and the token in a file of its own.

mod draft;

use std::path::{Path, PathBuf};

use serde_json::json;

use crate::cli::{Global, Init};
use crate::commands::house::house;
use crate::commands::init::draft::Draft;
use crate::commands::planned::{found, refused};
use crate::config::{Config, Provider};
use crate::error::{Error, Exit, Result};
use crate::evidence::Zone;
use crate::facts::providers::Credential;
use crate::machine::{configuration, token};
use crate::outside::Shown;
use crate::provider::{self, Client, Keyring};
use crate::ui::{self, Output, Ui, ask, file};

/// What `init` needs where it cannot ask.
const WITHOUT_TERMINAL: &str = "give all three: `homelab init --domain home.example.com --email you@example.com --token-file FILE`; \
    without an account and a domain: `homelab init --domain home.arpa`";

/// Where the token comes from.
enum Token {
    /// A file that was there before.
    InFile(PathBuf, Keyring),
    /// A variable of the environment.
    InVariable(Keyring),
    /// It was typed, pasted or piped, and goes as it is into this file.
    Given(PathBuf, Keyring, Pasted),
}

/// What was typed, pasted or piped.
struct Pasted(String);

impl Token {
    fn keyring(&self) -> &Keyring {
        match self {
            Self::InFile(_, keyring) | Self::InVariable(keyring) | Self::Given(_, keyring, _) => keyring,
        }
    }

    /// One for that file.
    fn given(provider: Provider, place: PathBuf, text: &str) -> Result<Self> {
        let keyring = token::of_text(provider, text)?;
        Ok(Self::Given(place, keyring, Pasted(format!("{}\n", text.trim()))))
    }

    fn file(&self) -> Option<&Path> {
        match self {
            Self::InFile(path, _) | Self::Given(path, ..) => Some(path),
            Self::InVariable(_) => None,
        }
    }
}

pub(super) async fn init(global: &Global, flags: &Init, ui: Ui) -> Result<Exit> {
    let path = global.config.clone().unwrap_or_else(configuration::place_for_new);
    if !flags.nixos {
        if path.exists() {
            return already_there(&path, flags, global, ui).await;
        }
        // Before anybody is asked anything.
        file::can_be_made(&path)?;
    }
    let draft = Draft {
        domain: String::new(),
        email: String::new(),
        provider: flags.provider.unwrap_or(Provider::OFFERED),
        token_file: None,
        house_resolver: flags.house_resolver,
    };
    let draft = with_domain(draft, flags)?;
    let provider = draft.provider;
    let mut draft = if provider.is_on_nodes() { draft } else { with_email(draft, flags)? };
    let token = provider.facts().credential.as_ref().map(|one| token(flags, provider, one)).transpose()?;
    draft.token_file = token.as_ref().and_then(Token::file).map(Path::to_owned);
    let config = draft.config(None)?;
    let keyring = token.as_ref().map(Token::keyring).cloned().unwrap_or_default();
    let zone = match flags.no_check {
        true => None,
        false => Some(check(&config, &keyring).await?),
    };
    let mut written = Vec::new();
    if let Some(Token::Given(place, _, Pasted(text))) = &token {
        file::create_secret(place, text)?;
        written.push(place.clone());
    }
    if flags.nixos {
        return nixos(&draft, &written, zone.as_ref(), ui);
    }
    let text = draft.yaml();
    file::create_readable(&path, &text)
        .inspect_err(|_| written.iter().for_each(|path| file::take_back(path)))?;
    written.push(path.clone());
    tell(&path, &written, (provider, zone.as_ref()), global, ui);
    if let Some(own) = token.as_ref().and_then(Token::file) {
        let usual = usual_place();
        let other = (usual.exists() && !is_same(&usual, own)).then_some(usual.as_path());
        let units = configuration::credential_of_units().filter(|place| !is_same(place, own));
        ui::note(&Shown::line(&which_counts(provider, &path, own, other, units.as_deref())));
    }
    Ok(Exit::Fine)
}

fn is_same(one: &Path, other: &Path) -> bool {
    one == other || matches!((one.canonicalize(), other.canonicalize()), (Ok(one), Ok(other)) if one == other)
}

/// Which file the token is read from, in words. `init` leaves a token that is in a file where it is: then there may be a second
/// one at the usual place, and the `units` of the package read none but that.
fn which_counts(
    provider: Provider,
    config: &Path,
    own: &Path,
    other: Option<&Path>,
    units: Option<&Path>,
) -> String {
    let short = provider::words(provider).token.short;
    let reads = format!("homelab reads the {short} from {} (`dns.tokenFile`)", own.display());
    match (units, other) {
        (Some(units), _) => {
            let copy = command!("sudo install -m 0600 {} {}", own, units);
            let copy = copy
                .map_or_else(|| format!("copy it to {}", units.display()), |copy| format!("run `{copy}`"));
            format!(
                "{reads}, but its systemd units read it from {place}. To have one file for both: {copy}, set `dns.tokenFile` in {} \
                 to {place}, and delete {}",
                config.display(),
                own.display(),
                place = units.display(),
            )
        }
        (None, Some(other)) => {
            format!("{reads}, not from {}, which you may delete if nothing else uses it", other.display())
        }
        (None, None) => reads,
    }
}

fn with_domain(draft: Draft, flags: &Init) -> Result<Draft> {
    let take = |answer: &str| {
        let provider = flags.provider.unwrap_or_else(|| Provider::offered(answer));
        let draft = Draft { domain: answer.to_owned(), provider, ..draft.clone() };
        draft.config(Some("domain")).map(|_| draft)
    };
    let question = "Domain, such as home.example.com; home.arpa if you have no domain";
    answered(flags.domain.as_deref(), "--domain", question, take)
}

fn with_email(draft: Draft, flags: &Init) -> Result<Draft> {
    let take = |answer: &str| {
        let draft = Draft { email: answer.to_owned(), ..draft.clone() };
        draft.config(Some("email")).map(|_| draft)
    };
    answered(flags.email.as_deref(), "--email", "E-mail address for Let's Encrypt", take)
}

/// The answer of a flag, or of whoever sits here.
fn answered<T>(
    flag: Option<&str>,
    name: &'static str,
    question: &'static str,
    mut take: impl FnMut(&str) -> Result<T>,
) -> Result<T> {
    match flag {
        Some(answer) => take(answer),
        None if ask::is_possible() => ask::question(question, take),
        None => Err(Error::usage(format!("`{name}` is missing, and there is no terminal to ask on"))
            .hint(WITHOUT_TERMINAL)),
    }
}

/// Where `init` writes a token.
fn usual_place() -> PathBuf {
    let place = configuration::folder_for_secrets().join(token::CREDENTIAL);
    std::path::absolute(&place).unwrap_or(place)
}

/// The token of the file that is named, of the environment, or of whoever sits here.
fn token(flags: &Init, provider: Provider, credential: &Credential) -> Result<Token> {
    let words = &provider::words(provider).token;
    let place = usual_place;
    match flags.token_file.as_deref() {
        Some(path) if path == Path::new("-") => {
            let place = place();
            file::is_new(&place)?;
            return Token::given(provider, place, &ask::piped()?);
        }
        Some(path) => {
            let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
            return in_file(provider, path);
        }
        None => {}
    }
    let variables = credential.variables_told();
    if let Some(text) = token::of_variables(credential) {
        ui::note(&Shown::line(&format!("using the {} of {variables}", words.short)));
        return Ok(Token::InVariable(token::of_text(provider, &text)?));
    }
    let place = place();
    if place.exists() {
        return in_file(provider, place);
    }
    if !ask::is_possible() {
        return Err(Error::usage("`--token-file` is missing, and there is no terminal to ask on")
            .because(format!("nothing is in {variables} either"))
            .hint(format!("write the {} into a file that only you can read and name it with `--token-file FILE`, or pipe it to `--token-file -`", words.short)));
    }
    ui::note(&words.where_made.into());
    loop {
        match Token::given(provider, place.clone(), &ask::secret(words.called)?) {
            Ok(token) => return Ok(token),
            Err(error) => ui::print_error(&error),
        }
    }
}

/// The token of a file that was there before.
fn in_file(provider: Provider, path: PathBuf) -> Result<Token> {
    let keyring = token::of_file(provider, &path)?;
    let short = provider::words(provider).token.short;
    ui::note(&Shown::line(&format!("using the {short} in {}", path.display())));
    if token::is_open_to_all(&path) {
        let fix = command!("chmod 600 {}", path.display().to_string());
        let fix = fix.map_or_else(String::new, |fix| format!(": {fix}"));
        ui::note(&Shown::line(&format!("every user of this machine can read that file{fix}")));
    }
    Ok(Token::InFile(path, keyring))
}

/// The token must be good, and see the zone.
async fn check(config: &Config, keyring: &Keyring) -> Result<Zone> {
    let provider = config.dns.provider;
    let client = Client::new(config, keyring).map_err(|fault| refused(provider, fault))?;
    let domain = config.zone_or_domain();
    client.check(domain.as_str()).await.map_err(|fault| {
        let error = refused(provider, fault);
        error.because("nothing was written; `--no-check` writes without checking the token")
    })
}

/// A file that is there is never changed: its token is checked, and what the flags say otherwise is told.
async fn already_there(path: &Path, flags: &Init, global: &Global, ui: Ui) -> Result<Exit> {
    let config = configuration::load(Some(path))?;
    let differs = |key: &'static str, flag: Option<String>, own: String| {
        flag.filter(|flag| *flag != own).map(|flag| format!("`{key}` is `{own}` there, not `{flag}`"))
    };
    let shown =
        |path: &PathBuf| std::path::absolute(path).unwrap_or_else(|_| path.clone()).display().to_string();
    let file = flags.token_file.as_ref().filter(|path| *path != Path::new("-")).map(shown);
    let own = config.dns.token_file.as_ref().map_or_else(|| "not set".to_owned(), shown);
    let differences: Vec<String> = [
        differs("domain", flags.domain.clone(), config.domain.to_string()),
        differs("email", flags.email.clone(), config.email.clone().unwrap_or_else(|| "not set".to_owned())),
        differs("dns.tokenFile", file, own),
    ]
    .into_iter()
    .flatten()
    .collect();
    if !differences.is_empty() {
        let error = Error::usage(format!("`{}` exists already and was not changed", path.display()));
        let error = differences.into_iter().fold(error, Error::because);
        return Err(error.hint("edit that file, and run `homelab up`"));
    }
    let zone = match flags.no_check {
        true => None,
        false => Some(check(&config, &token::read(&config)?).await?),
    };
    tell(path, &[], (config.dns.provider, zone.as_ref()), global, ui);
    Ok(Exit::Fine)
}

fn tell(
    path: &Path,
    written: &[PathBuf],
    (provider, zone): (Provider, Option<&Zone>),
    global: &Global,
    ui: Ui,
) {
    if ui.output == Output::Json {
        let document = json!({
            "schema_version": 1, "configuration": path, "written": written, "zone": zone.map(|zone| &zone.name),
        });
        return ui::document(document);
    }
    let mut lines: Vec<String> = written.iter().map(|path| format!("wrote {}", path.display())).collect();
    if written.is_empty() {
        lines.push(format!("{} exists already; nothing was changed", path.display()));
    }
    lines.extend(zone.map(|zone| found(provider, zone)));
    let house = house(global);
    let next = |command: &str| house.words(&format!("`{command}`")).trim_matches('`').to_owned();
    lines.push(format!("next: {}    # is this machine ready?", next("homelab doctor --pre")));
    lines.push(format!("      {}", next("homelab up")));
    ui::answer(&Shown::lines(&format!("{}\n", lines.join("\n"))));
}

/// On NixOS the module writes the file: what to put into its configuration.
fn nixos(draft: &Draft, written: &[PathBuf], zone: Option<&Zone>, ui: Ui) -> Result<Exit> {
    let said = written.iter().map(|path| format!("wrote {}", path.display()));
    let good = zone.map(|zone| found(draft.provider, zone));
    for line in said.chain(good) {
        ui::note(&Shown::line(&line));
    }
    if ui.output == Output::Json {
        ui::document(json!({ "schema_version": 1, "nix": draft.nix(), "written": written }));
    } else {
        ui::exact_answer(&draft.nix());
    }
    Ok(Exit::Fine)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_two_files_it_is_said_which_one_counts_and_what_may_go() {
        let told = |other: Option<&str>, units: Option<&str>| {
            let (config, own) = (Path::new("/etc/homelab/homelab.yaml"), Path::new("/home/ada/token"));
            which_counts(Provider::Cloudflare, config, own, other.map(Path::new), units.map(Path::new))
        };
        let usual = Some("/etc/homelab/dns-token");
        assert_eq!(told(None, None), "homelab reads the token from /home/ada/token (`dns.tokenFile`)");
        assert!(told(usual, None).contains(", not from /etc/homelab/dns-token, which you may delete"));
        let both = told(usual, usual);
        assert!(both.contains("`sudo install -m 0600 /home/ada/token /etc/homelab/dns-token`"), "{both}");
        assert!(both.ends_with("to /etc/homelab/dns-token, and delete /home/ada/token"), "{both}");
    }
}
