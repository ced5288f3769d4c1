//! What a single prompt does not show: whether it is unlike its sender, and
//! whether it breaks a rule together with what came before.
//!
//! [`Baseline`] learns what is usual as a mean and a covariance and scores an
//! observation by its Mahalanobis distance. [`Formula`] is linear temporal logic
//! over the events of one user. [`Analyzer`] keeps both for each user.
//!
//! ```
//! use aimds_analysis::{Event, Formula, Truth};
//!
//! let formula: Formula = "G (blocked -> X !exfiltration)".parse()?;
//! let trace = [Event::of(["blocked"]), Event::of(["exfiltration"])];
//! assert_eq!(formula.so_far(&trace), Truth::False);
//! # Ok::<(), aimds_analysis::ParseError>(())
//! ```

mod analyzer;
mod baseline;
mod features;
mod ltl;
mod profile;

pub use analyzer::{Analysis, Analyzer};
pub use baseline::Baseline;
pub use features::{features, FEATURES};
pub use ltl::{Event, Formula, ParseError, Truth};
pub use profile::Profile;

/// The result of a fallible operation of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why an analyzer could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A formula of the configuration is not well formed.
    #[error("failed to parse the formula `{formula}`")]
    Formula {
        /// As it was written.
        formula: String,
        /// Where and why.
        #[source]
        source: ParseError,
    },
    /// A formula speaks of something that is never recorded.
    #[error("the formula `{formula}` uses `{atom}`, which no event can have")]
    UnknownAtom {
        /// As it was written.
        formula: String,
        /// The name it uses.
        atom: String,
    },
}
