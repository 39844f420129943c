//! What a judge quotes, as it is shown.

use super::*;

#[test]
fn whatever_a_judge_quotes_is_shown_without_controls_and_secrets() {
    let evil = "a\u{1b}[2J\u{9b}1m\u{202e}\u{200b} password=hunter2";
    let mut finding = Finding::new(evil, evil, evil).nixos(evil);
    finding.fix.commands = vec![format!("kubectl get {evil}"), "kubectl get pods".to_owned()];
    finding.fix.look = vec!["dig a\u{202e}b".to_owned()];
    let check = Check {
        id: id::TOKEN,
        title: "title",
        subject: Subject::both(evil, evil),
        vantage: Vantage::Authoritative(evil.to_owned()),
        severity: Severity::Error,
        needs: &[],
        outcome: finding.into(),
    };
    let report = Report::of(vec![check]);
    let text = serde_json::json!(report).to_string();
    for part in ["hunter2", "\\u001b", "\u{9b}", "\u{202e}", "\u{200b}"] {
        assert!(!text.contains(part), "{text}");
    }
    let fix = &report.checks[0].finding().unwrap().fix;
    assert_eq!((fix.commands.as_slice(), fix.look.len()), (["kubectl get pods".to_owned()].as_slice(), 0));
}
