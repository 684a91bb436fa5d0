//! A small machine that QEMU plays: one drive, a firmware, and a serial line that is listened to.

use std::fs;
use std::io::Read;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use super::qmp::Qmp;
use crate::program;

/// How long a start may take, in seconds. Without KVM it takes about ten.
const LIMIT: &str = "120";
/// The firmware with UEFI. QEMU brings the BIOS along.
const OVMF: &str = "/usr/share/ovmf/OVMF.fd";

/// What a medium is put into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Drive {
    /// A drive for optical discs.
    Disc,
    /// A socket for USB sticks.
    Stick,
}

/// What starts a medium.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Firmware {
    /// OVMF.
    Uefi,
    /// SeaBIOS.
    Bios,
}

/// A machine with a medium in it.
#[derive(Clone, Copy, Debug)]
pub struct Machine<'a> {
    /// The medium's image. It is not written to.
    pub image: &'a Path,
    /// What it is put into.
    pub drive: Drive,
    /// What starts it.
    pub firmware: Firmware,
}

/// What was heard from a machine.
#[derive(Clone, Debug)]
pub struct Heard {
    /// Lines, without what steers a terminal.
    pub lines: Vec<String>,
    /// From the start to the last of them.
    pub took: Duration,
}

impl Machine<'_> {
    /// Starts the machine and listens until a line has `until` in it. What came is kept in `kept.log`, the screen at
    /// that moment in `kept.png`.
    ///
    /// # Errors
    /// When it is not said in time; the error has what was said.
    pub fn start(&self, until: &str, kept: &Path) -> Result<Heard> {
        let scratch = tempfile::tempdir()?;
        let socket = scratch.path().join("qmp");
        let mut qemu = self.command(&socket)?;
        let begun = Instant::now();
        let mut child = qemu.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
        let said = listen(&mut child, until);
        let took = begun.elapsed();
        let done = said.as_ref().map(|_| take_picture(&socket, &kept.with_extension("png")));
        let ended = child.wait_with_output()?;
        let (Ok(said) | Err(said)) = &said;
        fs::write(kept.with_extension("log"), said).context("writing the log")?;
        let lines = lines(said);
        match done {
            Ok(picture) => picture.map(|()| Heard { lines, took }),
            Err(_) => bail!(
                "{until:?} was not said before the end, {}:\n{}\n{}",
                ended.status,
                lines.join("\n"),
                String::from_utf8_lossy(&ended.stderr).trim_end()
            ),
        }
    }

    fn command(&self, socket: &Path) -> Result<Command> {
        let [image, socket] = [self.image, socket].map(quoted);
        let mut qemu = program::system("timeout");
        qemu.args([
            "--kill-after=5",
            LIMIT,
            "qemu-system-x86_64",
            "-nodefaults",
            "-accel",
            "tcg",
            "-m",
            "256",
        ]);
        qemu.args(["-vga", "std", "-display", "none", "-no-reboot", "-serial", "stdio"]);
        qemu.arg("-qmp").arg(format!("unix:{},server=on,wait=off", socket?));
        match self.firmware {
            Firmware::Uefi => qemu.args(["-machine", "q35", "-bios", OVMF]),
            // Without graphics SeaBIOS sends its console over the serial line as well.
            Firmware::Bios => qemu.args(["-machine", "q35,graphics=off"]),
        };
        let drive = format!("file={},format=raw,if=none,id=medium", image?);
        match self.drive {
            Drive::Disc => {
                qemu.args(["-device", "ide-cd,drive=medium", "-drive"]);
                qemu.arg(format!("{drive},media=cdrom,readonly=on"))
            }
            Drive::Stick => {
                qemu.args(["-device", "qemu-xhci", "-device", "usb-storage,drive=medium", "-drive"]);
                qemu.arg(format!("{drive},snapshot=on"))
            }
        };
        Ok(qemu)
    }
}

/// A path as a value in one of QEMU's lists of options.
fn quoted(path: &Path) -> Result<String> {
    Ok(path.to_str().context("a path that is no UTF-8")?.replace(',', ",,"))
}

/// All that comes until a line has `until` in it, or all that came when none does.
fn listen(child: &mut Child, until: &str) -> Result<Vec<u8>, Vec<u8>> {
    let mut said = Vec::new();
    let mut piece = [0; 4096];
    let Some(mut serial) = child.stdout.take() else {
        return Err(said);
    };
    loop {
        match serial.read(&mut piece) {
            Ok(0) | Err(_) => return Err(said),
            Ok(read) => said.extend_from_slice(&piece[..read]),
        }
        if lines(&said).iter().any(|line| line.contains(until)) {
            return Ok(said);
        }
    }
}

/// Keeps the screen and turns the machine off.
fn take_picture(socket: &Path, picture: &Path) -> Result<()> {
    let mut machine = Qmp::connect(socket)?;
    let file = picture.to_str().context("a path that is no UTF-8")?;
    ensure!(!file.contains(['"', '\\']), "QEMU is not asked to write to {file}");
    machine
        .ask(&format!(r#"{{"execute":"screendump","arguments":{{"filename":"{file}","format":"png"}}}}"#))?;
    machine.ask(r#"{"execute":"quit"}"#)
}

/// The lines of what came over a serial line, without the sequences that steer a terminal (ECMA-48 5.4).
fn lines(said: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(said);
    let mut plain = String::with_capacity(text.len());
    let mut rest = text.chars();
    while let Some(char) = rest.next() {
        match char {
            '\x1b' if rest.clone().next() == Some('[') => {
                rest.next();
                let _ = rest.find(|c| ('@'..='~').contains(c));
            }
            '\n' => plain.push(char),
            _ if char.is_control() => {}
            _ => plain.push(char),
        }
    }
    plain.lines().filter(|line| !line.trim().is_empty()).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_steers_a_terminal_is_left_out() {
        let said = b"\x1b[2J\x1b[01;01Hone\x1b[0m two\r\n\r\n\x1b[?7lthree";
        assert_eq!(lines(said), ["one two", "three"]);
        assert_eq!(lines(b"cut \x1b[0"), ["cut "]);
    }
}
