//! What `up` would change, object by object.

use crate::outside::Shown;
use crate::ui::colors::{BOLD, CYAN, GREEN, RED, YELLOW};
use crate::ui::print::note;

/// One object that would change.
#[derive(Debug, Clone)]
pub struct ChangedObject {
    /// What happens to it.
    pub word: Word,
    /// Its kind, namespace and name.
    pub object: String,
    /// Which fields change.
    pub fields: Vec<ChangedField>,
}

/// What happens to an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Word {
    /// It is made.
    Create,
    /// Some of its fields are written.
    Change,
    /// It was made by others and is taken over.
    Adopt,
    /// It is deleted.
    Delete,
    /// A name whose DNS records are deleted: no object.
    Unpublish,
    /// It is no longer wanted, and stays because it was there before homelab.
    Leave,
    /// It stays for the next `homelab up`.
    Keep,
    /// It stays, because with it would go what is of others.
    Spare,
    /// It stays, because it holds data.
    Data,
}

/// One field that changes.
#[derive(Debug, Clone)]
pub struct ChangedField {
    /// Where it is.
    pub path: String,
    /// Its value now.
    pub before: Option<String>,
    /// Its value then.
    pub after: Option<String>,
}

impl Word {
    const ALL: [Self; 9] = [
        Self::Create,
        Self::Change,
        Self::Adopt,
        Self::Delete,
        Self::Unpublish,
        Self::Leave,
        Self::Keep,
        Self::Spare,
        Self::Data,
    ];

    const fn sign(self) -> (&'static str, anstyle::Style) {
        match self {
            Self::Create => ("+", GREEN),
            Self::Change => ("~", YELLOW),
            Self::Adopt => ("!", YELLOW),
            Self::Delete | Self::Unpublish => ("-", RED),
            Self::Leave | Self::Keep | Self::Spare | Self::Data => ("=", CYAN),
        }
    }

    const fn counted(self) -> &'static str {
        match self {
            Self::Create => "to create",
            Self::Change => "to change",
            Self::Adopt => "to take over",
            Self::Delete => "to delete",
            Self::Unpublish => "to remove from DNS",
            Self::Leave => "not deleted, because it existed before homelab",
            Self::Keep => "kept for the next `homelab up`",
            Self::Spare => "not deleted, because of what others have in it",
            Self::Data => "not deleted, because of its data",
        }
    }
}

/// One block for each object, and a line that counts them. The fields of a new object are many, and the same as `homelab
/// render` prints: they are shown only if `verbose`.
#[must_use]
pub fn changes(
    objects: &[ChangedObject],
    adopted: &[String],
    unchanged: usize,
    verbose: bool,
    up: &str,
) -> Shown {
    let mut text = blocks(objects, adopted, verbose);
    let counted = counted(objects);
    if counted.is_empty() && adopted.is_empty() {
        text.push(shown!("nothing to do: {} objects match the configuration\n", unchanged));
        return text;
    }
    let counted = counted.into_iter().chain([shown!("{} unchanged", unchanged)]).collect::<Vec<_>>();
    text.push(shown!("\n{}\n", Shown::join(&counted, ", ")));
    if !adopted.is_empty() || objects.iter().any(|object| object.word != Word::Leave) {
        text.push(shown!("to do it: {}{}{:#}\n", CYAN, Shown::lines(up.trim_matches('`')), CYAN));
    }
    text
}

/// What `homelab down` would delete and keep, and a line that counts it; before it what others lose by it.
#[must_use]
pub fn removals(objects: &[ChangedObject], warnings: &[String]) -> Shown {
    let mut text = blocks(objects, warnings, false);
    match counted(objects) {
        none if none.is_empty() => text.push("nothing to delete: homelab has nothing in this cluster\n"),
        counted => text.push(shown!("\n{}\n", Shown::join(&counted, ", "))),
    }
    if objects.iter().any(|object| object.word == Word::Delete) {
        text.push("(counted: homelab's objects, and what cert-manager made for them)\n");
    }
    text
}

/// How many objects there are of each word.
fn counted(objects: &[ChangedObject]) -> Vec<Shown> {
    let count = |word: Word| objects.iter().filter(|object| object.word == word).count();
    let counted =
        Word::ALL.into_iter().map(|word| (count(word), word.counted())).filter(|(count, _)| *count > 0);
    counted.map(|(count, words)| shown!("{} {}", count, words)).collect()
}

fn warning(text: &str) -> Shown {
    shown!("{}!{:#} {}", YELLOW, YELLOW, Shown::line(text))
}

/// Says what others lose, where the list is not shown.
pub fn note_warnings(warnings: &[String]) {
    warnings.iter().for_each(|one| note(&warning(one)));
}

