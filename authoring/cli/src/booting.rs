//! What a medium starts: the options of `plan` and `build` that say so, and the programs that follow from them.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use boot::linux::{self, Given, LinuxError, Wanted};
use boot::native;
use boot::sign::{EfiKey, Existing};
use clap::Args;
use formats::answer::Answers;
use formats::manifest::Image;
use formats::minisign::PublicKey;
use host::{Event, HostError, Operation};
use press::template::{Kind, Payload, Template};
use press::{Boot, Request};

use crate::embedded;
use crate::error::Refusal;
use crate::key;
use crate::shell::Shell;
use crate::text;

/// How large a certificate or a key may be, in bytes.
const LONGEST: u64 = 1 << 20;

/// What a medium starts.
#[derive(Args, Debug)]
#[command(next_help_heading = "What the medium starts")]
pub struct Booting {
    /// What a PC that is started from the medium runs: native (the loader, for
    /// UEFI), linux (the distribution's signed Linux, for UEFI and BIOS), both
    /// (the loader for UEFI, Linux for BIOS), none, or tree DIR (what is in a
    /// folder); without it the template's
    #[arg(long, value_name = "PAYLOAD", value_parser = wish)]
    boot: Option<Wish>,
    /// Have it trust this minisign public key alone, KEY or its file, up to four
    /// times; without any it takes the medium unsigned, and says so
    #[arg(long, value_name = "KEY|FILE")]
    trust: Vec<String>,
    /// Have it ask nothing: the answers in this file, as templates/README.md says
    #[arg(long, value_name = "FILE")]
    answer: Option<PathBuf>,
    /// Sign the loader for Secure Boot with this RSA key and its certificate
    #[arg(long, num_args = 2, value_names = ["KEY", "CERT"])]
    sign_efi: Option<Vec<PathBuf>>,
    #[command(flatten)]
    parts: Parts,
    /// Put everything in this folder onto the EFI system partition too
    #[arg(long, value_name = "DIR")]
    esp_tree: Option<PathBuf>,
}

/// What the Linux payload is made of, where it is not to be found.
#[derive(Args, Debug)]
struct Parts {
    /// The kernel of the Linux payload; without it the newest that is installed
    #[arg(long, value_name = "FILE")]
    kernel: Option<PathBuf>,
    /// The folder of that kernel's modules
    #[arg(long, value_name = "DIR")]
    modules: Option<PathBuf>,
    /// shim, which UEFI starts; without it the one that is installed
    #[arg(long, value_name = "FILE")]
    shim: Option<PathBuf>,
    /// The distribution's signed GRUB, which shim starts; likewise
    #[arg(long, value_name = "FILE")]
    grub: Option<PathBuf>,
    /// The folder of the GRUB that a BIOS starts; likewise
    #[arg(long, value_name = "DIR")]
    grub_bios: Option<PathBuf>,
}

impl Parts {
    /// What was given.
    fn all(&self) -> impl Iterator<Item = &Path> {
        [&self.kernel, &self.modules, &self.shim, &self.grub, &self.grub_bios]
            .into_iter()
            .filter_map(|part| part.as_deref())
    }

    /// An option that was given.
    fn option(&self) -> Option<&'static str> {
        let given = [
            (&self.kernel, "--kernel"),
            (&self.modules, "--modules"),
            (&self.shim, "--shim"),
            (&self.grub, "--grub"),
            (&self.grub_bios, "--grub-bios"),
        ];
        given.into_iter().find_map(|(part, option)| part.as_ref().map(|_| option))
    }

    fn find(&self, wanted: Wanted) -> Result<linux::Parts, LinuxError> {
        let Self { kernel, modules, shim, grub, grub_bios } = self;
        let given = Given {
            kernel: kernel.clone(),
            modules: modules.clone(),
            shim: shim.clone(),
            grub: grub.clone(),
            grub_bios: grub_bios.clone(),
        };
        linux::find(Path::new("/"), given, wanted)
    }
}

/// What `--boot` says.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Wish {
    payload: Payload,
    tree: Option<PathBuf>,
}

/// Who signs the manifest of the medium.
#[derive(Clone, Copy, Debug)]
pub enum Signing {
    /// Nobody.
    Nobody,
    /// Somebody whose key was not opened.
    Somebody,
    /// This key.
    By(PublicKey),
}

/// How `--boot tree DIR` is given as one word.
pub const TREE: &str = "tree=";

fn wish(word: &str) -> Result<Wish, String> {
    if let Some(folder) = word.strip_prefix(TREE).filter(|folder| !folder.is_empty()) {
        return Ok(Wish { payload: Payload::Tree, tree: Some(folder.into()) });
    }
    if word == Payload::Tree.name() {
        return Err("expected the folder of the tree: tree DIR".into());
    }
    let payload = Payload::ALL.into_iter().find(|payload| payload.name() == word);
    let payload = payload.ok_or("expected native, linux, both, none or tree DIR")?;
    Ok(Wish { payload, tree: None })
}

