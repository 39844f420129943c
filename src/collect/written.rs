//! The configuration as checks see it.

use std::collections::BTreeMap;

use crate::config::{self, Config};
use crate::error::Error;
use crate::evidence::{ConfigSeen, Failure, ServiceSeen};
use crate::ingress;

/// What the file says, or why it cannot be read.
pub(super) fn written(loaded: Result<&Config, &Error>) -> ConfigSeen {
    match loaded {
        Ok(config) => ConfigSeen {
            problem: None,
            hosts: config.hosts().iter().map(ToString::to_string).collect(),
            services: config.services.iter().map(service).collect(),
            annotation_prefix: config.dns.annotation_prefix.clone(),
            class: ingress::class_of(config).to_owned(),
            default_class: config.ingress.default_class,
            guards: guards(config),
        },
        Err(error) => ConfigSeen { problem: Some(Failure::from(error)), ..ConfigSeen::default() },
    }
}

/// The entries about the controller's guards alone: others may hold what is nobody's business.
fn guards(config: &Config) -> BTreeMap<String, String> {
    let is_guarded = ingress::traits_of(config.ingress.controller).is_guarded;
    let given = config.ingress.config.iter().filter(|(key, _)| is_guarded(config, key));
    given.map(|(key, value)| (key.clone(), value.clone())).collect()
}

fn service(service: &config::Service) -> ServiceSeen {
    ServiceSeen { name: service.name.clone(), annotations: service.annotations.clone() }
}
