//! What goes with an entry, and what does not.

use crate::commands::data;
use crate::config::{Backend, Config, Policy, Service};
use crate::desired::image;
use crate::outside::Shown;

/// What people lose with the entry.
pub(super) fn told(config: &Config, service: &Service) -> Shown {
    let record = match config.dns.policy {
        Policy::Sync => "its record, ",
        Policy::UpsertOnly => "",
    };
    let stays = match config.dns.policy {
        Policy::Sync => "",
        Policy::UpsertOnly => ", its record stays (`dns.policy` is `upsert-only`)",
    };
    let behind = match &service.backend {
        Backend::Image { data: None, .. } => "; the program ends",
        Backend::Image { data: Some(_), .. } => "; the program ends, and its data stays",
        _ => "; what runs behind it stays",
    };
    let hosts: Vec<Shown> = service.hosts.iter().map(|host| Shown::line(host.as_str())).collect();
    shown!("{}: {}its certificate and its Ingress go{}{}\n", Shown::join(&hosts, ", "), record, stays, behind)
}

/// What becomes of its data, if it has some.
pub(super) fn data(service: &Service) -> Option<String> {
    data::told(&image::claim_of(service)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config;

    fn service(dns: &str, entry: &str) -> (String, Option<String>) {
        let text = format!(
            "domain: home.example.com\nemail: ada@lovelace.dev\ndns: {{ provider: cloudflare{dns} }}\nservices: {{ nas: {{ {entry} }} }}\n"
        );
        let config = config::parse(&text).unwrap();
        (told(&config, &config.services[0]).as_str().to_owned(), data(&config.services[0]))
    }

    #[test]
    fn what_goes_is_told_and_a_record_that_stays_too() {
        let url = "url: 'http://10.0.0.2'";
        let (told, data) = service("", url);
        assert!(told.contains("its record, its certificate and its Ingress go; what runs"), "{told}");
        assert_eq!(data, None);
        assert!(service(", policy: upsert-only", url).0.contains("its record stays"));
    }

    #[test]
    fn a_program_from_an_image_ends_and_its_data_stays_with_the_command_that_deletes_it() {
        let (told, data) = service("", "image: a/b, port: 80");
        assert!(told.ends_with("; the program ends\n") && data.is_none(), "{told}");
        let (told, data) = service("", "image: a/b, port: 80, data: /data");
        assert!(told.ends_with("; the program ends, and its data stays\n"), "{told}");
        assert!(data.unwrap().contains("`kubectl -n homelab-nas delete pvc data`"));
    }
}
