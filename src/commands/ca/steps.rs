//! How each system is told to trust a root. The menus and commands are those of the systems' own documents.

/// The steps of one system.
pub(super) struct System {
    /// What it is called.
    pub(super) name: &'static str,
    /// Its steps; `FILE` is the file with the certificate, and what stands between backticks is a command.
    pub(super) steps: &'static [&'static str],
}

/// Where the file is put when nobody has said so.
pub(super) const FILE: &str = "homelab-root.crt";

/// Every system, those of a lab first.
pub(super) const SYSTEMS: [System; 9] = [
    // nixpkgs, nixos/modules/security/ca.nix.
    System {
        name: "NixOS",
        steps: &[
            "put FILE beside your configuration, and add `security.pki.certificateFiles = [ ./homelab-root.crt ];`; or its text into `security.pki.certificates`",
            "`sudo nixos-rebuild switch`",
        ],
    },
    // update-ca-certificates(8): PEM, one certificate in a file whose name ends in `.crt`.
    System {
        name: "Debian, Ubuntu",
        steps: &[
            "`sudo cp FILE /usr/local/share/ca-certificates/homelab-root.crt`",
            "`sudo update-ca-certificates`",
        ],
    },
    // Fedora docs, "Using Shared System Certificates".
    System {
        name: "Fedora",
        steps: &[
            "`sudo cp FILE /etc/pki/ca-trust/source/anchors/homelab-root.crt`",
            "`sudo update-ca-trust`",
        ],
    },
    // trust(1) of p11-kit.
    System { name: "Arch", steps: &["`sudo trust anchor --store FILE`"] },
    // security(1) of macOS; from macOS 11 on it asks for an administrator's password.
    System {
        name: "macOS",
        steps: &[
            "`sudo security add-trusted-cert -d -r trustRoot -k /Library/Keychains/System.keychain FILE`",
        ],
    },
    // certutil of Windows, verb -addstore; `Root` is "Trusted Root Certification Authorities".
    System { name: "Windows", steps: &["as administrator: `certutil -addstore -f Root FILE`"] },
    // Apple Support, "Trust manually installed certificate profiles in iOS, iPadOS, and visionOS" (support.apple.com/102390).
    System {
        name: "iPhone, iPad",
        steps: &[
            "send FILE to the device (AirDrop, mail), open it, and install the profile: Settings > General > VPN & Device Management",
            "Settings > General > About > Certificate Trust Settings: switch the root on. Without this step it is installed, but not trusted",
        ],
    },
    // Android Help, "Add & remove certificates"; Android's Settings, install_certificate_from_storage.xml. Apps of API level 24
    // and newer trust no such root unless their makers say so (`DevicePolicyManager.installCaCert`).
    System {
        name: "Android",
        steps: &[
            "copy FILE to the device",
            "Settings > Security & privacy > More security & privacy > Encryption & credentials > Install a certificate > CA certificate (older: Settings > Security > Encryption & credentials); menus differ between makers. Browsers then trust it; other apps only if their makers let them",
        ],
    },
    // Mozilla Support, "Automatically trust third-party root certificates" (on by default; not on Linux: release notes of 120).
    System {
        name: "Firefox",
        steps: &[
            "from version 120 on, it trusts what Windows, macOS and Android trust",
            "on Linux: Settings > Privacy & Security > Certificates > View Certificates > Authorities > Import, and tick \"Trust this CA to identify websites\"",
        ],
    },
];
