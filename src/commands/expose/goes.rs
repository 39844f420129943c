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

/// What is left of the section when its last entry goes: the next `expose` writes below it.
pub(super) fn section(config: &Config) -> Shown {
    match config.services.as_slice() {
        [_] => "`services:` stays in the file, empty: the next `homelab expose` writes below it\n".into(),
        _ => Shown::default(),
    }
}

/// What is left of it in the cluster, with the commands that delete it; of an image alone something is. Its namespace may have
/// what others put there, and takes it along: whoever deletes it is told to look first.
pub(super) fn left(service: &Service) -> Option<String> {
    let Backend::Image { namespace, .. } = &service.backend else { return None };
    let look = command!("kubectl -n {} get all,pvc,secrets", namespace)?;
    let delete = command!("kubectl delete namespace {}", namespace)?;
    let behind = format!("if nothing is left in it (`{look}` shows it), `{delete}` removes it");
    Some(match image::claim_of(service).as_ref().and_then(data::told) {
        Some(data) => format!("{data}. The Namespace {namespace} stays, too: {behind}"),
        None => format!("the Namespace {namespace} stays: {behind}"),
    })
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
        (told(&config, &config.services[0]).as_str().to_owned(), left(&config.services[0]))
    }

    #[test]
    fn what_goes_is_told_and_a_record_that_stays_too() {
        let url = "url: 'http://10.0.0.2'";
        let (told, left) = service("", url);
        assert!(told.contains("its record, its certificate and its Ingress go; what runs"), "{told}");
        assert_eq!(left, None);
        assert!(service(", policy: upsert-only", url).0.contains("its record stays"));
    }

    #[test]
    fn a_program_from_an_image_ends_and_its_namespace_stays_with_the_command_to_look_before_the_one_that_deletes()
     {
        let (told, left) = service("", "image: a/b, port: 80");
        assert!(told.ends_with("; the program ends\n"), "{told}");
        assert_eq!(
            left.unwrap(),
            "the Namespace homelab-nas stays: if nothing is left in it (`kubectl -n homelab-nas get all,pvc,secrets` shows it), \
             `kubectl delete namespace homelab-nas` removes it"
        );
    }

    #[test]
    fn its_data_stays_with_the_command_that_deletes_it_before_the_one_for_the_namespace() {
        let (told, left) = service("", "image: a/b, port: 80, data: /data");
        assert!(told.ends_with("; the program ends, and its data stays\n"), "{told}");
        let left = left.unwrap();
        let places =
            ["`kubectl -n homelab-nas delete pvc data`", "get all,pvc,secrets`", "`kubectl delete namespace"];
        let places = places.map(|part| left.find(part).unwrap_or_else(|| panic!("{part}: {left}")));
        assert!(places.is_sorted(), "{left}");
    }

    #[test]
    fn only_with_the_last_entry_the_section_is_left_empty() {
        let of = |services: &str| {
            let text = format!(
                "domain: home.example.com\nemail: ada@lovelace.dev\ndns: {{ provider: cloudflare }}\nservices: {{ {services} }}\n"
            );
            section(&config::parse(&text).unwrap()).as_str().to_owned()
        };
        assert!(of("a: { url: 'http://10.0.0.2' }").starts_with("`services:` stays in the file, empty"));
        assert_eq!(of("a: { url: 'http://10.0.0.2' }, b: { url: 'http://10.0.0.3' }"), "");
    }
}
