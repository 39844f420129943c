//! A file as its author laid it out: where each key and each value begins and ends. The events are those of the parser below
//! serde-saphyr, so a file means the same here and where it is read.

use std::iter::Peekable;
use std::ops::Range;

use granit_parser::{Event, Parser, ScalarStyle, Span, StructureStyle};

/// The one document of a file.
#[derive(Debug)]
pub(super) struct Outline {
    /// Its value.
    pub root: Item,
    /// Where the comments stand.
    pub comments: Vec<Range<usize>>,
    /// Where `...` ends the document, if it does.
    pub ends: Option<usize>,
}

/// A key or a value. All places are bytes from the beginning of the file.
#[derive(Debug)]
pub(super) struct Item {
    /// Where it begins, its anchor and its tag included.
    pub start: usize,
    /// Behind its last character; blank lines and comments below it are not its own.
    pub end: usize,
    /// What it is.
    pub kind: Kind,
}

/// What a key or a value is.
#[derive(Debug)]
pub(super) enum Kind {
    /// Nothing is written there.
    Nothing,
    /// `null`, `~` and the like.
    Null,
    /// Any other scalar, in what it means.
    Scalar(String),
    /// `*name`.
    Alias,
    /// A list of either style.
    List,
    /// `{ … }`, with the place of its brace.
    Flow(usize, Vec<Entry>),
    /// A mapping of one line or more for each entry.
    Block(Vec<Entry>),
}

/// One entry of a mapping.
#[derive(Debug)]
pub(super) struct Entry {
    pub key: Item,
    pub value: Item,
}

impl Entry {
    /// Whether its key is this name.
    pub(super) fn is(&self, name: &str) -> bool {
        matches!(&self.key.kind, Kind::Scalar(key) if key == name)
    }

    /// Behind its last character.
    pub(super) fn end(&self) -> usize {
        self.key.end.max(self.value.end)
    }
}

/// Reads a file; `None` for one that is no YAML, or has not exactly one document.
pub(super) fn read(text: &str) -> Option<Outline> {
    let options =
        granit_parser::options! { emit_anchor_events: true, max_buffered_comment_events: usize::MAX };
    let (mut events, mut comments, mut documents, mut ends) = (Vec::new(), Vec::new(), 0, None);
    for event in Parser::new_from_str_with_options(text, options) {
        let (event, span) = event.ok()?;
        let range = span.byte_range()?;
        match event {
            Event::Comment(..) => comments.push(range),
            Event::DocumentStart(..) => documents += 1,
            Event::DocumentEnd if text.get(range.clone())?.starts_with("...") => ends = Some(range.start),
            Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => {}
            event => events.push((event, span)),
        }
    }
    if documents != 1 {
        return None;
    }
    let root = Reader { text, events: events.into_iter().peekable() }.item()?;
    Some(Outline { root, comments, ends })
}

struct Reader<'t, I: Iterator> {
    text: &'t str,
    events: Peekable<I>,
}

impl<'t, I: Iterator<Item = (Event<'t>, Span)>> Reader<'t, I> {
    fn item(&mut self) -> Option<Item> {
        let (event, span) = self.events.next()?;
        let range = span.byte_range()?;
        // An anchor and a tag stand before the value, and may be all that is written.
        let mut properties: Vec<Range<usize>> =
            span.tag_span().and_then(|tag| tag.byte_range()).into_iter().collect();
        if let Some((_, anchor)) = self.events.next_if(|(event, _)| matches!(event, Event::Anchor(..))) {
            properties.push(anchor.byte_range()?);
        }
        let (kind, written) = match event {
            Event::Alias(_) => (Kind::Alias, range),
            Event::Scalar(value, style, ..) => scalar(self.text, &value, style, range)?,
            Event::SequenceStart(style, ..) => (Kind::List, self.list(style, range)?),
            Event::MappingStart(style, ..) => self.mapping(style, range)?,
            _ => return None,
        };
        let is_nothing = matches!(kind, Kind::Nothing);
        let all = properties.into_iter().chain((!is_nothing).then_some(written.clone()));
        let whole = all.reduce(|a, b| a.start.min(b.start)..a.end.max(b.end));
        let whole = whole.unwrap_or(written.start..0);
        Some(Item { start: whole.start, end: whole.end, kind })
    }

    fn list(&mut self, style: StructureStyle, range: Range<usize>) -> Option<Range<usize>> {
        let mut end = range.start;
        loop {
            if let Some((_, span)) = self.events.next_if(|(event, _)| matches!(event, Event::SequenceEnd)) {
                return Some(range.start..closed(style, &span, end)?);
            }
            end = end.max(self.item()?.end);
        }
    }

    fn mapping(&mut self, style: StructureStyle, range: Range<usize>) -> Option<(Kind, Range<usize>)> {
        let (mut entries, mut end) = (Vec::new(), range.start);
        loop {
            if let Some((_, span)) = self.events.next_if(|(event, _)| matches!(event, Event::MappingEnd)) {
                let whole = range.start..closed(style, &span, end)?;
                let kind = match style {
                    StructureStyle::Flow => Kind::Flow(range.start, entries),
                    StructureStyle::Block => Kind::Block(entries),
                };
                return Some((kind, whole));
            }
            let entry = Entry { key: self.item()?, value: self.item()? };
            end = end.max(entry.end());
            entries.push(entry);
        }
    }
}

/// Where a list or a mapping ends: with its bracket, or with the last thing in it.
fn closed(style: StructureStyle, span: &Span, last: usize) -> Option<usize> {
    match style {
        StructureStyle::Flow => span.byte_range().map(|range| range.end),
        StructureStyle::Block => Some(last),
    }
}

fn scalar(text: &str, value: &str, style: ScalarStyle, range: Range<usize>) -> Option<(Kind, Range<usize>)> {
    let written = text.get(range.clone())?;
    // A block scalar reaches to the next thing in the file.
    let written = range.start..range.start + written.trim_end().len();
    let kind = match style {
        ScalarStyle::Plain if written.is_empty() => Kind::Nothing,
        ScalarStyle::Plain if ["~", "null", "Null", "NULL"].contains(&value) => Kind::Null,
        _ => Kind::Scalar(value.to_owned()),
    };
    Some((kind, written))
}