impl Booting {
    /// The template with what these options say.
    ///
    /// # Errors
    /// When they do not go together.
    pub fn shape(&self, mut template: Template) -> anyhow::Result<Template> {
        if let Some(wish) = &self.boot {
            template.boot.payload = wish.payload;
        }
        let refuse = |what: String, next: &str| Err(Refusal::usage(what).next(next).into());
        if template.boot.payload == Payload::None && self.trees().next().is_some() {
            if self.boot.is_some() {
                let what = "--boot none starts nothing, and --esp-tree is to be started".into();
                return refuse(what, "give --boot tree DIR, or leave one of them out");
            }
            // What is in a tree starts, where nobody said that nothing should.
            template.boot.payload = Payload::Tree;
        }
        let payload = template.boot.payload;
        if payload == Payload::Tree && self.trees().next().is_none() {
            return refuse("the medium is to start a tree, and none is given".into(), "give --boot tree DIR");
        }
        if payload != Payload::None && template.esp.is_none() {
            let what = format!("the template {:?} has no EFI system partition to start from", template.name);
            return refuse(what, "take another template, or leave --boot and --esp-tree out");
        }
        match self.idle(payload) {
            Some(option) => {
                let what = format!("{option} means nothing with the boot payload {}", payload.name());
                refuse(what, "leave it out, or give --boot another payload")
            }
            None => Ok(template),
        }
    }

    /// An option that a payload has no use for.
    fn idle(&self, payload: Payload) -> Option<&'static str> {
        let ours = matches!(payload, Payload::Native | Payload::Linux | Payload::Both);
        let loader = matches!(payload, Payload::Native | Payload::Both);
        let linux = matches!(payload, Payload::Linux | Payload::Both);
        let given = [
            (!self.trust.is_empty() && !ours, "--trust"),
            (self.answer.is_some() && !ours, "--answer"),
            (self.sign_efi.is_some() && !loader, "--sign-efi"),
            (self.parts.option().is_some() && !linux, self.parts.option().unwrap_or_default()),
            (self.parts.shim.is_some() && loader, "--shim"),
            (self.parts.grub.is_some() && loader, "--grub"),
        ];
        given.into_iter().find_map(|(idle, option)| idle.then_some(option))
    }

    /// The folders that go onto the EFI system partition.
    pub fn trees(&self) -> impl Iterator<Item = &Path> {
        let wished = self.boot.iter().filter_map(|wish| wish.tree.as_deref());
        wished.chain(self.esp_tree.as_deref())
    }

    /// Says of a tree that is to be started that firmware will not find anything in it.
    pub fn warn_of_trees(&self, payload: Payload, shell: &Shell) {
        if payload == Payload::Tree && !self.trees().any(has_default_program) {
            let text = "firmware will start nothing: no folder for the EFI system partition has EFI/BOOT/BOOTX64.EFI or the like";
            shell.observer().event(Event::Warning(text.into()));
        }
    }

    /// What is read for the medium.
    pub fn inputs(&self) -> impl Iterator<Item = &Path> {
        let files = self
            .answer
            .iter()
            .chain(self.sign_efi.iter().flatten())
            .map(PathBuf::as_path)
            .chain(self.parts.all());
        self.trees().chain(files).chain(self.trust.iter().map(Path::new))
    }

    /// What a medium that is asked for starts, when `signer` signs its manifest.
    ///
    /// # Errors
    /// When a program, a key or the answers cannot be had, or do not go together.
    pub fn boot(
        &self,
        request: &Request,
        signer: Signing,
        (images, shell): (&[Image], &Shell),
    ) -> anyhow::Result<Boot> {
        let keys = self.trust.iter().map(|key| key::public(key)).collect::<anyhow::Result<Vec<_>>>()?;
        check_keys(&keys, signer)?;
        let answers = self.answers(images, shell)?;
        if matches!(request.template.boot.payload, Payload::Linux | Payload::Both) {
            shell.observer().event(Event::Notice("putting the Linux payload together".into()));
        }
        match request.template.boot.payload {
            Payload::Native => self.native(&keys, answers),
            Payload::Linux => self.linux(request, &keys, answers),
            Payload::Both => {
                let native = self.native(&keys, answers.clone())?;
                Ok(boot::both(native, self.linux(request, &keys, answers)?))
            }
            Payload::Tree | Payload::None => Ok(Boot::default()),
        }
    }

    fn linux(&self, request: &Request, keys: &[PublicKey], answers: Option<String>) -> anyhow::Result<Boot> {
        let init = embedded::init().ok_or_else(|| without("the init of the Linux payload"))?;
        let kind = match (request.kind, request.template.disc.iso_9660) {
            (Kind::Usb, _) => linux::Kind::Usb,
            (Kind::Disc, true) => linux::Kind::Disc,
            (Kind::Disc, false) => linux::Kind::UdfOnly,
        };
        let wanted = match request.template.boot.payload {
            Payload::Both => Wanted::Bios,
            _ => Wanted::Both,
        };
        Ok(linux::payload(&self.parts.find(wanted)?, init, keys, answers, kind)?)
    }

    fn native(&self, keys: &[PublicKey], answers: Option<String>) -> anyhow::Result<Boot> {
        let loader = embedded::loader().ok_or_else(|| without("the loader"))?;
        let program = native::with_keys(loader, keys)?;
        let program = match self.efi_key()? {
            Some(key) => {
                boot::sign::sign(&program, &key, Existing::Replace).context("cannot sign the loader")?
            }
            None => program,
        };
        Ok(native::payload(loader, program, answers))
    }

    fn efi_key(&self) -> anyhow::Result<Option<EfiKey>> {
        let Some([key, certificate]) = self.sign_efi.as_deref() else { return Ok(None) };
        let about = || format!("cannot sign the loader with {} and {}", key.display(), certificate.display());
        EfiKey::load(&bytes(key)?, &bytes(certificate)?).with_context(about).map(Some)
    }

    /// The text of the answers, which was seen to be some, and to choose one of the medium's images.
    fn answers(&self, images: &[Image], shell: &Shell) -> anyhow::Result<Option<String>> {
        let Some(path) = &self.answer else { return Ok(None) };
        let text = text::read(path)?;
        let answers =
            Answers::parse(&text).with_context(|| format!("cannot use the answers {}", path.display()))?;
        check_choice(&answers, images)?;
        let warning = "a PC that is started from this medium has a disk overwritten without a question";
        shell.observer().event(Event::Warning(warning.into()));
        Ok(Some(text))
    }
}

