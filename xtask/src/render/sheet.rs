//! The pieces that `report.md` and `report.html` are both made of: sentences and tables as data.
//!
//! A figure is put into words once, here or in `facts`, and both reports print the same words.

/// How a column is set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    /// Names as they stand in files.
    Code,
    /// Aligned to the right.
    Number,
}

/// A table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Sheet {
    /// What it shows; plain text.
    pub(super) caption: String,
    /// The first column names the row.
    pub(super) columns: Vec<(&'static str, Kind)>,
    /// Plain text, one cell a column.
    pub(super) rows: Vec<Vec<String>>,
}

impl Sheet {
    pub(super) fn new(caption: impl Into<String>, columns: &[(&'static str, Kind)]) -> Self {
        Self { caption: caption.into(), columns: columns.to_vec(), rows: Vec::new() }
    }

    /// The same with these rows.
    pub(super) fn with(mut self, rows: impl IntoIterator<Item = Vec<String>>) -> Self {
        self.rows.extend(rows);
        self
    }
}

/// A piece of a section.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Block {
    /// Sentences, a bullet each; what stands in backticks is code.
    Lines(Vec<String>),
    /// A heading within the section.
    Heading(String),
    Sheet(Sheet),
    /// A table that a page folds away.
    Folded(Sheet),
}

impl Block {
    /// A table, folded away.
    pub(super) fn folded(self) -> Self {
        if let Self::Sheet(sheet) = self { Self::Folded(sheet) } else { self }
    }
}

/// A block of sentences; nothing where there are none.
pub(super) fn lines(lines: Vec<String>) -> Option<Block> {
    (!lines.is_empty()).then_some(Block::Lines(lines))
}
