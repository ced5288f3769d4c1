//! What timed builds and the files kept of them are called.
//!
//! Pure. A file name holds letters, digits and hyphens only.

/// A label behind a comma, if there is one.
pub(super) fn told(label: &str) -> String {
    if label.is_empty() { String::new() } else { format!(", {label}") }
}

/// A name of a file.
pub(super) fn words(what: &str) -> String {
    let word = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
    let name: String = what.chars().map(word).collect();
    name.split('-').filter(|part| !part.is_empty()).collect::<Vec<_>>().join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_name_is_made_of_words() {
        assert_eq!(words("clean dev build, baseline (1)"), "clean-dev-build-baseline-1");
    }
}
