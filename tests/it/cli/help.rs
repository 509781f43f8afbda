//! Every command explains itself.

use super::program::run;

/// The names of the commands that a help text lists.
fn listed(help: &str) -> Vec<String> {
    help.lines()
        .skip_while(|line| *line != "Commands:")
        .skip(1)
        .take_while(|line| line.starts_with("  "))
        .filter_map(|line| line.split_whitespace().next())
        .map(str::to_owned)
        .collect()
}

#[test]
fn every_command_has_a_help_with_an_example() {
    let home = tempfile::tempdir().unwrap();
    let mut paths: Vec<Vec<String>> = vec![Vec::new()];
    let mut seen = 0;
    while let Some(path) = paths.pop() {
        let mut arguments = path.clone();
        arguments.push("--help".into());
        let ended = run(home.path(), &arguments);
        assert_eq!(ended.code, Some(0), "{path:?}: {}", ended.err);
        assert!(ended.out.contains("Example"), "{path:?} has no example");
        assert!(ended.out.contains("  hookyard "), "{path:?} has no example");
        for name in listed(&ended.out) {
            paths.push(path.iter().cloned().chain([name]).collect());
        }
        seen += 1;
    }
    assert!(seen > 30, "only {seen} commands were found");
}

#[test]
fn help_explains_filters_and_commands_and_says_so_where_it_cannot() {
    let home = tempfile::tempdir().unwrap();
    let filter = run(home.path(), &["help", "filter"]);
    assert!(
        filter.code == Some(0) && filter.out.contains("state:"),
        "{filter:?}"
    );
    let create = run(home.path(), &["help", "endpoint", "create"]);
    assert!(
        create.code == Some(0) && create.out.contains("--secret-file"),
        "{create:?}"
    );
    let unknown = run(home.path(), &["help", "endpiont"]);
    assert_eq!(unknown.code, Some(2));
    assert_eq!(
        unknown.err,
        "hookyard: there is no help on \"endpiont\": `hookyard help` lists the commands, `hookyard help filter` \
         explains filters\n"
    );
}
