//! The words of a zone file: quotes hold some together, `;` begins a comment, parentheses join lines (RFC 1035, section 5.1).

/// A mistake in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub why: String,
}

/// One entry.
pub(super) struct Line {
    /// Its first line, from 1.
    pub(super) number: usize,
    /// Whether it begins with a blank: then it is of the name before.
    pub(super) is_indented: bool,
    pub(super) words: Vec<Word>,
}

#[derive(Debug, Clone)]
pub(super) struct Word {
    pub(super) text: String,
}

/// The entries of a file; those without a word are left out.
pub(super) fn lines(text: &str) -> Result<Vec<Line>, Mistake> {
    let mut found: Vec<Line> = Vec::new();
    // Where the parenthesis stands that is open.
    let mut open: Option<usize> = None;
    for (at, line) in text.lines().enumerate() {
        let number = at + 1;
        let mistake = |why: &str| Mistake { line: number, why: why.to_owned() };
        if open.is_none() {
            let is_indented = line.starts_with([' ', '\t']);
            found.push(Line { number, is_indented, words: Vec::new() });
        }
        let mut letters = line.chars().peekable();
        let mut words = Vec::new();
        while let Some(letter) = letters.next() {
            match letter {
                ';' => break,
                '(' if open.is_some() => return Err(mistake("there is a `(` in parentheses")),
                '(' => open = Some(number),
                ')' if open.is_none() => return Err(mistake("there is a `)` too many")),
                ')' => open = None,
                '"' => {
                    let mut text = String::new();
                    loop {
                        match letters.next() {
                            None => return Err(mistake("a `\"` is never closed")),
                            Some('"') => break,
                            Some('\\') => match letters.next() {
                                Some(digit) if digit.is_ascii_digit() => {
                                    return Err(mistake("characters by number (`\\065`) are not read here"));
                                }
                                escaped => text.extend(escaped),
                            },
                            Some(letter) => text.push(letter),
                        }
                    }
                    words.push(Word { text });
                }
                letter if letter.is_whitespace() => {}
                letter => {
                    let mut text = String::from(letter);
                    let is_in = |letter: &char| !letter.is_whitespace() && !";()\"".contains(*letter);
                    while let Some(letter) = letters.next_if(is_in) {
                        text.push(letter);
                    }
                    words.push(Word { text });
                }
            }
        }
        if let Some(last) = found.last_mut() {
            last.words.append(&mut words);
        }
    }
    if let Some(line) = open {
        return Err(Mistake { line, why: "a `(` is never closed".to_owned() });
    }
    found.retain(|line| !line.words.is_empty());
    Ok(found)
}
