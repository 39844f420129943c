//! Which checks are wanted: `--pre`, `--check` and `--skip`.

use crate::checks::{CheckId, Def, GROUPS, Report, checks, def};
use crate::cli::Doctor;
use crate::commands::doctor::{Error, Result};

/// How many names a hint lists.
const MANY: usize = 5;
/// The shortest word that is searched for.
const SHORTEST: usize = 3;

/// A choice among the checks.
pub(super) struct Selection {
    before_up: bool,
    active: bool,
    only: Vec<String>,
    skip: Vec<String>,
}

impl Selection {
    /// Reads the flags.
    ///
    /// # Errors
    /// When a name is neither a check nor a group.
    pub(super) fn new(flags: &Doctor) -> Result<Self> {
        for name in flags.check.iter().chain(&flags.skip) {
            known(name)?;
        }
        Ok(Self {
            before_up: flags.pre,
            active: flags.active,
            only: flags.check.clone(),
            skip: flags.skip.clone(),
        })
    }

    /// The part of the report that is wanted.
    pub(super) fn of(&self, report: Report) -> Report {
        report.without(|id| self.skips(id)).only(|id| self.wants(id))
    }

    fn skips(&self, id: CheckId) -> bool {
        let group = def(id).map(|def| def.group());
        self.skip.iter().any(|name| name == id.as_str() || Some(name.as_str()) == group)
    }

    fn wants(&self, id: CheckId) -> bool {
        let Some(def) = def(id) else { return false };
        let named = |names: &[String]| names.iter().any(|name| name == id.as_str() || name == def.group());
        (self.only.is_empty() || named(&self.only))
            && (!self.before_up || def.before_up)
            && (!def.active || self.active)
            && (!def.asked || self.only.iter().any(|name| name == id.as_str()))
    }
}

/// What `--explain` is asked for.
pub(super) enum Asked {
    /// A check, or a group.
    Named(Vec<&'static Def>),
    /// A word in the texts of these checks.
    Mentioning(Vec<&'static Def>),
}

/// The checks of that name, else those in whose texts it stands. With a dot it is the name of a check.
///
/// # Errors
/// When there is none.
pub(super) fn asked(name: &str) -> Result<Asked> {
    let found = known(name);
    let mentioning = || Some(mentioning(name)).filter(|defs| !name.contains('.') && !defs.is_empty());
    match (found, mentioning) {
        (Ok(defs), _) => Ok(Asked::Named(defs)),
        (Err(error), mentioning) => mentioning().map(Asked::Mentioning).ok_or(error),
    }
}

/// The checks of that name: one, or those of a group.
///
/// # Errors
/// When it names neither, with the nearest name there is.
pub(super) fn known(name: &str) -> Result<Vec<&'static Def>> {
    if let Some(group) = GROUPS.iter().find(|group| group.name == name) {
        return Ok(group.checks.iter().collect());
    }
    if let Some(def) = checks().find(|def| def.id.as_str() == name) {
        return Ok(vec![def]);
    }
    let all = "`homelab doctor --list` shows them all";
    let hint = match (crate::config::nearest(name, &names()), speak_of(name)) {
        (Some(near), _) => format!("did you mean `{near}`? {all}"),
        (None, Some(ids)) => format!("these checks mention it: {ids}; {all}"),
        (None, None) => all.to_owned(),
    };
    Err(Error::usage(format!("there is no check and no group `{name}`")).hint(hint))
}

/// The checks in whose texts a word stands, for people who know the symptom or the program and not the check.
fn mentioning(name: &str) -> Vec<&'static Def> {
    let word = name.rsplit('.').next().unwrap_or(name).to_lowercase();
    if word.len() < SHORTEST {
        return Vec::new();
    }
    let has = |text: &str| text.to_lowercase().contains(&word);
    let speaks = |def: &&Def| {
        let causes = def.explain.causes.iter().any(|cause| has(cause.why) || has(cause.fix));
        let mut there = def.at_providers().flat_map(|(_, one)| {
            let causes = one.causes.iter().flat_map(|(why, fix)| [*why, *fix]);
            causes.chain([one.looks_at, one.symptom])
        });
        causes || there.any(has) || has(def.title) || has(def.explain.symptom) || has(def.explain.looks_at)
    };
    checks().filter(speaks).collect()
}

/// Their names, for a hint.
fn speak_of(name: &str) -> Option<String> {
    let ids: Vec<&str> = mentioning(name).iter().map(|def| def.id.as_str()).collect();
    match ids.as_slice() {
        [] => None,
        few if few.len() <= MANY => Some(few.join(", ")),
        most => Some(format!("{}, and {} more", most[..MANY].join(", "), most.len() - MANY)),
    }
}

fn names() -> Vec<&'static str> {
    GROUPS.iter().map(|group| group.name).chain(checks().map(|def| def.id.as_str())).collect()
}
