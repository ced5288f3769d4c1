//! The text form of formulas, by recursive descent. From loose to tight: `->`
//! (right), `|`, `&`, `U` (right), and the prefixes `!`, `X`, `G`, `F`. Depth is
//! bounded, so that no input can exhaust the stack.

use std::str::FromStr;

use super::formula::Formula;

/// Deepest nesting of parentheses and prefixes together.
const MAX_DEPTH: usize = 64;

/// Where and why a text is not a formula. Offsets count bytes from 0.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParseError {
    /// Something else belongs here.
    #[error("expected {expected} at offset {offset}, found {found}")]
    Unexpected {
        /// Where.
        offset: usize,
        /// What is there.
        found: String,
        /// What belongs there.
        expected: &'static str,
    },
    /// A character that no formula has.
    #[error("unknown character `{character}` at offset {offset}")]
    UnknownCharacter {
        /// Where.
        offset: usize,
        /// Which.
        character: char,
    },
    /// The formula is nested too deeply.
    #[error("nested too deeply at offset {offset}")]
    TooDeep {
        /// Where.
        offset: usize,
    },
}

impl FromStr for Formula {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        let mut parser = Parser {
            tokens: tokens(text)?,
            position: 0,
            depth: 0,
            end: text.len(),
        };
        let formula = parser.implies()?;
        match parser.peek() {
            None => Ok(formula),
            Some(_) => Err(parser.unexpected("an operator or the end")),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Token<'a> {
    Name(&'a str),
    Symbol(&'static str),
}

fn tokens(text: &str) -> Result<Vec<(usize, Token<'_>)>, ParseError> {
    const SYMBOLS: [&str; 6] = ["->", "!", "&", "|", "(", ")"];
    let mut tokens = Vec::new();
    let mut offset = 0;
    while let Some(character) = text[offset..].chars().next() {
        let rest = &text[offset..];
        if character.is_whitespace() {
            offset += character.len_utf8();
        } else if let Some(symbol) = SYMBOLS.into_iter().find(|s| rest.starts_with(s)) {
            tokens.push((offset, Token::Symbol(symbol)));
            offset += symbol.len();
        } else if character.is_ascii_alphabetic() || character == '_' {
            let len = rest
                .find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
                .unwrap_or(rest.len());
            tokens.push((offset, Token::Name(&rest[..len])));
            offset += len;
        } else {
            return Err(ParseError::UnknownCharacter { offset, character });
        }
    }
    Ok(tokens)
}

struct Parser<'a> {
    tokens: Vec<(usize, Token<'a>)>,
    position: usize,
    depth: usize,
    /// Offset reported for what is missing at the end.
    end: usize,
}

impl<'a> Parser<'a> {
    fn implies(&mut self) -> Result<Formula, ParseError> {
        self.descend()?;
        let left = self.or()?;
        let formula = if self.take(&Token::Symbol("->")) {
            Formula::Implies(Box::new(left), Box::new(self.implies()?))
        } else {
            left
        };
        self.depth -= 1;
        Ok(formula)
    }

    fn or(&mut self) -> Result<Formula, ParseError> {
        let mut left = self.and()?;
        while self.take(&Token::Symbol("|")) {
            left = Formula::Or(Box::new(left), Box::new(self.and()?));
        }
        Ok(left)
    }

    fn and(&mut self) -> Result<Formula, ParseError> {
        let mut left = self.until()?;
        while self.take(&Token::Symbol("&")) {
            left = Formula::And(Box::new(left), Box::new(self.until()?));
        }
        Ok(left)
    }

    fn until(&mut self) -> Result<Formula, ParseError> {
        self.descend()?;
        let left = self.prefix()?;
        let formula = if self.take(&Token::Name("U")) {
            Formula::Until(Box::new(left), Box::new(self.until()?))
        } else {
            left
        };
        self.depth -= 1;
        Ok(formula)
    }

    fn prefix(&mut self) -> Result<Formula, ParseError> {
        let Some(token) = self.peek().cloned() else {
            return Err(self.unexpected("a formula"));
        };
        let formula = match token {
            Token::Symbol("!") => Formula::Not(self.operand()?),
            Token::Name("X") => Formula::Next(self.operand()?),
            Token::Name("G") => Formula::Globally(self.operand()?),
            Token::Name("F") => Formula::Finally(self.operand()?),
            Token::Symbol("(") => {
                self.position += 1;
                let inner = self.implies()?;
                if !self.take(&Token::Symbol(")")) {
                    return Err(self.unexpected("`)`"));
                }
                inner
            }
            Token::Name("true") => self.leaf(Formula::True),
            Token::Name("false") => self.leaf(Formula::False),
            Token::Name(name) if name != "U" => self.leaf(Formula::Atom(name.to_owned())),
            _ => return Err(self.unexpected("a formula")),
        };
        Ok(formula)
    }

    fn operand(&mut self) -> Result<Box<Formula>, ParseError> {
        self.position += 1;
        self.descend()?;
        let operand = self.prefix()?;
        self.depth -= 1;
        Ok(Box::new(operand))
    }

    fn leaf(&mut self, formula: Formula) -> Formula {
        self.position += 1;
        formula
    }

    fn descend(&mut self) -> Result<(), ParseError> {
        self.depth += 1;
        // Each pair of parentheses passes through two levels.
        if self.depth > 2 * MAX_DEPTH {
            return Err(ParseError::TooDeep {
                offset: self.offset(),
            });
        }
        Ok(())
    }

    fn peek(&self) -> Option<&Token<'a>> {
        self.tokens.get(self.position).map(|(_, token)| token)
    }

    fn take(&mut self, token: &Token<'_>) -> bool {
        let taken = self.peek() == Some(token);
        self.position += usize::from(taken);
        taken
    }

    fn offset(&self) -> usize {
        self.tokens
            .get(self.position)
            .map_or(self.end, |(offset, _)| *offset)
    }

    fn unexpected(&self, expected: &'static str) -> ParseError {
        ParseError::Unexpected {
            offset: self.offset(),
            found: match self.peek() {
                Some(Token::Name(name)) => format!("`{name}`"),
                Some(Token::Symbol(symbol)) => format!("`{symbol}`"),
                None => "the end".to_owned(),
            },
            expected,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        text.parse::<Formula>().unwrap().to_string()
    }

    #[test]
    fn precedence_and_direction_are_those_of_the_grammar() {
        for (text, expected) in [
            ("a -> b -> c", "a -> b -> c"),
            ("(a -> b) -> c", "(a -> b) -> c"),
            ("a | b & c U d", "a | b & c U d"),
            ("((a | b) & c) U d", "((a | b) & c) U d"),
            ("G(!a&F b)", "G (!a & F b)"),
            ("G a -> b", "G a -> b"),
            ("a & (b & c)", "a & (b & c)"),
            ("X X !true | false", "X X !true | false"),
            ("Go & Final", "Go & Final"),
        ] {
            assert_eq!(shown(text), expected);
            assert_eq!(shown(&shown(text)), expected);
        }
    }

    #[test]
    fn errors_say_where() {
        for (text, message) in [
            ("", "expected a formula at offset 0, found the end"),
            ("G", "expected a formula at offset 1, found the end"),
            (
                "a b",
                "expected an operator or the end at offset 2, found `b`",
            ),
            ("(a & b", "expected `)` at offset 6, found the end"),
            ("a & U", "expected a formula at offset 4, found `U`"),
            ("a => b", "unknown character `=` at offset 2"),
        ] {
            let error = text.parse::<Formula>().unwrap_err();
            assert_eq!(error.to_string(), message, "{text}");
        }
    }

    #[test]
    fn depth_is_bounded() {
        for deep in ["(", "!", "a -> ", "a U "] {
            let error = deep.repeat(10_000).parse::<Formula>().unwrap_err();
            assert!(matches!(error, ParseError::TooDeep { .. }), "{deep}");
        }
        assert!(("!".repeat(50) + "a").parse::<Formula>().is_ok());
    }
}
