//! Route 53 with a few zones, one of which has records, as the API reference has it.

use std::sync::{Arc, Mutex};

use crate::net::testing::http::{Canned, Server};

const HEAD: &str = "<?xml version=\"1.0\"?>\n";
const NAMESPACE: &str = "xmlns=\"https://route53.amazonaws.com/doc/2013-04-01/\"";

/// A set of records as the API holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Set {
    pub(super) name: String,
    kind: String,
    ttl: u32,
    pub(super) values: Vec<String>,
}

impl Set {
    pub(super) fn new(kind: &str, name: &str, values: &[&str]) -> Self {
        Self::of(kind, name, 300, values)
    }

    pub(super) fn of(kind: &str, name: &str, ttl: u32, values: &[&str]) -> Self {
        let values = values.iter().map(|value| (*value).to_owned()).collect();
        Self { name: name.to_owned(), kind: kind.to_owned(), ttl, values }
    }

    fn xml(&self) -> String {
        let value =
            |value: &String| format!("<ResourceRecord><Value>{}</Value></ResourceRecord>", escaped(value));
        let values: String = self.values.iter().map(value).collect();
        let (name, kind, ttl) = (self.name.replace('*', "\\052"), &self.kind, self.ttl);
        format!(
            "<ResourceRecordSet><Name>{name}</Name><Type>{kind}</Type><TTL>{ttl}</TTL><ResourceRecords>{values}</ResourceRecords></ResourceRecordSet>"
        )
    }
}

pub(super) struct State {
    /// Each with its id and whether it is private.
    pub(super) zones: Vec<(&'static str, &'static str, bool)>,
    pub(super) sets: Vec<Set>,
    /// Of the first zone.
    pub(super) tags: Vec<(String, String)>,
    /// How many zones or sets a page has.
    pub(super) page: usize,
    /// What requests with this text in their first line are refused with: status, code, message.
    pub(super) refuses: Option<(&'static str, u16, &'static str, &'static str)>,
    /// How many requests are refused, since there are too many.
    pub(super) throttles: u32,
    /// How many writes are carried out without an answer that says so.
    pub(super) loses: u32,
    /// A record that somebody else writes into the set that is made next.
    pub(super) beside: Option<String>,
}

impl State {
    fn answer(&mut self, line: &str, body: &str) -> (u16, String) {
        if self.throttles > 0 {
            self.throttles -= 1;
            return (400, error("Throttling", "Rate exceeded"));
        }
        if let Some((_, status, code, message)) = self.refuses.filter(|(at, ..)| line.contains(at)) {
            return (status, error(code, message));
        }
        let mut words = line.split_whitespace();
        let (method, path) = (words.next().unwrap(), words.next().unwrap());
        if self.loses > 0 && method != "GET" {
            self.loses -= 1;
            self.answer(line, body);
            return (500, error("InternalFailure", "lost"));
        }
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let of_query = |wanted: &str| {
            let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
            pairs.find(|(key, _)| *key == wanted).map(|(_, value)| value.to_owned())
        };
        match (method, path.trim_start_matches("/2013-04-01/").trim_end_matches('/')) {
            ("GET", "hostedzone") => (200, self.zones(of_query("marker").as_deref())),
            ("GET", "hostedzone/Z1/rrset") => {
                (200, self.sets(of_query("name").as_deref(), of_query("type").as_deref()))
            }
            ("POST", "hostedzone/Z1/rrset") => self.change(body),
            ("GET", "hostedzone/Z2") => (200, given()),
            ("POST", "hostedzone") if self.zones.iter().any(|zone| zone.0 == "Z2") => (
                409,
                error(
                    "HostedZoneAlreadyExists",
                    "A hosted zone has already been created with the specified caller reference.",
                ),
            ),
            ("POST", "hostedzone") => {
                self.zones.push(("Z2", "acme.example.com.", false));
                (201, made(body))
            }
            ("DELETE", "hostedzone/Z1") if self.zones.first().is_some_and(|zone| zone.0 == "Z1") => {
                self.zones.remove(0);
                (200, info("DeleteHostedZoneResponse"))
            }
            ("GET", "tags/hostedzone/Z1") => (200, self.tags()),
            ("POST", "tags/hostedzone/Z1") => {
                let (removed, added) = body.split_once("<AddTags>").unwrap_or((body, ""));
                self.tags.retain(|(key, _)| !inside(removed, "Key").any(|gone| gone == *key));
                self.tags.extend(inside(added, "Key").zip(inside(added, "Value")));
                (200, format!("{HEAD}<ChangeTagsForResourceResponse {NAMESPACE}/>"))
            }
            ("GET", change) if change.starts_with("change/") => (200, info("GetChangeResponse")),
            _ => (404, error("NoSuchHostedZone", "No hosted zone found")),
        }
    }

