//! What checks and `homelab renew` ask about the way of a certificate.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::{Instant, timeout};
use x509_parser::pem::Pem;

use crate::cluster::Cluster;
use crate::cluster::request::{self, Failed, Purpose};
use crate::cluster::snapshot::items;
use crate::evidence::tls::Leaf;
use crate::evidence::{DryRun, SecretSeen, View, WebhookSeen, at};

/// A certificate signing request for `homelab-check.example.com`, as Kubernetes writes bytes. Its key was thrown away:
/// nothing is ever issued for it.
const REQUEST: &str = "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURSBSRVFVRVNULS0tLS0KTUlIek1JR1pBZ0VBTUFBd1dUQVRCZ2NxaGtqT1BRSUJCZ2dxaGtqT1BRTUJCd05DQUFRVmYvKzhXblBpUURydgo4THRqM0dRRXJ3QytmSUxFU1BMMXZuQUJXYjhxOVV3c1kzZ0V1L1p1Yk5pNUk4cGFVVXBmL3hUb1c5RXIxWHl6CmNnNDcwRWVjb0Rjd05RWUpLb1pJaHZjTkFRa09NU2d3SmpBa0JnTlZIUkVFSFRBYmdobG9iMjFsYkdGaUxXTm8KWldOckxtVjRZVzF3YkdVdVkyOXRNQW9HQ0NxR1NNNDlCQU1DQTBrQU1FWUNJUUNsTDFYOE5tb3hhTnRyTFBxTwo3T0I2THlHeVBjTCtjTWJUTUhwN1IzWXFoZ0loQVA3WmJvS3d6aWd6MGJ5TmkyNGdDc09sc0doU1NhM2FISExEClhsMjVDRXd5Ci0tLS0tRU5EIENFUlRJRklDQVRFIFJFUVVFU1QtLS0tLQo=";
/// `not a request`, in the same form: the validating webhook has to refuse it.
const NO_REQUEST: &str = "bm90IGEgcmVxdWVzdA==";
/// How long a webhook may take. It answers within milliseconds, or something is in its way.
const PATIENCE: Duration = Duration::from_secs(5);

/// What the TLS Secrets hold, by `namespace/name`.
pub type Secrets = BTreeMap<String, Result<SecretSeen, String>>;

impl Cluster {
    /// Asks cert-manager's webhooks with a good and a bad CertificateRequest, both as a dry run, as `cmctl check api` does.
    pub async fn ask_webhook(&self) -> WebhookSeen {
        let (good, bad) = futures::join!(self.dry_run(REQUEST), self.dry_run(NO_REQUEST));
        WebhookSeen { good, bad }
    }

    async fn dry_run(&self, signing_request: &str) -> DryRun {
        let body = json!({
            "apiVersion": "cert-manager.io/v1",
            "kind": "CertificateRequest",
            "metadata": { "generateName": "homelab-check-" },
            "spec": { "request": signing_request, "issuerRef": { "name": "homelab-check" } },
        });
        let path = "/apis/cert-manager.io/v1/namespaces/default/certificaterequests?dryRun=All";
        match timeout(PATIENCE, self.send::<Value>(request::create(path, &body))).await {
            Ok(Ok(made)) => DryRun::Taken { stamped: !at(&made, "/spec/username").is_empty() },
            Ok(Err(Failed::Kube(kube::Error::Api(status)))) => {
                DryRun::Refused { code: status.code, message: status.message }
            }
            Ok(Err(failed)) => {
                let purpose = Purpose { verb: "create", what: "certificaterequests".to_owned() };
                DryRun::Unasked { why: self.explain(&purpose, failed).what }
            }
            Err(_) => DryRun::Silent { seconds: PATIENCE.as_secs() },
        }
    }

    /// The certificates in all TLS Secrets. The keys that come with them are dropped here.
    ///
    /// # Errors
    /// Why they could not be read, in words.
    pub async fn tls_secrets(&self, deadline: Instant) -> Result<Secrets, String> {
        let path = "/api/v1/secrets?fieldSelector=type%3Dkubernetes.io%2Ftls";
        let list = tokio::time::timeout_at(deadline, self.send::<Value>(request::get(path, false))).await;
        let purpose = Purpose { verb: "list", what: "secrets".to_owned() };
        let list = list.unwrap_or(Err(Failed::Late)).map_err(|failed| self.explain(&purpose, failed).what)?;
        let named = |secret: &Value| {
            let place = secret.full_name();
            (place, certificate(secret))
        };
        Ok(items(list).iter().map(named).collect())
    }
}

/// The public half of a Secret.
fn certificate(secret: &Value) -> Result<SecretSeen, String> {
    let bytes: k8s_openapi::ByteString = serde_json::from_value(secret["data"]["tls.crt"].clone())
        .map_err(|_| "it has no `tls.crt`".to_owned())?;
    let chain: Vec<Pem> = Pem::iter_from_buffer(&bytes.0).filter_map(Result::ok).collect();
    let first = chain.first().ok_or("its `tls.crt` has no PEM certificate")?;
    Ok(SecretSeen { leaf: Leaf::parse(&first.contents)?, chain: chain.len() })
}
