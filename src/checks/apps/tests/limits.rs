//! Programs that end for want of something from the node's kernel.

use serde_json::json;

use super::demo;
use crate::checks::tests::*;

/// The words of elastic/cloud-on-k8s#2853 and opensearch-project/opensearch-k8s-operator#241; exit code 78 is theirs.
#[test]
fn a_search_engine_that_may_map_too_little_gets_the_kernels_setting() {
    let ends = |image: &str, code: i64, said: &str, has: Option<u64>| {
        let report = whole(|evidence| {
            let mut seen = crate::checks::k3s::tests::sound();
            let pods = crate::checks::k3s::tests::items(&mut seen, "pods");
            let pod = pods.iter_mut().find(|pod| pod["metadata"]["namespace"] == "homelab").unwrap();
            pod["spec"]["nodeName"] = "pi".into();
            pod["status"]["containerStatuses"] = json!([{ "name": "es", "image": image, "restartCount": 4,
                "state": { "waiting": { "reason": "CrashLoopBackOff", "message": "back-off 40s" } },
                "lastState": { "terminated": { "exitCode": code, "message": said } } }]);
            evidence.cluster = Some(seen);
            let mut machine = MachineSeen { hostname: Some("pi".into()), ..MachineSeen::default() };
            machine.ground.numbers.extend(has.map(|has| ("vm/max_map_count".to_owned(), has)));
            evidence.machine = Some(machine);
        });
        report.failures().find(|check| check.id == id::APP_PODS).unwrap().finding().unwrap().clone()
    };
    let said =
        "[1]: max virtual memory areas vm.max_map_count [65530] is too low, increase to at least [262144]";
    let search = "docker.elastic.co/elasticsearch/elasticsearch:9.1.0";
    for finding in [ends("sonarqube:26", 1, said, None), ends(search, 78, "", Some(65_530))] {
        assert!(finding.cause.contains("node `pi`") && finding.cause.contains("needs 262144"), "{finding:?}");
        assert!(finding.fix.text.contains("sysctl -w vm.max_map_count=262144"));
        assert!(finding.fix.nixos.is_some_and(|option| option.contains("vm.max_map_count")));
    }
    for other in [
        ends(search, 78, "", Some(1_048_576)),
        ends(search, 78, "", None),
        ends(search, 1, "", Some(65_530)),
        ends("nginx:1.29", 78, "", Some(65_530)),
    ] {
        assert!(!other.cause.contains("max_map_count"), "{other:?}");
    }
    let crash = demo(|pod| pod["status"]["containerStatuses"] = super::waiting("CrashLoopBackOff", ""));
    assert!(!only(&crash, id::APP_PODS).cause.contains("max_map_count"));
}
