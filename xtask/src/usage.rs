//! Which names the code of a package mentions: the words of its Rust sources without comments.
//!
//! Pure. Errs on the side of "mentioned": strings, attributes and doc comments count, since serde
//! paths, macros and doc examples name crates there; a file that is no valid Rust counts whole.

use std::{
    collections::{BTreeMap, BTreeSet, HashSet},
    str::FromStr as _,
};

use proc_macro2::{Ident, TokenStream, TokenTree};

/// The words of a package's code.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Usage {
    words: HashSet<String>,
    /// `a::b` and `a::{b, c}`: what stands behind the two colons of a word.
    paths: BTreeMap<String, BTreeSet<String>>,
    /// Some of the code is not known: it may name anything.
    is_partial: bool,
}

/// Longer sources count whole: as tokens they would take many times their size in memory.
const MOST_PARSED_BYTES: usize = 4 * 1024 * 1024;

/// Sources nested deeper count whole: tokens are walked by recursion.
const MOST_NESTED: usize = 500;

impl Usage {
    /// Adds one source file.
    pub(crate) fn add(&mut self, source: &str) {
        // A first line `#!/usr/bin/env …` is not Rust.
        let source = match source.strip_prefix("#!") {
            Some(rest) if !rest.trim_start().starts_with('[') => {
                rest.split_once('\n').map_or("", |(_, rest)| rest)
            }
            _ => source,
        };
        if source.len() > MOST_PARSED_BYTES || nesting(source) > MOST_NESTED {
            return self.add_text(source);
        }
        match TokenStream::from_str(source) {
            Ok(tokens) => self.add_tokens(tokens),
            Err(_) => self.add_text(source),
        }
    }

    /// Notes that some of the code could not be read.
    pub(crate) fn add_unknown(&mut self) {
        self.is_partial = true;
    }

    /// Whether a word stands anywhere in the code, or may.
    pub(crate) fn mentions(&self, word: &str) -> bool {
        self.is_partial || self.words.contains(word)
    }

    /// The words that follow `word::`, also inside braces.
    pub(crate) fn behind(&self, word: &str) -> impl Iterator<Item = &str> {
        self.paths.get(word).into_iter().flatten().map(String::as_str)
    }

    fn add_tokens(&mut self, tokens: TokenStream) {
        let mut before: Option<String> = None;
        let mut colons = 0;
        for token in tokens {
            match token {
                TokenTree::Ident(ident) => {
                    let word = plain(&ident);
                    if let (Some(before), 2) = (&before, colons) {
                        self.add_path(before, &word);
                    }
                    self.add_word(&word);
                    before = Some(word);
                    colons = 0;
                }
                TokenTree::Punct(punct) if punct.as_char() == ':' => colons += 1,
                TokenTree::Group(group) => {
                    if let (Some(before), 2) = (&before, colons) {
                        self.add_heads(before, group.stream());
                    }
                    self.add_tokens(group.stream());
                    before = None;
                    colons = 0;
                }
                TokenTree::Literal(literal) => {
                    self.add_text(&literal.to_string());
                    before = None;
                }
                TokenTree::Punct(_) => {
                    before = None;
                    colons = 0;
                }
            }
        }
    }

    /// The first word of each item of a use tree: `a::{b::c, d}` has `b` and `d` behind `a`.
    fn add_heads(&mut self, before: &str, tokens: TokenStream) {
        let mut first = true;
        for token in tokens {
            match token {
                TokenTree::Ident(ident) if first => {
                    self.add_path(before, &plain(&ident));
                    first = false;
                }
                TokenTree::Punct(punct) if punct.as_char() == ',' => first = true,
                _ => first = false,
            }
        }
    }

    /// Most words of a source are known already: only new ones are stored.
    fn add_word(&mut self, word: &str) {
        if !self.words.contains(word) {
            self.words.insert(word.to_owned());
        }
    }

    fn add_path(&mut self, left: &str, right: &str) {
        match self.paths.get_mut(left) {
            Some(known) if known.contains(right) => {}
            Some(known) => _ = known.insert(right.to_owned()),
            None => _ = self.paths.insert(left.to_owned(), BTreeSet::from([right.to_owned()])),
        }
    }

