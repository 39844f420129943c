//! The flags of `backup`, `restore` and `cert`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

pub(super) const BACKUP: &str = "Examples:\n  age-keygen -o key.txt    # keep this file somewhere else\n  homelab backup /var/backups/lab --recipient age1…\n  homelab backup lab-backup --recipients-file recipients.txt && git -C lab-backup commit -am backup\n  homelab backup lab-backup --passphrase-file /run/secrets/backup\n\nOne file for each certificate and for the account key, and `index.json` with public facts only. Files whose content did not change stay as they are, byte for byte. A file that `backup` did not write is never touched. `age -d -i key.txt FILE | kubectl apply -f -` opens a file without homelab. Exit codes: 0 saved, 1 a certificate could not be saved; 2, 3 and 130 as for every command.";
pub(super) const RESTORE: &str = "Examples:\n  homelab restore /var/backups/lab --identity key.txt && homelab up\n  homelab restore lab-backup --passphrase-file /run/secrets/backup\n  homelab restore lab-backup --identity key.txt --dry-run\n  homelab restore lab-backup --identity key.txt --force homelab/photos-tls\n\nIt writes only Secrets that the configuration asks for, and only where there is none: expired certificates are left out, and another certificate is overwritten only if `--force` names its Secret. The second run writes nothing. Exit codes: 0 restored, 1 something could not be restored; 2, 3 and 130 as for every command.";
pub(super) const EXPORT: &str = "Examples:\n  homelab cert export nas --dir /srv/certificates/nas\n  homelab cert export nas --stdout | ssh nas 'cat > /etc/ssl/nas.pem'\n\n`fullchain.pem` and `privkey.pem` get mode 0600, and are written only if the certificate has changed. Run it by a timer, so that renewed certificates follow: docs/backup.md has one.";

/// Flags of `backup`.
#[derive(Debug, Args)]
pub struct Backup {
    /// The folder of the backup; made if it is missing
    #[arg(value_name = "DIR")]
    pub folder: PathBuf,
    /// Encrypt for this age recipient; can be repeated
    #[arg(long, value_name = "AGE1…", conflicts_with = "passphrase_file")]
    pub recipient: Vec<String>,
    /// Encrypt for the age recipients in this file, one on each line
    #[arg(long, value_name = "FILE", conflicts_with = "passphrase_file")]
    pub recipients_file: Option<PathBuf>,
    /// Encrypt with the passphrase on the first line of this file; `-` is standard input [default without recipients: ask]
    #[arg(long, value_name = "FILE")]
    pub passphrase_file: Option<PathBuf>,
    /// Delete the files of certificates that the lab no longer has
    #[arg(long)]
    pub prune: bool,
}

/// Flags of `restore`.
#[derive(Debug, Args)]
pub struct Restore {
    /// The folder of the backup
    #[arg(value_name = "DIR")]
    pub folder: PathBuf,
    /// The file with the age identity (the private key); `-` is standard input
    #[arg(long, value_name = "FILE", conflicts_with = "passphrase_file")]
    pub identity: Option<PathBuf>,
    /// The file with the passphrase on its first line; `-` is standard input [default without identity: ask]
    #[arg(long, value_name = "FILE")]
    pub passphrase_file: Option<PathBuf>,
    /// Overwrite this Secret with the one of the backup, though another certificate is in it; can be repeated
    #[arg(long, value_name = "NAMESPACE/SECRET")]
    pub force: Vec<String>,
    /// Change nothing, only show what would be restored
    #[arg(long)]
    pub dry_run: bool,
}

/// Flags of `cert`.
#[derive(Debug, Args)]
pub struct Cert {
    /// What to do with the certificate
    #[command(subcommand)]
    pub command: CertCommand,
}

/// What to do with a certificate.
#[derive(Debug, Subcommand)]
pub enum CertCommand {
    /// Write a certificate and its private key as PEM files
    #[command(after_help = EXPORT)]
    Export(Export),
}

/// Flags of `cert export`.
#[derive(Debug, Args)]
pub struct Export {
    /// A service, a host, or a Certificate (`namespace/name`)
    pub name: String,
    /// The folder of `fullchain.pem` and `privkey.pem`; made if it is missing
    #[arg(long, value_name = "DIR", default_value = ".", conflicts_with = "stdout")]
    pub dir: PathBuf,
    /// Print the private key and the certificates, write no file
    #[arg(long)]
    pub stdout: bool,
}
