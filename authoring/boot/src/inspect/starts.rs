//! What firmware makes of a medium.

use formats::pe::{Certificate, Machine};

use super::Place;
use super::authority::Generation;
use super::find::Found;
use super::places::{Bios, Places};
use super::program::Program;

/// A kind of firmware.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Firmware {
    /// UEFI without Secure Boot.
    Uefi,
    /// UEFI with Secure Boot and Microsoft's certificates of a generation.
    Microsoft(Generation),
    /// UEFI with Secure Boot and one of the fleet's certificates alone: its number.
    Own(usize),
    /// A BIOS, or UEFI that acts as one.
    Bios,
}

/// As what firmware sees the medium.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Use {
    /// As a disk: a USB stick.
    Disk,
    /// As a disc in an optical drive.
    Disc,
}

/// What one kind of firmware does with the medium.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Start {
    /// The firmware.
    pub firmware: Firmware,
    /// As what it sees the medium.
    pub seen: Use,
    /// The processor; `None` where there is nothing for any.
    pub machine: Option<Machine>,
    /// Whether it starts the medium.
    pub starts: bool,
    /// What it starts, or why it does not.
    pub why: String,
}

/// The folder of removable media's programs.
const FOLDER: &str = "EFI/BOOT/";

/// What every kind of firmware does with a medium, in every use that it can be put to.
pub fn all(programs: &[(Place, Found)], places: &Places<'_>, own: &[Certificate]) -> Vec<Start> {
    let uses: &[Use] = if places.is_disc { &[Use::Disk, Use::Disc] } else { &[Use::Disk] };
    let mut starts = Vec::new();
    let microsoft = [Generation::Of2011, Generation::Of2023].map(Firmware::Microsoft);
    let own = (0..own.len()).map(Firmware::Own);
    for firmware in [Firmware::Uefi].into_iter().chain(microsoft).chain(own) {
        for seen in uses {
            starts.extend(uefi(programs, places, (firmware, *seen)));
        }
    }
    starts.extend(uses.iter().map(|seen| legacy(places, *seen)));
    starts
}

/// What UEFI does, for each processor that there is a program for.
fn uefi(programs: &[(Place, Found)], places: &Places<'_>, (firmware, seen): (Firmware, Use)) -> Vec<Start> {
    let nothing = |why: &str| vec![Start { firmware, seen, machine: None, starts: false, why: why.into() }];
    let place = match (seen, places.no_esp, &places.el_torito) {
        (Use::Disk, Some(why), _) => return nothing(why),
        (Use::Disk, None, _) => Place::Esp,
        (Use::Disc, ..) if !places.has_entry => return nothing("El Torito names nothing for UEFI"),
        (Use::Disc, _, Some(Err(why))) => return nothing(why),
        (Use::Disc, _, Some(Ok(_))) => Place::ElTorito,
        (Use::Disc, _, None) => Place::Esp,
    };
    let folder = Folder { programs, place };
    let machines = Machine::KNOWN.into_iter().filter_map(|(machine, name)| {
        let found = folder.find(&format!("BOOT{name}.EFI"))?;
        let (starts, why) = match folder.start(found, machine, firmware) {
            Ok(why) => (true, why),
            Err(why) => (false, why),
        };
        Some(Start { firmware, seen, machine: Some(machine), starts, why })
    });
    let starts: Vec<_> = machines.collect();
    if starts.is_empty() {
        nothing("there is no EFI/BOOT/BOOTX64.EFI, nor one for another processor")
    } else {
        starts
    }
}

/// The folder that firmware looks into.
struct Folder<'a> {
    programs: &'a [(Place, Found)],
    place: Place,
}