    fn zones(&self, marker: Option<&str>) -> String {
        let from = marker.map_or(0, |id| self.zones.iter().position(|zone| zone.0 == id).unwrap());
        let page = &self.zones[from..self.zones.len().min(from + self.page)];
        let zone = |(id, name, private): &(&str, &str, bool)| {
            format!(
                "<HostedZone><Id>/hostedzone/{id}</Id><Name>{name}</Name><CallerReference>r</CallerReference><Config><PrivateZone>{private}</PrivateZone></Config></HostedZone>"
            )
        };
        let zones: String = page.iter().map(zone).collect();
        let next =
            self.zones.get(from + self.page).map(|zone| format!("<NextMarker>{}</NextMarker>", zone.0));
        format!(
            "{HEAD}<ListHostedZonesResponse {NAMESPACE}><HostedZones>{zones}</HostedZones><Marker></Marker><IsTruncated>{}</IsTruncated>{}<MaxItems>{}</MaxItems></ListHostedZonesResponse>",
            next.is_some(),
            next.unwrap_or_default(),
            self.page
        )
    }

    /// In the order of names from the top down, as the API has it, and from a name and a type on.
    fn sets(&self, name: Option<&str>, kind: Option<&str>) -> String {
        let order = |name: &str| {
            let mut labels: Vec<String> = name.trim_end_matches('.').split('.').map(str::to_owned).collect();
            labels.reverse();
            labels
        };
        let mut sets: Vec<&Set> = self.sets.iter().collect();
        sets.sort_by_key(|set| (order(&set.name), set.kind.clone()));
        let from = |set: &&&Set| {
            name.is_none_or(|name| {
                let (start, own) = (order(name), order(&set.name));
                own > start || (own == start && kind.is_none_or(|kind| set.kind.as_str() >= kind))
            })
        };
        let all: Vec<&&Set> = sets.iter().filter(from).collect();
        let shown: String = all.iter().take(self.page).map(|set| set.xml()).collect();
        let next = all.get(self.page).map(|set| {
            format!(
                "<NextRecordName>{}</NextRecordName><NextRecordType>{}</NextRecordType>",
                set.name, set.kind
            )
        });
        format!(
            "{HEAD}<ListResourceRecordSetsResponse {NAMESPACE}><ResourceRecordSets>{shown}</ResourceRecordSets><IsTruncated>{}</IsTruncated>{}<MaxItems>{}</MaxItems></ListResourceRecordSetsResponse>",
            next.is_some(),
            next.unwrap_or_default(),
            self.page
        )
    }

    fn tags(&self) -> String {
        let tag =
            |(key, value): &(String, String)| format!("<Tag><Key>{key}</Key><Value>{value}</Value></Tag>");
        let tags: String = self.tags.iter().map(tag).collect();
        format!(
            "{HEAD}<ListTagsForResourceResponse {NAMESPACE}><ResourceTagSet><ResourceType>hostedzone</ResourceType><ResourceId>Z1</ResourceId><Tags>{tags}</Tags></ResourceTagSet></ListTagsForResourceResponse>"
        )
    }

