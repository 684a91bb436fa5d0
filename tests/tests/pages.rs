//! The pages that people read say what is so: links lead somewhere, exit codes and keys are those of the program.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use press::Template;
use seedpress_tests::program::judge;

const PAGES: [&str; 4] =
    ["README.md", "authoring/ARCHITECTURE.md", "authoring/sync/API.md", "templates/README.md"];

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
            let (file, heading) = target.split_once('#').unwrap_or((target, ""));
            assert!(folder.join(file).exists(), "{name}: {target}");
            let text = if heading.is_empty() { String::new() } else { page(file).to_lowercase() };
            assert!(heading.is_empty() || text.contains(&format!("\n## {heading}\n")), "{name}: {target}");
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
fn every_key_of_a_template_is_explained_and_no_other() {
    let explained =
        rows(page("templates/README.md").split("## Keys").nth(1).unwrap().split("\n\n|").nth(1).unwrap());
    let explained: BTreeSet<_> =
        explained.into_iter().map(|row| row.0).filter(|key| key.starts_with('`')).collect();
    let mut refused = BTreeSet::new();
    for (section, keys) in KEYS {
        let known = keys_of(section);
        assert_eq!(known, keys.iter().map(|key| (*key).to_owned()).collect(), "[{section}]");
        let dot = if section.is_empty() { "" } else { "." };
        refused.extend(
            known
                .into_iter()
                .filter(|key| !SECTIONS.contains(&&**key))
                .map(|key| format!("`{section}{dot}{key}`")),
        );
    }
    assert_eq!(explained, refused);
}

/// What holds keys, and is none.
const SECTIONS: [&str; 6] = ["esp", "seed", "disc", "boot", "file", "readme"];

/// The keys of each part of a template.
const KEYS: [(&str, &[&str]); 7] = [
    ("", &["format", "name", "kind", "esp", "seed", "disc", "boot", "file", "readme"]),
    ("esp", &["label", "size_mib"]),
    ("seed", &["label", "free_mib"]),
    ("disc", &["udf_revision", "iso_9660"]),
    ("boot", &["payload"]),
    ("file", &["volume", "path", "text", "from"]),
    ("readme", &["text"]),
];

/// The keys that the program knows in a section: it lists them when it meets another.
fn keys_of(section: &str) -> BTreeSet<String> {
    let text = page("templates/courier-disc.toml");
    let text = match section {
        "" => format!("no-such-key = 1\n{text}"),
        "file" => format!("{text}\n[[file]]\nno-such-key = 1\n"),
        "readme" => format!("{text}\n[readme]\nno-such-key = 1\n"),
        other => text.replace(&format!("[{other}]"), &format!("[{other}]\nno-such-key = 1")),
    };
    let said = Template::parse(&text).unwrap_err().to_string();
    assert!(said.contains("unknown field `no-such-key`"), "[{section}]: {said}");
    let listed = said.split("expected ").nth(1).unwrap();
    listed.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}
