//! Finds the programs that media start, which `cargo xtask loader` builds, so that they can be part of this one.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// The variable that names the folder of the programs.
const FOLDER: &str = "SEEDPRESS_BOOT_PROGRAMS";
/// Where `cargo xtask loader` leaves them, from the folder that cargo builds in.
const BUILT: &str = "boot-programs";
/// The programs: the configuration that says that one is there, the variable with its path, its name.
const PROGRAMS: [(&str, &str, &str); 2] =
    [("has_loader", "SEEDPRESS_LOADER", "loader.efi"), ("has_init", "SEEDPRESS_INIT", "init")];

/// What the programs are made of.
const SOURCES: [&str; 3] = ["../../templates/boot", "../../formats/src", "../deploy/src"];

fn main() {
    println!("cargo::rerun-if-env-changed={FOLDER}");
    let given = env::var_os(FOLDER).map(PathBuf::from);
    let newest =
        if given.is_some() { None } else { SOURCES.iter().filter_map(|path| newest(Path::new(path))).max() };
    let folder = given.or_else(built);
    for (there, variable, name) in PROGRAMS {
        println!("cargo::rustc-check-cfg=cfg({there})");
        let Some(program) = folder.as_ref().map(|folder| folder.join(name)) else { continue };
        println!("cargo::rerun-if-changed={}", program.display());
        if program.is_file() {
            if modified(&program) < newest {
                println!("cargo::warning={name} is older than its sources: run `cargo xtask loader` first");
            }
            println!("cargo::rustc-cfg={there}");
            println!("cargo::rustc-env={variable}={}", program.display());
        } else {
            println!("cargo::warning=seedpress is built without {name}: run `cargo xtask loader` first");
        }
    }
}

/// The folder of the programs beside the one that is being built: `target/release/build/seedpress-0123/out` is ours.
fn built() -> Option<PathBuf> {
    let out = PathBuf::from(env::var_os("OUT_DIR")?);
    let target = out.ancestors().find(|folder| folder.join("CACHEDIR.TAG").is_file());
    target.map(|target: &Path| target.join(BUILT))
}

/// When the newest file below a path was changed.
fn newest(path: &Path) -> Option<SystemTime> {
    println!("cargo::rerun-if-changed={}", path.display());
    let mut open = vec![path.to_path_buf()];
    let mut newest = None;
    while let Some(path) = open.pop() {
        match fs::read_dir(&path) {
            // Tests are no part of a program.
            Ok(_) if path.ends_with("tests") => {}
            Ok(list) => open.extend(list.flatten().map(|entry| entry.path())),
            Err(_) => newest = newest.max(modified(&path)),
        }
    }
    newest
}

fn modified(path: &Path) -> Option<SystemTime> {
    fs::metadata(path).and_then(|seen| seen.modified()).ok()
}