/// A line for each warning, and a block for each object.
fn blocks(objects: &[ChangedObject], warnings: &[String], verbose: bool) -> Shown {
    let mut text = Shown::default();
    for one in warnings {
        text.push(shown!("{}\n", warning(one)));
    }
    for object in objects {
        let (sign, style) = object.word.sign();
        text.push(shown!("{}{}{:#} {}{}{:#}\n", style, sign, style, BOLD, Shown::line(&object.object), BOLD));
        if object.word == Word::Create && !verbose {
            continue;
        }
        if object.word == Word::Change && object.fields.is_empty() {
            text.push("    (its fields are not compared)\n");
        }
        if object.word == Word::Adopt {
            text.push("    (what it has now is not read; these fields are written over it)\n");
        }
        for field in &object.fields {
            text.push(shown!("    {}\n", Shown::line(&field.path)));
            value(&mut text, ("-", RED), field.before.as_deref());
            value(&mut text, ("+", GREEN), field.after.as_deref());
        }
    }
    text
}

/// The lines of a value, each with its sign.
fn value(text: &mut Shown, (sign, style): (&'static str, anstyle::Style), value: Option<&str>) {
    let Some(value) = value else { return };
    for line in Shown::lines(value).as_str().lines() {
        text.push(shown!("      {}{}{:#} {}\n", style, sign, style, Shown::line(line)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(objects: &[ChangedObject], verbose: bool) -> String {
        let text = changes(objects, &[], 80, verbose, "`homelab up`");
        anstream::adapter::strip_str(text.as_str()).to_string()
    }

    fn field(path: &str, before: Option<&str>, after: Option<&str>) -> ChangedField {
        ChangedField { path: path.into(), before: before.map(Into::into), after: after.map(Into::into) }
    }

    fn object(word: Word, object: &str, fields: Vec<ChangedField>) -> ChangedObject {
        ChangedObject { word, object: object.into(), fields }
    }

    #[test]
    fn every_change_is_shown_with_its_fields_and_counted() {
        let objects = [
            object(
                Word::Create,
                "Ingress homelab/photos",
                vec![field("spec.ingressClassName", None, Some("nginx"))],
            ),
            object(
                Word::Change,
                "ConfigMap a/b",
                vec![field("data.c", Some("one\ntwo"), None), field("data.d", Some("1"), Some("2"))],
            ),
            object(Word::Delete, "Certificate homelab/old-tls", Vec::new()),
        ];
        assert_eq!(
            plain(&objects, false),
            "+ Ingress homelab/photos\n~ ConfigMap a/b\n    data.c\n      - one\n      - two\n    data.d\n      - 1\n      + 2\n\
             - Certificate homelab/old-tls\n\n1 to create, 1 to change, 1 to delete, 80 unchanged\nto do it: homelab up\n"
        );
        assert!(plain(&objects, true).contains("    spec.ingressClassName\n      + nginx\n"));
    }

    #[test]
    fn what_down_deletes_and_keeps_is_counted_after_what_others_lose() {
        let objects = [
            object(Word::Unpublish, "DNS records of nas.example.com", Vec::new()),
            object(Word::Delete, "Ingress homelab/nas", Vec::new()),
            object(Word::Keep, "Secret homelab/nas-tls", Vec::new()),
            object(Word::Spare, "Namespace homelab: ConfigMap homelab/theirs is in it", Vec::new()),
        ];
        let text = removals(&objects, &["Ingress blog/blog is served no more".to_owned()]);
        assert_eq!(
            anstream::adapter::strip_str(text.as_str()).to_string(),
            "! Ingress blog/blog is served no more\n- DNS records of nas.example.com\n- Ingress homelab/nas\n= Secret homelab/nas-tls\n\
             = Namespace homelab: ConfigMap homelab/theirs is in it\n\n1 to delete, 1 to remove from DNS, \
             1 kept for the next `homelab up`, 1 not deleted, because of what others have in it\n\
             (counted: homelab's objects, and what cert-manager made for them)\n"
        );
        assert!(removals(&[], &[]).as_str().starts_with("nothing to delete"));
    }

    #[test]
    fn nothing_to_do_is_one_line() {
        assert_eq!(plain(&[], false), "nothing to do: 80 objects match the configuration\n");
    }

    #[test]
    fn text_of_others_cannot_hide_what_is_shown() {
        let objects =
            [object(Word::Change, "ConfigMap a/b", vec![field("data.c", Some("x\u{1b}[2J\u{202e}y"), None)])];
        assert!(plain(&objects, false).contains("- x[2Jy\n"), "{}", plain(&objects, false));
    }
}
