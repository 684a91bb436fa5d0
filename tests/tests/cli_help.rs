//! Help, manual pages and completions tell of everything, and fit on a terminal.

use seedpress_tests::desk::Desk;
use seedpress_tests::judge::Judge;

/// How wide help may be, in characters.
const WIDTH: usize = 80;

/// A verb, as it is typed after `seedpress`, and its manual page.
struct Page {
    verb: String,
    text: String,
}

/// The manual pages of the program and of all verbs.
fn pages(desk: &Desk) -> Vec<Page> {
    let written = desk.object(0, "man pages/man1");
    let paths = written["written"].as_array().unwrap().iter().map(|path| path.as_str().unwrap().to_owned());
    let page = |path: String| {
        let name = path.strip_prefix("pages/man1/seedpress").unwrap().strip_suffix(".1").unwrap();
        // The one verb with a hyphen of its own.
        let verb = name.replace('-', " ").replace("rotate secret", "rotate-secret");
        Page { verb, text: String::from_utf8(desk.read(&path)).unwrap() }
    };
    paths.map(page).collect()
}

#[test]
fn there_is_a_page_for_every_verb() {
    let pages = pages(&Desk::empty());
    let verbs: Vec<_> = pages.iter().map(|page| page.verb.trim()).collect();
    let expected = [
        "",
        "publish",
        "images",
        "locate",
        "check",
        "plan",
        "build",
        "verify",
        "identify",
        "inspect",
        "ls",
        "cat",
        "deploy",
        "serve",
        "device",
        "client",
        "disksyncmgr",
        "keygen",
        "completions",
        "man",
        "plan usb",
        "plan disc",
        "build usb",
        "build disc",
        "device add",
        "device list",
        "device show",
        "device assign",
        "device unassign",
        "device policy",
        "device rotate-secret",
        "device remove",
        "device restore",
        "device report",
        "client enroll",
        "client sync",
        "client status",
        "client config",
        "client trust",
        "client receipt",
        "client config get",
        "client config set",
        "client trust add",
        "client trust list",
        "client trust remove",
    ];
    assert_eq!(verbs, expected);
    for Page { verb, text } in pages {
        for section in ["NAME", "SYNOPSIS", "DESCRIPTION", "\"EXIT STATUS\"", "ENVIRONMENT"] {
            assert!(text.contains(&format!(".SH {section}\n")), "{verb}: {section}");
        }
    }
}

#[test]
fn help_fits_on_a_terminal_and_explains_every_option() {
    let desk = Desk::empty();
    for Page { verb, text: page } in pages(&desk) {
        for line in [format!("{verb} -h"), format!("{verb} --help")] {
            let help = desk.does(&line).text();
            let wide = help.lines().find(|line| line.chars().count() > WIDTH);
            assert_eq!(wide, None, "{verb}");
            for option in options(&help) {
                assert!(option.explained, "{verb}: {} is not explained", option.name);
                let name = option.name.replace('-', "\\-");
                assert!(page.contains(&name), "{verb}: {} is not in the manual page", option.name);
            }
        }
    }
}

/// An option in a help text.
struct Named<'a> {
    name: &'a str,
    explained: bool,
}

fn options(help: &str) -> Vec<Named<'_>> {
    let lines: Vec<_> = help.lines().collect();
    let options = lines.iter().enumerate().filter(|(_, line)| line.trim_start().starts_with('-'));
    let named = options.filter_map(|(number, line)| {
        let name = line.split_whitespace().find(|word| word.starts_with("--"))?;
        let same_line = line.trim().split_once("  ").is_some();
        let next = lines
            .get(number + 1)
            .is_some_and(|next| next.starts_with("          ") && !next.trim().is_empty());
        Some(Named { name, explained: same_line || next })
    });
    named.collect()
}

#[test]
fn the_manual_page_has_the_exit_codes_of_the_help() {
    let desk = Desk::empty();
    let help = desk.does("--help").text();
    let page = &pages(&desk)[0].text;
    let codes =
        help.lines().skip_while(|line| *line != "Exit codes:").skip(1).take_while(|line| !line.is_empty());
    let mut count = 0;
    for line in codes {
        let (code, meaning) = line.trim().split_once("  ").unwrap();
        assert!(page.replace('\\', "").contains(&format!(".B {code}\n{meaning}\n")), "seedpress.1: {line}");
        count += 1;
    }
    assert_eq!(count, 13);
}

#[test]
fn shells_can_complete_every_verb() {
    let desk = Desk::empty();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = desk.does(&format!("completions {shell}")).text();
        for word in ["publish", "identify", "esp-tree", "pubkey"] {
            assert!(script.contains(word), "{shell}: {word}");
        }
        assert_eq!(desk.object(0, &format!("completions {shell}"))["script"], *script);
    }
    let script = desk.does("completions bash").stdout;
    Judge::new("bash").arg("-n").fed(&script).agrees();
}

#[test]
fn options_of_every_verb_stand_before_and_after_it() {
    let desk = Desk::stocked();
    let before = desk.does("--store store --json -v --progress none images").text();
    let after = desk.does("images -v --json --progress none --store store").text();
    let from_environment = desk.judge("images --json").env("SEEDPRESS_STORE", "store").agrees().text();
    assert_eq!((&before, &before), (&after, &from_environment));
}