/// Refuses answers that choose none of the medium's images.
fn check_choice(answers: &Answers, images: &[Image]) -> Result<(), Refusal> {
    let titles: Vec<_> = images.iter().map(|image| format!("{}@{}", image.name, image.version)).collect();
    let what = match &answers.image {
        None if images.len() == 1 => return Ok(()),
        None => "the answers name no image, and the medium has several".to_owned(),
        Some(wanted) => {
            let is_it = |image: &Image| {
                image.name == wanted.name
                    && wanted.version.as_ref().is_none_or(|version| *version == image.version)
            };
            if images.iter().any(is_it) {
                return Ok(());
            }
            let version = wanted.version.iter().map(|version| format!("@{version}")).collect::<String>();
            format!("the answers want {}{version}, which the medium does not have", wanted.name)
        }
    };
    Err(Refusal::usage(what).next(format!("name one of these in the answers: {}", titles.join(", "))))
}

fn without(program: &str) -> Refusal {
    Refusal::usage(format!("this seedpress was built without {program}"))
        .next("build it again after `cargo xtask loader`, or press with --boot none")
}

/// Whether firmware finds a program in a tree that it was told nothing of (UEFI 2.10, 3.5.1.1). FAT knows no case.
fn has_default_program(tree: &Path) -> bool {
    let below = |folder: PathBuf, name: &str| {
        let entries = fs::read_dir(folder).into_iter().flatten().flatten();
        entries
            .map(|entry| entry.path())
            .find(|path| path.file_name().is_some_and(|own| own.eq_ignore_ascii_case(name)))
    };
    let folder = below(tree.into(), "EFI").and_then(|efi| below(efi, "BOOT"));
    let programs = ["BOOTX64.EFI", "BOOTIA32.EFI", "BOOTAA64.EFI", "BOOTARM.EFI", "BOOTRISCV64.EFI"];
    folder.is_some_and(|folder| programs.into_iter().any(|name| below(folder.clone(), name).is_some()))
}

/// Refuses keys with which the medium would refuse itself.
fn check_keys(keys: &[PublicKey], signer: Signing) -> anyhow::Result<()> {
    match signer {
        _ if keys.is_empty() => Ok(()),
        Signing::Somebody => Ok(()),
        Signing::By(signer) if keys.contains(&signer) => Ok(()),
        Signing::By(signer) => {
            let what = format!("the medium would be signed by key {}, which none of --trust is", signer.id);
            Err(Refusal::usage(what).next("give the public key that belongs to --sign to --trust too").into())
        }
        Signing::Nobody => {
            let what = "with --trust the medium starts only signed, and it is not signed";
            Err(Refusal::usage(what).next("give --sign KEY").into())
        }
    }
}

/// The bytes of a small file.
fn bytes(path: &Path) -> Result<Vec<u8>, HostError> {
    use std::io::Read as _;
    let mut bytes = Vec::new();
    let read = fs::File::open(path).and_then(|file| file.take(LONGEST).read_to_end(&mut bytes));
    read.map_err(HostError::io(Operation::Read, path))?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_payload_is_one_of_five_words() {
        for payload in Payload::ALL.into_iter().filter(|payload| *payload != Payload::Tree) {
            assert_eq!(wish(payload.name()), Ok(Wish { payload, tree: None }));
        }
        let tree = Wish { payload: Payload::Tree, tree: Some("a b".into()) };
        assert_eq!(wish("tree=a b"), Ok(tree));
        for bad in ["tree", "tree=", "grub", ""] {
            assert!(wish(bad).is_err(), "{bad}");
        }
    }
}
