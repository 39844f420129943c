//! Services with a name by annotation.

use crate::checks::edns::tests::*;
use crate::evidence::OrganisationSeen;

const NAME: &str = "db.example.com";
const HOSTNAME: &str = "external-dns.alpha.kubernetes.io/hostname";

fn service(spec: Value) -> Value {
    json!({ "metadata": { "namespace": "shop", "name": "db", "annotations": { HOSTNAME: NAME } }, "spec": spec })
}

/// A cluster with one Service, changed.
fn with(service: Value, change: impl FnOnce(&mut Evidence)) -> Report {
    with_cluster(|e| {
        list(e, "services").push(service);
        change(e);
    })
}

fn told(service: Value) -> Finding {
    only(&with(service, |_| ()), id::SERVICE_NAMES)
}

fn written(e: &mut Evidence, owner: &str) {
    let text =
        format!("\"heritage=external-dns,external-dns/owner={owner},external-dns/resource=service/shop/db\"");
    records(e).extend([record(NAME, "A", "192.168.1.2"), record(&format!("a-homelab.{NAME}"), "TXT", &text)]);
}

fn node_port() -> Value {
    service(json!({ "type": "NodePort", "clusterIP": "10.43.0.9" }))
}

#[test]
fn a_service_whose_record_is_there_is_fine_and_one_without_annotation_is_nobodys_business() {
    let report = with(node_port(), |e| {
        let owner = e.owner.as_ref().unwrap().id.clone();
        written(e, &owner);
    });
    assert!(fails(&report).is_empty(), "{:?}", fails(&report));
    let mut plain = node_port();
    plain["metadata"]["annotations"] = json!({});
    assert!(fails(&with(plain, |_| ())).is_empty());
}

#[test]
fn a_type_that_gives_no_address_is_named_with_what_gives_one() {
    let finding = told(service(json!({ "type": "ClusterIP", "clusterIP": "10.43.0.9" })));
    assert_eq!(finding.summary, "the name `db.example.com` of the Service `shop/db` has no record");
    assert!(finding.cause.contains("type ClusterIP") && finding.fix.text.contains("NodePort"), "{finding:?}");
    let headless = || service(json!({ "type": "ClusterIP", "clusterIP": "None" }));
    let slice = |ready: bool| {
        json!({ "metadata": { "namespace": "shop", "labels": { "kubernetes.io/service-name": "db" } },
            "endpoints": [{ "addresses": ["10.42.0.9"], "conditions": { "ready": ready } }] })
    };
    let with_slice = |slice: Value| {
        let items = Listing::Items(vec![slice]);
        with(headless(), |e| {
            let objects = &mut e.cluster.as_mut().unwrap().objects.0;
            objects.insert("endpointslices.discovery.k8s.io".into(), items);
        })
    };
    assert!(only(&with_slice(slice(false)), id::SERVICE_NAMES).cause.contains("none of its pods is ready"));
    // It has an address: the record is on its way.
    assert_eq!(only(&with_slice(slice(true)), id::SERVICE_NAMES).heals, Heals::Waiting);
}

#[test]
fn an_annotation_that_says_the_address_stands_in_for_one() {
    let mut aimed = service(json!({ "type": "ClusterIP", "clusterIP": "10.43.0.9" }));
    aimed["metadata"]["annotations"]["external-dns.alpha.kubernetes.io/target"] = "192.168.1.9".into();
    assert_eq!(told(aimed).heals, Heals::Waiting);
    let mut inside = service(json!({ "type": "ClusterIP", "clusterIP": "10.43.0.9" }));
    inside["metadata"]["annotations"] = json!({ "external-dns.alpha.kubernetes.io/internal-hostname": NAME });
    assert_eq!(told(inside).heals, Heals::Waiting);
    // Left to another program.
    let mut others = node_port();
    others["metadata"]["annotations"]["external-dns.alpha.kubernetes.io/controller"] = "other".into();
    assert!(fails(&with(others, |_| ())).is_empty());
}

#[test]
fn a_name_outside_of_the_zone_and_one_in_an_organisations_are_named_as_such() {
    let mut outside = node_port();
    outside["metadata"]["annotations"][HOSTNAME] = "db.example.org".into();
    assert!(told(outside).cause.contains("into the zone `example.com` alone"));
    let organised = |namespace: &str| {
        let of = OrganisationSeen {
            name: "acme".into(),
            zone: NAME.into(),
            namespaces: vec![namespace.into()],
            ..OrganisationSeen::default()
        };
        let report = with(node_port(), |e| {
            let mut theirs = deployment();
            theirs["metadata"]["name"] = "external-dns-for-acme".into();
            list(e, "deployments.apps").push(theirs);
            e.organisations = vec![of];
        });
        let found = report.failures().find(|check| check.id == id::SERVICE_NAMES).unwrap();
        found.finding().unwrap().cause.clone()
    };
    assert!(organised("office").contains("does not read the namespace `shop`"));
    assert!(organised("shop").contains("has not written it yet"));
}

#[test]
fn a_record_of_somebody_else_is_left_and_named() {
    let report = with(node_port(), |e| written(e, "other"));
    let finding = only(&report, id::SERVICE_NAMES);
    assert!(finding.summary.contains("belongs to `other`"), "{}", finding.summary);
}

#[test]
fn one_that_waits_for_a_load_balancer_is_told_by_the_check_of_those() {
    let report = with(service(json!({ "type": "LoadBalancer", "clusterIP": "10.43.0.9" })), |_| ());
    assert_eq!(outcome(&report, id::SERVICE_NAMES), Outcome::Blocked { by: id::LOAD_BALANCERS });
}
