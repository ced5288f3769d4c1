//! Which step of how many a run is in.
//!
//! Pure but for what is printed. A step that is not needed is not counted.

use crate::{cli::Depth, shell::Shell, wording};

/// The steps of a proof, and how many of them have begun.
#[derive(Debug)]
pub(super) struct Steps {
    names: Vec<String>,
    begun: usize,
}

impl Steps {
    /// Those of a run with so many changes.
    pub(super) fn of(changes: usize, depth: Depth, has_tests: bool) -> Self {
        let mut names = vec![
            "check every target as it is; that shows how long the rest will take".to_owned(),
            format!("check with {}", wording::count(changes, "change")),
        ];
        let timed = match depth {
            Depth::None => None,
            Depth::Quick => Some("time builds before and after in turns"),
            Depth::Full => Some("search profile settings, time builds before and after in turns"),
        };
        let tests = has_tests.then_some("run the tests");
        let last: Vec<&str> = timed.into_iter().chain(tests).collect();
        if !last.is_empty() {
            names.push(last.join(", "));
        }
        Self { names, begun: 0 }
    }

    /// Says that the next one begins.
    pub(super) fn next(&mut self, shell: &Shell) {
        if let Some(name) = self.names.get(self.begun) {
            self.begun += 1;
            shell.status(&format!("Step {}/{}", self.begun, self.names.len()), name);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_will_happen_is_counted() {
        let last = |depth, has_tests| Steps::of(1, depth, has_tests).names.pop().unwrap();
        assert_eq!(last(Depth::None, false), "check with 1 change");
        assert_eq!(last(Depth::None, true), "run the tests");
        assert_eq!(last(Depth::Quick, false), "time builds before and after in turns");
        assert_eq!(
            last(Depth::Quick, true),
            "time builds before and after in turns, run the tests"
        );
    }
}
