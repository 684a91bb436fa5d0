//! The pages that people read say what is so: links lead somewhere, exit codes and keys are those of the program.

use std::path::{Path, PathBuf};

use seedpress_tests::program::judge;

const PAGES: [&str; 3] = ["README.md", "authoring/ARCHITECTURE.md", "templates/README.md"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().into()
}

fn page(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap()
}

/// The first two cells of each row of the tables in a page.
fn rows(text: &str) -> Vec<(String, String)> {
    let cells = |line: &str| -> Option<(String, String)> {
        let mut cells = line.strip_prefix("| ")?.split(" | ");
        Some((cells.next()?.into(), cells.next()?.trim_end_matches(" |").into()))
    };
    text.lines().filter_map(cells).collect()
}

#[test]
fn every_link_leads_to_a_file_of_the_tree() {
    for name in PAGES {
        let text = page(name);
        let folder = root().join(name).parent().unwrap().to_path_buf();
        let targets = text.split("](").skip(1).map(|rest| rest.split(')').next().unwrap());
        for target in targets.filter(|target| !target.starts_with("https://")) {
            assert!(folder.join(target).exists(), "{name}: {target}");
        }
    }
}

#[test]
fn the_readme_has_the_exit_codes_of_the_program() {
    let help = judge().arg("--help").agrees().text();
    let listed = help.split("Exit codes:\n").nth(1).unwrap();
    let rows = rows(&page("README.md"));
    let codes: Vec<&str> = listed.lines().map(str::trim).take_while(|line| !line.is_empty()).collect();
    assert!(codes.len() > 10, "{help}");
    for line in codes {
        let (code, meaning) = line.split_once("  ").unwrap();
        let said = rows.iter().find(|row| row.0 == code).map(|row| row.1.replace('`', ""));
        assert_eq!(said.as_deref(), Some(meaning.trim()), "exit code {code}");
    }
}

#[test]
fn every_key_of_the_template_is_explained() {
    let rows = rows(&page("templates/README.md"));
    let mut section = String::new();
    let mut keys = 0;
    for line in page("templates/usb.toml").split("\"\"\"").next().unwrap().lines() {
        if let Some(name) = line.strip_prefix('[') {
            section = format!("{}.", name.trim_end_matches(']'));
        } else if let Some((key, _)) = line.split_once(" = ") {
            let key = format!("`{section}{key}`");
            assert!(rows.iter().any(|row| row.0 == key), "{key}");
            keys += 1;
        }
    }
    assert!(keys > 5);
}
