//! How each system is told to trust the lab's root. The menus and commands are those of the systems' own documents.

/// The steps of one system. `FILE` in them is the file with the certificate, and what stands between backticks is a command.
#[derive(Debug)]
pub struct System {
    /// What it is called.
    pub name: &'static str,
    /// How the file gets there, where that is a step of its own.
    brings: Option<Brings>,
    steps: &'static [&'static str],
}

/// The first step, which depends on where the reader is.
#[derive(Debug)]
struct Brings {
    /// Who has the file on another machine.
    by_hand: &'static str,
    /// Who looks at the lab's page with it, on the device itself.
    by_page: &'static str,
}

impl System {
    /// The steps for who has the file, by this name.
    #[must_use]
    pub fn by_hand(&self, file: &str) -> Vec<String> {
        self.all(self.brings.as_ref().map(|brings| brings.by_hand), file)
    }

    /// The steps for who looks at the lab's page, which offers the file.
    #[must_use]
    pub fn by_page(&self) -> Vec<String> {
        self.all(self.brings.as_ref().map(|brings| brings.by_page), FILE)
    }

    /// Whether the way begins otherwise on the page: the devices that files are not simply copied to.
    #[must_use]
    pub const fn is_by_page(&self) -> bool {
        self.brings.is_some()
    }

    fn all(&self, first: Option<&'static str>, file: &str) -> Vec<String> {
        let steps = first.into_iter().chain(self.steps.iter().copied());
        steps.map(|step| step.replace("FILE", file)).collect()
    }
}

/// The file, where nobody has given it another name.
pub const FILE: &str = "homelab-root.crt";

/// A fingerprint of hexadecimal digits as openssl and browsers show it.
#[must_use]
pub fn fingerprint(hex: &str) -> String {
    let pairs: Vec<String> =
        hex.as_bytes().chunks(2).map(|pair| String::from_utf8_lossy(pair).to_uppercase()).collect();
    pairs.join(":")
}

/// Every system, those of a lab first.
pub const SYSTEMS: [System; 9] = [
    // nixpkgs, nixos/modules/security/ca.nix.
    System {
        name: "NixOS",
        brings: None,
        steps: &[
            "put FILE beside your configuration, and add `security.pki.certificateFiles = [ ./homelab-root.crt ];`; or its text into `security.pki.certificates`",
            "`sudo nixos-rebuild switch`",
        ],
    },
    // update-ca-certificates(8): PEM, one certificate in a file whose name ends in `.crt`.
    System {
        name: "Debian, Ubuntu",
        brings: None,
        steps: &[
            "`sudo cp FILE /usr/local/share/ca-certificates/homelab-root.crt`",
            "`sudo update-ca-certificates`",
        ],
    },
    // Fedora docs, "Using Shared System Certificates".
    System {
        name: "Fedora",
        brings: None,
        steps: &[
            "`sudo cp FILE /etc/pki/ca-trust/source/anchors/homelab-root.crt`",
            "`sudo update-ca-trust`",
        ],
    },
    // trust(1) of p11-kit.
    System { name: "Arch", brings: None, steps: &["`sudo trust anchor --store FILE`"] },
    // security(1) of macOS; from macOS 11 on it asks for an administrator's password.
    System {
        name: "macOS",
        brings: None,
        steps: &[
            "`sudo security add-trusted-cert -d -r trustRoot -k /Library/Keychains/System.keychain FILE`",
        ],
    },
    // certutil of Windows, verb -addstore; `Root` is "Trusted Root Certification Authorities".
    System { name: "Windows", brings: None, steps: &["as administrator: `certutil -addstore -f Root FILE`"] },
    // Apple Support, "Trust manually installed certificate profiles in iOS, iPadOS, and visionOS" (support.apple.com/102390).
    System {
        name: "iPhone, iPad",
        brings: Some(Brings {
            by_hand: "send FILE to the device (AirDrop, mail), and open it",
            by_page: "tap the certificate in Safari, and allow the download",
        }),
        steps: &[
            "Settings > General > VPN & Device Management: install the profile",
            "Settings > General > About > Certificate Trust Settings: switch the root on. Without this step it is installed, but not trusted",
        ],
    },
    // Android Help, "Add & remove certificates"; Android's Settings, install_certificate_from_storage.xml. Apps of API level 24
    // and newer trust no such root unless their makers say so (`DevicePolicyManager.installCaCert`).
    System {
        name: "Android",
        brings: Some(Brings {
            by_hand: "copy FILE to the device",
            by_page: "tap the certificate, and keep the file, though the browser may warn of it",
        }),
        steps: &[
            "Settings > Security & privacy > More security & privacy > Encryption & credentials > Install a certificate > CA certificate (older: Settings > Security > Encryption & credentials); menus differ between makers. Browsers then trust it; other apps only if their makers let them",
        ],
    },
    // Mozilla Support, "Automatically trust third-party root certificates" (on by default; not on Linux: release notes of 120).
    System {
        name: "Firefox",
        brings: None,
        steps: &[
            "from version 120 on, it trusts what Windows, macOS and Android trust",
            "on Linux: Settings > Privacy & Security > Certificates > View Certificates > Authorities > Import, and tick \"Trust this CA to identify websites\"",
        ],
    },
];
