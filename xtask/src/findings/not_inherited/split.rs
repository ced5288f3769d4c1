//! Entries of the workspace that ask for more than a member wants: what only some want moves to them.

use std::collections::BTreeSet;

use crate::{
    graph::{Surplus, Use},
    manifest::Declaration,
    plan::Edit,
};

use super::{Heirs, Workspace};

/// Who inherits an entry, what has to move for it, and who does not.
pub(super) struct Split<'a> {
    pub(super) inheriting: Vec<&'a Use<'a>>,
    pub(super) edits: Vec<Edit>,
    pub(super) left: Vec<(&'a Use<'a>, String)>,
    moved: Surplus,
}

impl Split<'_> {
    /// Why the entry is inherited, and what moved.
    pub(super) fn reason(&self) -> String {
        let declares = "[workspace.dependencies] declares it";
        let default = self.moved.default_features.then_some("the default features");
        let moved: Vec<&str> =
            default.into_iter().chain(self.moved.features.iter().map(String::as_str)).collect();
        if moved.is_empty() {
            return declares.to_owned();
        }
        format!(
            "{declares}; its heirs ask for {} themselves, as not all want that",
            moved.join(", ")
        )
    }
}

/// Decides which of `joined` inherit. Those that would get more than they ask for do so only if the
/// rest can be moved from the workspace's entry to its heirs, and if for that no more heirs have to be
/// edited than entries come to inherit.
pub(super) fn split<'a>(
    workspace: &Workspace<'_>,
    base: &Declaration,
    heirs: &[&'a Use<'a>],
    joined: Vec<&'a Use<'a>>,
) -> Split<'a> {
    let surplus = |usage: &Use<'_>| Surplus::of(&usage.declared, base);
    let (mut short, mut inheriting): (Vec<&Use<'_>>, Vec<&Use<'_>>) =
        joined.into_iter().partition(|usage| surplus(usage).is_some());
    let mut moved = Surplus { default_features: false, features: Vec::new() };
    let mut left = Vec::new();
    if let Some(obstacle) = obstacle(workspace, heirs) {
        short.retain(|usage| {
            let is_barred = obstacle.bars(surplus(usage).as_ref());
            if is_barred {
                left.push((*usage, format!("{}; {}", told(surplus(usage)), obstacle.reason())));
            }
            !is_barred
        });
    }
    // All at once, else whichever lack the same. What is moved already costs nothing again.
    loop {
        let kinds: BTreeSet<Option<Surplus>> = short.iter().map(|usage| surplus(usage)).collect();
        let one = kinds.into_iter().map(|kind| {
            short.iter().copied().filter(|usage| surplus(usage) == kind).collect::<Vec<_>>()
        });
        let pays = std::iter::once(short.clone()).chain(one).find(|some| {
            let more = some.iter().filter_map(|usage| surplus(usage)).fold(moved.clone(), union);
            let newly = to_edit(heirs, &more).len() - to_edit(heirs, &moved).len();
            !some.is_empty() && newly <= some.len()
        });
        let Some(some) = pays else { break };
        moved = some.iter().filter_map(|usage| surplus(usage)).fold(moved, union);
        short.retain(|usage| !some.iter().any(|other| std::ptr::eq(*usage, *other)));
        inheriting.extend(some);
    }
    for usage in short {
        let alone = surplus(usage).into_iter().fold(moved.clone(), union);
        let count = to_edit(heirs, &alone).len();
        let reason = format!(
            "{}; for the workspace's entry to do without, {count} heirs would have to ask for that",
            told(surplus(usage))
        );
        left.push((usage, reason));
    }
    inheriting.sort_by_key(|usage| (usage.manifest, &usage.table));
    // In the order of the entry, whatever the members' order.
    moved.features = base.features.iter().filter(|f| moved.features.contains(f)).cloned().collect();
    Split { edits: edits(base, heirs, &moved), inheriting, left, moved }
}

fn told(surplus: Option<Surplus>) -> String {
    surplus.map(|surplus| surplus.to_string()).unwrap_or_default()
}

/// What keeps an entry of the workspace from being taken apart.
enum Obstacle {
    Outside,
    /// The member's name.
    Ambiguous(String),
}

impl Obstacle {
    fn bars(&self, surplus: Option<&Surplus>) -> bool {
        match self {
            Self::Outside => true,
            Self::Ambiguous(_) => surplus.is_some_and(|surplus| surplus.default_features),
        }
    }

    fn reason(&self) -> String {
        match self {
            Self::Outside => "a member outside the workspace directory may inherit them".to_owned(),
            Self::Ambiguous(member) => format!(
                "{member} says `default-features = false` and inherits them, \
                 which not every cargo reads alike"
            ),
        }
    }
}

fn obstacle(workspace: &Workspace<'_>, heirs: &[&Use<'_>]) -> Option<Obstacle> {
    if workspace.heirs == Heirs::SomeOutside {
        return Some(Obstacle::Outside);
    }
    // Without effect up to edition 2021, an error in 2024, and from Rust 1.99 on it counts.
    let is_ambiguous = |usage: &&&Use<'_>| usage.declared.default_features == Some(false);
    let heir = heirs.iter().find(is_ambiguous)?;
    Some(Obstacle::Ambiguous(heir.member.name.clone()))
}

fn union(mut all: Surplus, more: Surplus) -> Surplus {
    all.default_features |= more.default_features;
    let new: Vec<String> =
        more.features.into_iter().filter(|name| !all.features.contains(name)).collect();
    all.features.extend(new);
    all
}

/// Heirs that do not ask themselves for all that moves.
fn to_edit<'a>(heirs: &[&'a Use<'a>], moved: &Surplus) -> Vec<&'a Use<'a>> {
    let lacks = |usage: &&Use<'_>| {
        let own = &usage.declared;
        moved.features.iter().any(|feature| !own.features.contains(feature))
            || moved.default_features && own.default_features != Some(true)
    };
    heirs.iter().copied().filter(lacks).collect()
}

fn edits(base: &Declaration, heirs: &[&Use<'_>], moved: &Surplus) -> Vec<Edit> {
    if moved.features.is_empty() && !moved.default_features {
        return Vec::new();
    }
    let Surplus { default_features, features } = moved.clone();
    let key = base.key.clone();
    let withdraw = Edit::Withdraw { key, features, default_features };
    let ask = to_edit(heirs, moved).into_iter().map(|usage| Edit::Ask {
        site: usage.site(),
        key: base.key.clone(),
        features: moved.features.clone(),
        default_features: moved.default_features,
    });
    std::iter::once(withdraw).chain(ask).collect()
}
