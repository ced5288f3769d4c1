//! Formulas as a tree. Printing one and parsing the result gives the same tree.

use std::collections::BTreeSet;
use std::fmt;

/// A formula of linear temporal logic.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Formula {
    /// Holds always, written `true`.
    True,
    /// Holds never, written `false`.
    False,
    /// The event has this name.
    Atom(String),
    /// `!a`
    Not(Box<Formula>),
    /// `a & b`
    And(Box<Formula>, Box<Formula>),
    /// `a | b`
    Or(Box<Formula>, Box<Formula>),
    /// `a -> b`
    Implies(Box<Formula>, Box<Formula>),
    /// `X a`: there is a next event, and `a` holds there.
    Next(Box<Formula>),
    /// `G a`: from here on always.
    Globally(Box<Formula>),
    /// `F a`: here or later.
    Finally(Box<Formula>),
    /// `a U b`: `b` here or later, and `a` until then.
    Until(Box<Formula>, Box<Formula>),
}

impl Formula {
    /// The names that the formula speaks of.
    pub fn atoms(&self) -> BTreeSet<&str> {
        let mut atoms = BTreeSet::new();
        self.collect_atoms(&mut atoms);
        atoms
    }

    fn collect_atoms<'a>(&'a self, atoms: &mut BTreeSet<&'a str>) {
        match self {
            Formula::True | Formula::False => {}
            Formula::Atom(name) => {
                atoms.insert(name);
            }
            Formula::Not(a) | Formula::Next(a) | Formula::Globally(a) | Formula::Finally(a) => {
                a.collect_atoms(atoms);
            }
            Formula::And(a, b)
            | Formula::Or(a, b)
            | Formula::Implies(a, b)
            | Formula::Until(a, b) => {
                a.collect_atoms(atoms);
                b.collect_atoms(atoms);
            }
        }
    }

    /// How tightly the outermost operator binds; see the parser.
    fn precedence(&self) -> u8 {
        match self {
            Formula::Implies(..) => 1,
            Formula::Or(..) => 2,
            Formula::And(..) => 3,
            Formula::Until(..) => 4,
            _ => 5,
        }
    }
}

/// Prints an operand, in parentheses where its operator binds less than `least`.
struct Operand<'a>(&'a Formula, u8);

impl fmt::Display for Operand<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.precedence() < self.1 {
            write!(f, "({})", self.0)
        } else {
            write!(f, "{}", self.0)
        }
    }
}

impl fmt::Display for Formula {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Formula::True => f.write_str("true"),
            Formula::False => f.write_str("false"),
            Formula::Atom(name) => f.write_str(name),
            Formula::Not(a) => write!(f, "!{}", Operand(a, 5)),
            Formula::Next(a) => write!(f, "X {}", Operand(a, 5)),
            Formula::Globally(a) => write!(f, "G {}", Operand(a, 5)),
            Formula::Finally(a) => write!(f, "F {}", Operand(a, 5)),
            // `&` and `|` lean left, `U` and `->` lean right.
            Formula::And(a, b) => write!(f, "{} & {}", Operand(a, 3), Operand(b, 4)),
            Formula::Or(a, b) => write!(f, "{} | {}", Operand(a, 2), Operand(b, 3)),
            Formula::Implies(a, b) => write!(f, "{} -> {}", Operand(a, 2), Operand(b, 1)),
            Formula::Until(a, b) => write!(f, "{} U {}", Operand(a, 5), Operand(b, 4)),
        }
    }
}
