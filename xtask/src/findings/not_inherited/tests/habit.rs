use super::*;

#[test]
fn what_is_not_the_habit_of_a_workspace_is_left() {
    let repeats = "[dependencies]\na = \"1\"\nb = \"1\"\nc = \"1\"\nd = \"1\"\ne = \"1\"\n";
    let paths: String = repeats
        .lines()
        .skip(1)
        .map(|line| format!("p{}\n", line.replace("\"1\"", "{ path = \"../x\" }")))
        .collect();
    let both = format!("{repeats}{paths}");
    let world = World::new("[workspace.dependencies]\nz = \"1\"\n", &[&both, &both]);
    let (changes, left) = world.judge(Heirs::AllRead, &[]);
    assert!(changes.is_empty(), "{changes:?}");
    assert_eq!(left.len(), 2, "{left:?}");
    has(
        &left,
        "not-inherited:repeated",
        "members repeat 5 (a, b, c and 2 more), the workspace declares 1",
    );
    has(
        &left,
        "not-inherited:paths",
        "members repeat 5 (pa, pb, pc and 2 more), the workspace declares 0",
    );
    // Five of its own are habit enough, for what is no path.
    let root = "[workspace.dependencies]\nv = \"1\"\nw = \"1\"\nx = \"1\"\ny = \"1\"\nz = \"1\"\n";
    let (changes, left) = World::new(root, &[&both, &both]).judge(Heirs::AllRead, &[]);
    assert_eq!((changes.len(), left.len()), (5, 1), "{changes:?} {left:?}");
}