impl Folder<'_> {
    /// A file of the folder, whatever the case of its name.
    fn find(&self, name: &str) -> Option<&Found> {
        let path = format!("{FOLDER}{name}");
        let mut here = self.programs.iter().filter(|(place, _)| *place == self.place).map(|(_, found)| found);
        here.find(|found| found.path.eq_ignore_ascii_case(&path))
    }

    /// What firmware starts with this program, or why it does not.
    fn start(&self, found: &Found, machine: Machine, firmware: Firmware) -> Result<String, String> {
        let name = found.path.rsplit('/').next().unwrap_or_default();
        let program = found.program.as_ref().map_err(|why| format!("{name}: {why}"))?;
        if program.machine != machine {
            return Err(format!("{name} is for {}", program.machine));
        }
        let about = program.about.clone().unwrap_or_else(|| name.into());
        let by = accepted(program, firmware).map_err(|why| format!("{name} is {why}"))?;
        let secure = firmware != Firmware::Uefi;
        let signed = if secure { format!(", signed by {by}") } else { String::new() };
        match program.is_shim {
            true => {
                self.behind_shim(program, machine, firmware).map(|next| format!("{about}{signed}; {next}"))
            }
            false => Ok(format!("{about}{signed}")),
        }
    }

    /// What shim starts, and whether it lets it through: signed by who its own certificate names, by that one, or by whom
    /// the firmware trusts (shim.c, `check_allowlist`). Keys that the machine's owner enrolled are not known.
    fn behind_shim(&self, shim: &Program, machine: Machine, firmware: Firmware) -> Result<String, String> {
        let name = format!("grub{}.efi", machine.name().unwrap_or_default());
        let next = self.find(&name).ok_or_else(|| format!("shim finds no {name} to start"))?;
        let next = next.program.as_ref().map_err(|why| format!("shim cannot start {name}: {why}"))?;
        let about = next.about.clone().unwrap_or(name);
        if next.machine != machine {
            return Err(format!("shim cannot start {about}, which is for {}", next.machine));
        }
        if firmware == Firmware::Uefi {
            return Ok(format!("then {about}"));
        }
        if let Some(why) = next.why_not() {
            return Err(format!("shim refuses {about}: {why}"));
        }
        let vendor = shim.vendor.as_ref();
        let vouched = vendor.filter(|vendor| next.intact().any(|by| by.signature.leads_to(vendor)));
        match (vouched, accepted(next, firmware)) {
            (Some(vendor), _) => Ok(format!("then {about}, signed by {}", vendor.subject())),
            (None, Ok(by)) => Ok(format!("then {about}, signed by {by}, as the firmware has it")),
            (None, Err(why)) => {
                let vendor = vendor.map_or_else(|| "anybody that shim names".into(), Certificate::subject);
                Err(format!("shim refuses {about}: not signed by {vendor}, {why}"))
            }
        }
    }
}

/// Whose signature has firmware start a program, or why it does not.
fn accepted(program: &Program, firmware: Firmware) -> Result<String, String> {
    if firmware == Firmware::Uefi {
        return Ok(String::new());
    }
    if let Some(why) = program.why_not() {
        return Err(why.into());
    }
    let mut good = program.intact().filter(|by| match firmware {
        Firmware::Microsoft(generation) => by.authority.is_some_and(|ca| ca.generation() == generation),
        Firmware::Own(number) => by.own.contains(&number),
        Firmware::Uefi | Firmware::Bios => false,
    });
    match good.next() {
        Some(by) => Ok(by.vouched()),
        None => {
            let by: Vec<_> = program.intact().map(|by| by.vouched()).collect();
            Err(format!("signed by {} only", by.join(" and ")))
        }
    }
}

fn legacy(places: &Places<'_>, seen: Use) -> Start {
    let bios = match seen {
        Use::Disk => places.bios_disk,
        Use::Disc => places.bios_disc,
    };
    let (starts, why) = match bios {
        Bios::Nothing => (false, "there is nothing for a BIOS to start"),
        Bios::Refusal => (false, "it only says that this medium needs UEFI"),
        Bios::Grub => (true, "GRUB"),
        Bios::Unknown => (true, "a program that is not known"),
    };
    Start { firmware: Firmware::Bios, seen, machine: None, starts, why: why.into() }
}