    /// Adds text that is no Rust, such as Markdown with doc examples.
    pub(crate) fn add_text(&mut self, text: &str) {
        let words = text.split(|c: char| !c.is_alphanumeric() && c != '_');
        words.filter(|word| !word.is_empty()).for_each(|word| self.add_word(word));
        for (at, _) in text.match_indices("::") {
            let is_word = |c: char| c.is_alphanumeric() || c == '_';
            let left: String = {
                let reversed: String =
                    text[..at].chars().rev().take_while(|c| is_word(*c)).collect();
                reversed.chars().rev().collect()
            };
            let right: String = text[at + 2..].chars().take_while(|c| is_word(*c)).collect();
            if !left.is_empty() && !right.is_empty() {
                self.add_path(&left, &right);
            }
        }
    }
}

/// How deep brackets are nested at most, those in strings and comments counted too.
fn nesting(source: &str) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    for byte in source.bytes() {
        match byte {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    deepest
}

/// An identifier without `r#`.
fn plain(ident: &Ident) -> String {
    let word = ident.to_string();
    word.strip_prefix("r#").map(str::to_owned).unwrap_or(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usage(source: &str) -> Usage {
        let mut usage = Usage::default();
        usage.add(source);
        usage
    }

    #[test]
    fn comments_do_not_mention() {
        let usage = usage("// petgraph is gone\n/* statrs too */ fn f() {}");
        assert!(!usage.mentions("petgraph"));
        assert!(!usage.mentions("statrs"));
        assert!(usage.mentions("f"));
    }

    #[test]
    fn doc_comments_attributes_and_strings_mention() {
        let usage = usage(
            "/// ```\n/// use lru::Cache;\n/// ```\n#[serde(with = \"humantime_serde\")]\n#[async_trait::async_trait]\nfn f() {}",
        );
        for word in ["lru", "humantime_serde", "async_trait"] {
            assert!(usage.mentions(word), "{word}");
        }
    }

    #[test]
    fn a_macro_body_and_a_raw_identifier_mention() {
        let usage = usage("macro_rules! m { () => { $crate::x(dashmap::new()) } } fn r#gen() {}");
        assert!(usage.mentions("dashmap"));
        assert!(usage.mentions("gen"));
    }

    #[test]
    fn what_stands_behind_a_path_is_known() {
        let usage =
            usage("use tokio::{sync::mpsc, time}; fn f() { tokio::spawn(g()); ::tokio::io::x() }");
        let behind: Vec<_> = usage.behind("tokio").collect();
        assert_eq!(behind, ["io", "spawn", "sync", "time"]);
    }

    #[test]
    fn a_file_that_is_not_rust_counts_whole() {
        let usage = usage("fn f( { // petgraph::Graph");
        assert!(usage.mentions("petgraph"));
        assert_eq!(usage.behind("petgraph").collect::<Vec<_>>(), ["Graph"]);
    }

    #[test]
    fn brackets_nested_without_measure_and_endless_sources_count_whole() {
        let deep =
            format!("fn f() {{ {}dashmap::new(){} }}", "(".repeat(200_000), ")".repeat(200_000));
        assert!(usage(&deep).mentions("dashmap"));
        let long =
            format!("{}\nfn petgraph() {{}}", "// statrs\n".repeat(MOST_PARSED_BYTES / 10 + 1));
        assert!(usage(&long).mentions("petgraph") && usage(&long).mentions("statrs"));
        assert_eq!(nesting("((()))[{}]"), 3);
    }

    #[test]
    fn what_is_not_known_may_mention_anything() {
        let mut usage = usage("fn f() {}");
        assert!(!usage.mentions("petgraph"));
        usage.add_unknown();
        assert!(usage.mentions("petgraph"));
    }

    #[test]
    fn a_first_line_for_the_shell_is_passed_over() {
        assert!(usage("#!/usr/bin/env run\n// petgraph\nfn f() {}").mentions("f"));
        assert!(usage("#![allow(dead_code)]\nfn g() {}").mentions("g"));
    }
}
