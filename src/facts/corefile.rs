//! The form of a Corefile, as far as it takes to say what two parts of one do to each other.
//!
//! Words are split by blanks, `"` holds some together, `#` begins a comment where a word would begin; a directive goes on until the
//! end of its line, or of the braces that open in it (coredns/caddy 1.1.4, caddyfile/lexer.go and parse.go).

/// A file of blocks.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Corefile {
    /// What stands behind each `import` beside the blocks.
    pub imports: Vec<String>,
    /// The blocks.
    pub blocks: Vec<Block>,
}

/// The block of some zones.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Block {
    /// As they are written.
    pub keys: Vec<String>,
    /// What is in it.
    pub directives: Vec<Directive>,
}

/// One directive: a plugin, or `import`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Directive {
    /// Its name.
    pub name: String,
    /// What follows in its line.
    pub arguments: Vec<String>,
}

/// What cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub why: String,
}

#[derive(Debug, Clone)]
struct Word {
    text: String,
    line: usize,
}

impl Block {
    /// The zones that are answered for at port 53 in plain DNS, in lower case without the final dot; the root is `.`.
    pub fn zones(&self) -> impl Iterator<Item = String> {
        self.keys.iter().filter_map(|key| zone(key))
    }

    /// The directives of that name.
    pub fn of<'b>(&'b self, name: &'b str) -> impl Iterator<Item = &'b Directive> {
        self.directives.iter().filter(move |directive| directive.name == name)
    }
}

