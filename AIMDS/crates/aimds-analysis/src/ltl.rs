//! Linear temporal logic over finite traces: formulas as data, their text form,
//! and their truth over the events of one user.

mod evaluate;
mod formula;
mod parse;

pub use evaluate::{Event, Truth};
pub use formula::Formula;
pub use parse::ParseError;
