//! What the start page says, in the languages that it has.

use crate::config::Language;

/// The texts of one language.
pub(super) struct Words {
    /// Its tag (BCP 47).
    pub(super) tag: &'static str,
    pub(super) up: &'static str,
    pub(super) down: &'static str,
    pub(super) unknown: &'static str,
    pub(super) checking: &'static str,
    /// Every service answers.
    pub(super) all: &'static str,
    /// The names of those that do not answer follow.
    pub(super) some: &'static str,
    /// Nothing could be asked.
    pub(super) cut_off: &'static str,
    /// Without JavaScript.
    pub(super) no_script: &'static str,
    /// No service has a name yet.
    pub(super) none: &'static str,
    /// Of a service that is reached from the internet, too.
    pub(super) public: &'static str,
    /// What the demo is.
    pub(super) demo: &'static str,
    /// The question, and what to do then.
    pub(super) help: &'static str,
    pub(super) steps: [&'static str; 3],
    /// Before the command for whoever runs the lab.
    pub(super) cause: &'static str,
}

const ENGLISH: Words = Words {
    tag: "en",
    up: "Available",
    down: "Not available",
    unknown: "Not known",
    checking: "Checking…",
    all: "Everything is available.",
    some: "Not available: ",
    cut_off: "This page cannot check the services now. Is your device connected to the network of the house?",
    no_script: "Whether a service is available is shown only with JavaScript. The links work without it.",
    none: "No service has a name yet.",
    public: "from everywhere",
    demo: "A test page: it shows your own request",
    help: "Something does not work?",
    steps: [
        "Check that your device is in the Wi-Fi of the house, or connected to it by VPN.",
        "Wait a minute and load the page again: a service may be starting.",
        "If it stays so, tell the person who looks after this home lab what you wanted to open.",
    ],
    cause: "This command tells them the cause:",
};

const GERMAN: Words = Words {
    tag: "de",
    up: "Erreichbar",
    down: "Nicht erreichbar",
    unknown: "Nicht bekannt",
    checking: "Wird geprüft…",
    all: "Alles ist erreichbar.",
    some: "Nicht erreichbar: ",
    cut_off: "Diese Seite kann die Dienste gerade nicht prüfen. Ist dein Gerät mit dem Netz des Hauses verbunden?",
    no_script: "Ob ein Dienst erreichbar ist, zeigt die Seite nur mit JavaScript. Die Links gehen auch ohne.",
    none: "Noch hat kein Dienst einen Namen.",
    public: "von überall",
    demo: "Eine Testseite: sie zeigt deine eigene Anfrage",
    help: "Etwas geht nicht?",
    steps: [
        "Prüfe, ob dein Gerät im WLAN des Hauses oder per VPN damit verbunden ist.",
        "Warte eine Minute und lade die Seite neu: vielleicht startet ein Dienst gerade.",
        "Bleibt es so, sag der Person, die sich darum kümmert, was du öffnen wolltest.",
    ],
    cause: "Dieser Befehl nennt ihr die Ursache:",
};

pub(super) const fn words(language: Language) -> &'static Words {
    match language {
        Language::English => &ENGLISH,
        Language::German => &GERMAN,
    }
}
