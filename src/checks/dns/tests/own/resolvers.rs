//! Who should ask the nodes, and what is not to be said of it.

use super::*;

#[test]
fn a_resolver_that_does_not_ask_the_nodes_refuses_nothing_else_as_far_as_is_known() {
    for rcode in [Rcode::Refused, Rcode::ServFail] {
        let report = at_home(|evidence, own| {
            own.resolvers = vec![lookup(ROUTER, reply(rcode, &[]))];
            evidence.names.as_mut().unwrap().resolvers.as_mut().unwrap()[0].control = Ok(reply(rcode, &[]));
        });
        assert_eq!(fails(&report), [id::HOUSE_FORWARDS], "{rcode:?}");
    }
}

/// The node's server is silent, and so is the resolver that asks it.
fn silence(error: &AskError, change: impl FnOnce(&mut OwnServersSeen)) -> Report {
    at_home(|evidence, own| {
        silent(evidence, own, Listing::Items(Vec::new()));
        own.resolvers = vec![crate::evidence::Lookup { server: ROUTER.into(), result: Err(error.clone()) }];
        evidence.names.as_mut().unwrap().resolvers.as_mut().unwrap()[0].control = Err(error.clone());
        let host = evidence.hosts.get_mut(HOST).unwrap();
        (host.system, host.end_to_end) = (Some(Err(error.clone())), None);
        host.system_servers = own.resolvers.clone();
        change(own);
    })
}

#[test]
fn a_resolver_is_not_blamed_for_the_silence_of_the_node_that_it_asks() {
    // dnsmasq hangs up over TCP when none of its servers answers.
    for error in [AskError::Timeout, AskError::Other("the connection was closed early".into())] {
        let all = silence(&error, |_| ());
        let one_of_two = silence(&error, |own| own.servers.push(server("attic", [192, 168, 1, 3])));
        for report in [all, one_of_two] {
            assert_eq!(fails(&report), [id::OWN_SERVER]);
            for id in [id::RESOLVER, id::HOUSE_FORWARDS, id::SYSTEM] {
                assert_eq!(outcome(&report, id), Outcome::Blocked { by: id::OWN_SERVER }, "{id} {error}");
            }
        }
    }
}

#[test]
fn a_resolver_that_is_silent_while_all_nodes_answer_is_blamed() {
    let report = silence(&AskError::Timeout, |own| own.servers = well().servers);
    assert_eq!(fails(&report)[0], id::RESOLVER);
}

#[test]
fn an_address_of_the_routers_own_is_held_against_what_the_nodes_have() {
    let report = at_home(|evidence, _| {
        let host = evidence.hosts.get_mut(HOST).unwrap();
        let found = reply(Rcode::NoError, &[[192, 168, 1, 77]]);
        host.system = Some(Ok(found.addresses()));
        host.system_servers = vec![lookup(ROUTER, found)];
    });
    let finding = only(&report, id::LOCAL_OVERRIDE);
    assert!(finding.summary.ends_with("; the nodes have 192.168.1.2"), "{finding:?}");
}