/// The zone of a key such as `dns://Lan:53`; `None` where it is served otherwise.
fn zone(key: &str) -> Option<String> {
    let plain = match key.split_once("://") {
        Some(("dns", rest)) => rest,
        Some(_) => return None,
        None => key,
    };
    let zone = match plain.rsplit_once(':') {
        Some((zone, "53")) => zone,
        Some((_, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => return None,
        _ => plain,
    };
    match zone.trim_end_matches('.') {
        "" => Some(".".to_owned()),
        zone => Some(zone.to_ascii_lowercase()),
    }
}

/// Reads a file of blocks.
///
/// # Errors
/// The first mistake in it.
pub fn parse(text: &str) -> Result<Corefile, Mistake> {
    let mut words = words(text)?.into_iter().peekable();
    let mut found = Corefile::default();
    while let Some(first) = words.next() {
        if first.text == "import" {
            found.imports.extend(words.next_if(|word| word.line == first.line).map(|word| word.text));
            continue;
        }
        let mut keys = vec![first];
        let line = keys[0].line;
        while let Some(word) = words.next_if(|word| word.text != "{") {
            keys.push(word);
        }
        if words.next().is_none() {
            return Err(Mistake { line, why: "a block has no `{`".to_owned() });
        }
        let mut inside = Vec::new();
        let mut depth = 1;
        for word in words.by_ref() {
            depth += usize::from(word.text == "{");
            depth -= usize::from(word.text == "}");
            if depth == 0 {
                break;
            }
            inside.push(word);
        }
        if depth > 0 {
            return Err(Mistake { line, why: "a block has no `}`".to_owned() });
        }
        let keys = keys.iter().flat_map(|word| word.text.split(',')).filter(|key| !key.is_empty());
        found
            .blocks
            .push(Block { keys: keys.map(str::to_owned).collect(), directives: directives_of(inside)? });
    }
    Ok(found)
}

/// Reads what stands in a block.
///
/// # Errors
/// The first mistake in it.
pub fn directives(text: &str) -> Result<Vec<Directive>, Mistake> {
    directives_of(words(text)?)
}

fn directives_of(words: Vec<Word>) -> Result<Vec<Directive>, Mistake> {
    let mut found: Vec<Directive> = Vec::new();
    let (mut depth, mut line) = (0_usize, 0);
    for word in words {
        match word.text.as_str() {
            "{" => depth += 1,
            "}" if depth == 0 => {
                return Err(Mistake { line: word.line, why: "there is a `}` too many".to_owned() });
            }
            "}" => depth -= 1,
            _ if depth > 0 => {}
            _ if word.line == line => {
                if let Some(last) = found.last_mut() {
                    last.arguments.push(word.text);
                }
                continue;
            }
            _ => found.push(Directive { name: word.text, arguments: Vec::new() }),
        }
        line = word.line;
    }
    match depth {
        0 => Ok(found),
        _ => Err(Mistake { line, why: "a `{` is never closed".to_owned() }),
    }
}

fn words(text: &str) -> Result<Vec<Word>, Mistake> {
    let mut found = Vec::new();
    let mut line = 1;
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '\n' => line += 1,
            letter if letter.is_whitespace() => {}
            '#' => while letters.next_if(|letter| *letter != '\n').is_some() {},
            '"' => {
                let (begun, mut word) = (line, String::new());
                loop {
                    match letters.next() {
                        None => {
                            return Err(Mistake { line: begun, why: "a `\"` is never closed".to_owned() });
                        }
                        Some('"') => break,
                        Some('\\') if letters.peek() == Some(&'"') => word.extend(letters.next()),
                        Some(letter) => {
                            line += usize::from(letter == '\n');
                            word.push(letter);
                        }
                    }
                }
                found.push(Word { text: word, line: begun });
            }
            letter => {
                let mut word = String::from(letter);
                while let Some(letter) = letters.next_if(|letter| !letter.is_whitespace()) {
                    word.push(letter);
                }
                found.push(Word { text: word, line });
            }
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    const K3S: &str = ".:53 {\n    errors\n    kubernetes cluster.local in-addr.arpa ip6.arpa {\n        pods insecure\n        fallthrough in-addr.arpa ip6.arpa\n    }\n    hosts /etc/coredns/NodeHosts {\n        ttl 60\n    }\n    import /etc/coredns/custom/*.override\n    forward . /etc/resolv.conf\n}\nimport /etc/coredns/custom/*.server\n";

    #[test]
    fn the_corefile_of_k3s_is_read_with_its_imports() {
        let read = parse(K3S).unwrap();
        assert_eq!(read.imports, ["/etc/coredns/custom/*.server"]);
        let block = &read.blocks[0];
        assert_eq!(block.zones().collect::<Vec<_>>(), ["."]);
        let names: Vec<&str> = block.directives.iter().map(|one| one.name.as_str()).collect();
        assert_eq!(names, ["errors", "kubernetes", "hosts", "import", "forward"]);
        assert_eq!(block.of("kubernetes").next().unwrap().arguments[0], "cluster.local");
    }

    #[test]
    fn a_zone_is_the_same_however_it_is_written_and_another_port_is_another_matter() {
        let read = parse("Lan, dns://k8s.intra.:53 tls://lan a:5353 {\n whoami\n}\n").unwrap();
        assert_eq!(read.blocks[0].zones().collect::<Vec<_>>(), ["lan", "k8s.intra"]);
    }

    #[test]
    fn comments_and_quotes_are_no_words_of_their_own() {
        let read =
            directives("# hosts\ntemplate IN A { # }\n answer \"{{ .Name }} 30 IN A 10.0.0.1\"\n}\nlog\n");
        let names: Vec<String> = read.unwrap().into_iter().map(|one| one.name).collect();
        assert_eq!(names, ["template", "log"]);
    }

    #[test]
    fn what_coredns_would_not_read_is_a_mistake_with_its_line() {
        for (text, line, why) in [
            ("lan {\n forward . 10.0.0.1\n", 1, "no `}`"),
            ("\nlan\n", 2, "no `{`"),
            ("lan {\n hosts {\n }\n}\n}\n", 5, "no `{`"),
            ("lan {\n log \"x\n}\n", 2, "never closed"),
        ] {
            let mistake = parse(text).unwrap_err();
            assert!(mistake.line == line && mistake.why.contains(why), "{text}: {mistake:?}");
        }
        assert!(directives("hosts {\n").unwrap_err().why.contains("never closed"));
        assert!(directives("log\n}\n").unwrap_err().why.contains("too many"));
    }
}
