//! Requirements on versions, compared: which asks for more, which can take the place of others.
//!
//! Pure text; a requirement that is not plain (`1`, `1.2`, `^1.2.3`) is never taken for one.

use cargo_metadata::semver::{Op, Version, VersionReq};

/// Whether a requirement is a plain one (`1`, `1.2`, `^1.2.3`), which two majors cannot both satisfy.
pub(crate) fn is_caret(requirement: &str) -> bool {
    floor(requirement).is_some()
}

/// Whether a requirement has no upper end.
pub(super) fn is_open(requirement: &str) -> bool {
    let is_lower = |op: Op| matches!(op, Op::Greater | Op::GreaterEq);
    VersionReq::parse(requirement).is_ok_and(|parsed| {
        parsed.comparators.iter().all(|one| is_lower(one.op) && one.pre.is_empty())
    })
}

/// The lowest version that a plain requirement allows.
fn floor(requirement: &str) -> Option<(u64, u64, u64)> {
    let parsed = VersionReq::parse(requirement).ok()?;
    let [one] = parsed.comparators.as_slice() else { return None };
    (one.op == Op::Caret && one.pre.is_empty())
        .then(|| (one.major, one.minor.unwrap_or(0), one.patch.unwrap_or(0)))
}

/// The more demanding of two plain requirements that one version satisfies; none where they differ and
/// either is anything else. The first, if neither is.
pub(crate) fn stricter<'a>(a: &'a str, b: &'a str) -> Option<&'a str> {
    if a == b {
        return Some(a);
    }
    Some(if floor(a)? >= floor(b)? { a } else { b })
}

/// Whether `new` is `old` or asks for more of the same: both plain and of one range of compatible
/// versions, of which cargo never takes two.
pub(crate) fn narrows(old: &str, new: &str) -> bool {
    old == new || range(old).is_some_and(|r| range(new) == Some(r)) && floor(new) >= floor(old)
}

/// What the versions that a plain requirement allows have in common: all up to the first number that
/// is not zero. None where that leaves several ranges, as `0` does.
fn range(requirement: &str) -> Option<(u64, u64, u64)> {
    match floor(requirement)? {
        (0, 0, 0) => None,
        (0, 0, patch) => Some((0, 0, patch)),
        (0, minor, _) => Some((0, minor, 0)),
        (major, ..) => Some((major, 0, 0)),
    }
}

/// The requirement that can take the place of each of several, given with the versions that they
/// resolved to: the most demanding one, if every locked version satisfies it. One that resolved to
/// nothing counts with any version among the others that satisfies both.
pub(crate) fn merged<'a>(asks: &[(&'a str, Option<&Version>)]) -> Option<&'a str> {
    let mut texts = asks.iter().map(|(text, _)| *text);
    let first = texts.next()?;
    let strictest = texts.try_fold(first, stricter)?;
    let allows = |text: &str, version: &Version| {
        VersionReq::parse(text).is_ok_and(|requirement| requirement.matches(version))
    };
    let stands_for = |(text, locked): &(&str, Option<&Version>)| {
        let known = match locked {
            Some(version) => allows(strictest, version),
            None => asks
                .iter()
                .filter_map(|(_, version)| *version)
                .any(|version| allows(text, version) && allows(strictest, version)),
        };
        *text == strictest || narrows(text, strictest) && known
    };
    asks.iter().all(stands_for).then_some(strictest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_more_demanding_requirement_wins() {
        assert_eq!(stricter("1.0", "1.35"), Some("1.35"));
        assert_eq!(stricter("1.10.2", "1.9"), Some("1.10.2"));
        assert_eq!(stricter("=1.0.3", "=1.0.3"), Some("=1.0.3"));
        assert_eq!(stricter("=1.0.3", "1.0"), None);
        assert_eq!(stricter(">=1, <3", "1"), None);
    }

    #[test]
    fn what_has_no_upper_end_is_open() {
        for open in [">=5", "*", ">1.2"] {
            assert!(is_open(open), "{open}");
        }
        for closed in ["=1.0.0", "<2", ">=1, <3", "~1.2", "1", "1.*", ">=1.0.0-rc.1"] {
            assert!(!is_open(closed), "{closed}");
        }
    }

    #[test]
    fn requirements_merge_only_where_what_is_locked_satisfies_all_of_them() {
        let version = |text: &str| Version::parse(text).unwrap();
        let (old, new) = (version("1.2.0"), version("1.9.0"));
        assert_eq!(merged(&[("1", Some(&new)), ("1.5", Some(&new))]), Some("1.5"));
        assert_eq!(merged(&[("1", Some(&old)), ("1.5", Some(&new))]), None);
        assert_eq!(merged(&[("1", None), ("1.5", Some(&new))]), Some("1.5"));
        assert_eq!(merged(&[("1", None), ("1.5", None)]), None);
        assert_eq!(merged(&[("1", None), ("1", None)]), Some("1"));
        assert_eq!(merged(&[("1.0", Some(&new)), ("^1", Some(&new))]), Some("1.0"));
        // One `0` could be 0.1 for one member and 0.3 for another.
        let early = version("0.3.1");
        assert_eq!(merged(&[("0", Some(&early)), ("0.3", Some(&early))]), None);
        assert_eq!(merged(&[("0.3", Some(&early)), ("0.3.1", Some(&early))]), Some("0.3.1"));
        assert_eq!(merged(&[("~1", Some(&new)), ("1", Some(&new))]), None);
    }

    #[test]
    fn a_requirement_narrows_within_its_range_only() {
        assert!(narrows("1.2", "1.5") && narrows("^0.3", "0.3.2"));
        assert!(!narrows("1.5", "1.2") && !narrows("1", "2") && !narrows("0.3", "0.4"));
        assert!(!narrows("0", "0.4") && !narrows("*", "1") && narrows("*", "*"));
    }
}