    /// All changes of a request, or none of them.
    fn change(&mut self, body: &str) -> (u16, String) {
        let mut sets = self.sets.clone();
        for change in body.split("<Change>").skip(1) {
            let within = |tag: &str| inside(change, tag).next().unwrap_or_default();
            let values = inside(change, "Value").map(|value| value.replace("&quot;", "\"")).collect();
            let ttl = within("TTL").parse().unwrap();
            let set = Set { name: within("Name"), kind: within("Type"), ttl, values };
            let at = sets.iter().position(|there| there.name == set.name && there.kind == set.kind);
            match (within("Action").as_str(), at) {
                ("CREATE", None) => sets.push(set),
                ("DELETE", Some(at)) if sets[at] == set => drop(sets.remove(at)),
                ("CREATE", Some(_)) => return refused(&set, "but it already exists"),
                ("DELETE", Some(_)) => {
                    return refused(&set, "but the values provided do not match the current values");
                }
                ("DELETE", None) => return refused(&set, "but it was not found"),
                (action, _) => panic!("{action}"),
            }
        }
        if let (Some(beside), Some(last)) = (self.beside.take(), sets.last_mut()) {
            last.values.push(beside);
        }
        self.sets = sets;
        (200, info("ChangeResourceRecordSetsResponse"))
    }
}

fn refused(set: &Set, why: &str) -> (u16, String) {
    let what =
        format!("[Tried to change resource record set [name='{}', type='{}'] {why}]", set.name, set.kind);
    let body = format!(
        "{HEAD}<InvalidChangeBatch {NAMESPACE}><Messages><Message>{what}</Message></Messages><RequestId>1</RequestId></InvalidChangeBatch>"
    );
    // The API has answered in both forms (aws-sdk-go-v2, service/route53/internal/customizations).
    (400, if why.contains("exists") { error("InvalidChangeBatch", &what) } else { body })
}

fn info(answer: &str) -> String {
    format!(
        "{HEAD}<{answer} {NAMESPACE}><ChangeInfo><Id>/change/C1</Id><Status>PENDING</Status><SubmittedAt>2026-12-01T00:00:00Z</SubmittedAt></ChangeInfo></{answer}>"
    )
}

const SERVERS: &str = "<DelegationSet><NameServers><NameServer>ns-3.awsdns-03.net</NameServer><NameServer>ns-4.awsdns-04.co.uk</NameServer></NameServers></DelegationSet>";

fn made(body: &str) -> String {
    let within = |tag: &str| inside(body, tag).next().unwrap_or_default();
    let (name, reference) = (within("Name"), within("CallerReference"));
    format!(
        "{HEAD}<CreateHostedZoneResponse {NAMESPACE}><HostedZone><Id>/hostedzone/Z2</Id><Name>{name}.</Name><CallerReference>{reference}</CallerReference></HostedZone><ChangeInfo><Id>/change/C1</Id><Status>PENDING</Status><SubmittedAt>2026-12-01T00:00:00Z</SubmittedAt></ChangeInfo>{SERVERS}</CreateHostedZoneResponse>"
    )
}

fn given() -> String {
    format!(
        "{HEAD}<GetHostedZoneResponse {NAMESPACE}><HostedZone><Id>/hostedzone/Z2</Id><Name>acme.example.com.</Name><CallerReference>r</CallerReference></HostedZone>{SERVERS}</GetHostedZoneResponse>"
    )
}

pub(super) fn error(code: &str, message: &str) -> String {
    format!(
        "{HEAD}<ErrorResponse {NAMESPACE}><Error><Type>Sender</Type><Code>{code}</Code><Message>{}</Message></Error><RequestId>1</RequestId></ErrorResponse>",
        escaped(message)
    )
}

fn inside(text: &str, tag: &str) -> impl Iterator<Item = String> {
    let (open, close) = (format!("<{tag}>"), format!("</{tag}>"));
    let parts: Vec<String> =
        text.split(&open).skip(1).filter_map(|rest| Some(rest.split_once(&close)?.0.to_owned())).collect();
    parts.into_iter()
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[derive(Clone)]
pub(super) struct Fake(Arc<Mutex<State>>);

impl Fake {
    /// One in which all is well.
    pub(super) fn new() -> Self {
        Self(Arc::new(Mutex::new(State {
            zones: vec![("Z1", "example.com.", false)],
            sets: vec![
                Set::new("NS", "example.com.", &["ns-1.awsdns-01.org.", "ns-2.awsdns-02.com."]),
                Set::new(
                    "SOA",
                    "example.com.",
                    &["ns-1.awsdns-01.org. hostmaster.example.com. 1 7200 900 1209600 60"],
                ),
                Set::new("A", "nas.example.com.", &["192.168.1.5"]),
                Set::new("TXT", "nas.example.com.", &["\"by hand\""]),
                Set::new("CNAME", "www.example.com.", &["nas.example.com."]),
                Set::new("TXT", "a-homelab.nas.example.com.", &["\"heritage=external-dns\""]),
                Set::new("A", "*.home.example.com.", &["192.168.1.2"]),
            ],
            tags: vec![("team".into(), "ops".into())],
            page: 100,
            refuses: None,
            throttles: 0,
            loses: 0,
            beside: None,
        })))
    }

    pub(super) fn change(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.0.lock().unwrap());
    }

    pub(super) fn sets(&self) -> Vec<Set> {
        self.0.lock().unwrap().sets.clone()
    }

    pub(super) async fn serve(&self) -> Server {
        let state = Arc::clone(&self.0);
        Canned::serve_by(move |request| {
            let line = request.lines().next().unwrap_or_default();
            let body = request.split_once("\r\n\r\n").map_or("", |(_, body)| body);
            state.lock().unwrap().answer(line, body)
        })
        .await
    }
}
