//! From the bytes of an authority's certificate to what a client makes of it.

use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::{GeneralName, GeneralSubtree, ParsedExtension};
use x509_parser::prelude::FromDer;

use super::hex;
use crate::evidence::Signer;
use crate::evidence::tls::Leaf;

impl Signer {
    /// Reads a certificate in DER form.
    ///
    /// # Errors
    /// What is wrong with it, in words; also when it may sign no others.
    pub fn parse(der: &[u8]) -> Result<Self, String> {
        let certificate = Leaf::parse(der)?;
        let (_, parsed) = X509Certificate::from_der(der).map_err(|error| error.to_string())?;
        if !parsed.is_ca() {
            return Err("it is no certificate of an authority".to_owned());
        }
        let constraints = parsed.name_constraints().map_err(|error| error.to_string())?;
        let constraints = constraints.map(|extension| extension.value);
        let permitted = constraints.and_then(|constraints| constraints.permitted_subtrees.as_deref());
        let excluded = constraints.and_then(|constraints| constraints.excluded_subtrees.as_deref());
        let mut keys = (String::new(), String::new());
        for extension in parsed.extensions() {
            match extension.parsed_extension() {
                ParsedExtension::SubjectKeyIdentifier(key) => keys.0 = hex(key.0),
                ParsedExtension::AuthorityKeyIdentifier(by) => {
                    keys.1 = by.key_identifier.as_ref().map(|key| hex(key.0)).unwrap_or_default();
                }
                _ => {}
            }
        }
        Ok(Self {
            certificate,
            domains: permitted.and_then(domains),
            excludes_addresses: [8, 32].into_iter().all(|length| excludes_all(excluded, length)),
            key: keys.0,
            signed_by: keys.1,
            der: der.to_vec(),
        })
    }
}

/// The domains among what is permitted; none where no form of DNS name is listed, since every one is permitted then.
fn domains(permitted: &[GeneralSubtree<'_>]) -> Option<Vec<String>> {
    let name = |subtree: &GeneralSubtree<'_>| match subtree.base {
        GeneralName::DNSName(name) => Some(name.to_owned()),
        _ => None,
    };
    let found: Vec<String> = permitted.iter().filter_map(name).collect();
    (!found.is_empty()).then_some(found)
}

/// Whether every address is excluded whose form has so many bytes, the mask counted.
fn excludes_all(excluded: Option<&[GeneralSubtree<'_>]>, length: usize) -> bool {
    excluded.into_iter().flatten().any(|subtree| match subtree.base {
        GeneralName::IPAddress(bytes) => bytes.len() == length && bytes.iter().all(|byte| *byte == 0),
        _ => false,
    })
}
