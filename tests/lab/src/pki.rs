//! Certificates: a CA that lives as long as the cache, one for each cluster, and what they sign.

use std::path::{Path, PathBuf};

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};

use crate::error::{Context, Result};
use crate::files;

/// A CA whose certificate and key lie in a folder.
pub(crate) struct Authority {
    folder: PathBuf,
    issuer: Issuer<'static, KeyPair>,
}

/// A certificate and its key, as files.
#[derive(Clone, Debug)]
pub(crate) struct Pair {
    pub(crate) certificate: PathBuf,
    pub(crate) key: PathBuf,
}

/// Who a client certificate speaks for.
pub(crate) struct Subject<'a> {
    pub(crate) user: &'a str,
    pub(crate) group: Option<&'a str>,
}

impl Authority {
    /// Takes the CA in a folder, or makes it there.
    pub(crate) fn open(folder: &Path, name: &str) -> Result<Self> {
        let key_file = folder.join("ca.key");
        let params = ca_params(name);
        let key = if key_file.exists() {
            KeyPair::from_pem(&files::read_text(&key_file)?)
                .context(format_args!("reading {}", key_file.display()))?
        } else {
            let key = KeyPair::generate().context("making a key")?;
            let certificate = params.self_signed(&key).context("signing a CA")?;
            files::write_whole(&folder.join("ca.crt"), certificate.pem())?;
            files::write_whole(&key_file, key.serialize_pem())?;
            key
        };
        Ok(Self { folder: folder.to_path_buf(), issuer: Issuer::new(params, key) })
    }

    pub(crate) fn certificate(&self) -> PathBuf {
        self.folder.join("ca.crt")
    }

    /// A server's certificate for names and addresses.
    pub(crate) fn server(&self, into: &Path, file: &str, names: &[&str]) -> Result<Pair> {
        let subject = Subject { user: file, group: None };
        self.sign(into, file, &subject, names, &[ExtendedKeyUsagePurpose::ServerAuth], None)
    }

    /// A server's certificate that ended with the year 2020.
    pub(crate) fn old_server(&self, into: &Path, file: &str, names: &[&str]) -> Result<Pair> {
        let subject = Subject { user: file, group: None };
        self.sign(into, file, &subject, names, &[ExtendedKeyUsagePurpose::ServerAuth], Some(2020))
    }

    /// A client's certificate.
    pub(crate) fn client(&self, into: &Path, file: &str, subject: &Subject) -> Result<Pair> {
        self.sign(into, file, subject, &[], &[ExtendedKeyUsagePurpose::ClientAuth], None)
    }

    fn sign(
        &self,
        into: &Path,
        file: &str,
        subject: &Subject,
        names: &[&str],
        usages: &[ExtendedKeyUsagePurpose],
        only_in: Option<i32>,
    ) -> Result<Pair> {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let mut params = CertificateParams::new(names).context(format_args!("the names of {file}"))?;
        params.distinguished_name.push(DnType::CommonName, subject.user);
        if let Some(group) = subject.group {
            params.distinguished_name.push(DnType::OrganizationName, group);
        }
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = usages.to_vec();
        params.use_authority_key_identifier_extension = true;
        if let Some(year) = only_in {
            params.not_before = rcgen::date_time_ymd(year, 1, 1);
            params.not_after = rcgen::date_time_ymd(year + 1, 1, 1);
        }
        let key = KeyPair::generate().context("making a key")?;
        let certificate = params.signed_by(&key, &self.issuer).context(format_args!("signing {file}"))?;
        let pair =
            Pair { certificate: into.join(format!("{file}.crt")), key: into.join(format!("{file}.key")) };
        files::write(&pair.certificate, certificate.pem())?;
        files::write(&pair.key, key.serialize_pem())?;
        Ok(pair)
    }
}

fn ca_params(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages =
        vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign, KeyUsagePurpose::DigitalSignature];
    params
}

/// A key that signs tokens: the private half, and the public half for those who check.
pub(crate) fn signing_key(into: &Path, file: &str) -> Result<(PathBuf, PathBuf)> {
    let key = KeyPair::generate().context("making a key")?;
    let (private, public) = (into.join(format!("{file}.key")), into.join(format!("{file}.pub")));
    files::write(&private, key.serialize_pem())?;
    files::write(&public, key.public_key_pem())?;
    Ok((private, public))
}
