//! What a program says of itself: its SBAT, the marker of a boot loader, its version resource.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::read::{Pe, u32_at};

/// How much text of a program is taken, in characters.
const LONGEST: usize = 80;
/// How much of a section is looked through, in bytes.
const SEARCHED: usize = 1 << 20;
/// What Linux kernels have in their setup header ("The Linux/x86 Boot Protocol"), and where.
const LINUX: (usize, &[u8]) = (0x202, b"HdrS");

/// A row of a program's SBAT ("Secure Boot Advanced Targeting", in shim's SBAT.md).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Component {
    /// What it is: `shim`, `grub.debian`.
    pub name: String,
    /// Which flaws it no longer has: a number that rises with each.
    pub generation: u32,
    /// Who made it.
    pub vendor: String,
    /// Its version, in its vendor's words.
    pub version: String,
}

impl Pe<'_> {
    /// The rows of its SBAT, without the one for SBAT itself.
    pub fn sbat(&self) -> Vec<Component> {
        let bytes = self.section(".sbat").unwrap_or_default();
        let text = String::from_utf8_lossy(bytes.get(..SEARCHED).unwrap_or(bytes));
        text.trim_end_matches('\0').lines().filter_map(component).filter(|row| row.name != "sbat").collect()
    }

    /// What it is, in its own words; `None` when it says nothing.
    pub fn about(&self) -> Option<String> {
        self.loader().or_else(|| self.about_sbat()).or_else(|| self.version()).or_else(|| self.linux())
    }

    /// The certificate, in DER, whose signatures it lets through: only shim has one (`.vendor_cert`).
    pub fn vendor_certificate(&self) -> Option<&[u8]> {
        let section = self.section(".vendor_cert")?;
        let [len, start] = [0, 8].map(|at| u32_at(section, at).map(|value| value as usize));
        let (len, start) = (len?, start?);
        section.get(start..start.checked_add(len)?).filter(|certificate| !certificate.is_empty())
    }

    fn about_sbat(&self) -> Option<String> {
        let rows = self.sbat();
        let first = rows.first()?;
        // The last row is of who built the program; those before are of whom it came from.
        let family = format!("{}.", first.name);
        let built = rows.iter().rfind(|row| row.name.starts_with(&family)).unwrap_or(first);
        Some(match built.name == first.name {
            true => format!("{} {}", first.name, built.version),
            false => format!("{} {} ({})", first.name, built.version, built.vendor),
        })
    }

    /// The marker of systemd's programs: `#### LoaderInfo: systemd-boot 252 ####`.
    fn loader(&self) -> Option<String> {
        let text = String::from_utf8_lossy(self.section(".sdmagic")?);
        let (_, name) = text.trim_matches(['#', ' ', '\0', '\n']).split_once(": ")?;
        Some(short(name))
    }

    /// The version resource (`VS_VERSIONINFO`): `Windows Boot Manager 10.0.19041.1`.
    fn version(&self) -> Option<String> {
        let resources = self.section(".rsrc")?;
        let resources = resources.get(..SEARCHED).unwrap_or(resources);
        let name = resource(resources, "FileDescription").or_else(|| resource(resources, "ProductName"))?;
        match resource(resources, "FileVersion") {
            Some(version) => Some(format!("{name} {version}")),
            None => Some(name),
        }
    }

    fn linux(&self) -> Option<String> {
        if self.section(".linux").is_some() {
            return Some("unified kernel image".into());
        }
        let (at, magic) = LINUX;
        let header = self.bytes.get(at..)?;
        if !header.starts_with(magic) {
            return None;
        }
        // Where the version's text stands, counted from 0x200.
        let start = u32_at(header, 0x0c)? as usize & 0xffff;
        let text = self.bytes.get(start.checked_add(0x200)?..)?;
        let text = text.get(..LONGEST).unwrap_or(text).split(|byte| *byte == 0 || *byte == b' ').next()?;
        Some(short(&format!("Linux {}", String::from_utf8_lossy(text))))
    }
}

fn component(row: &str) -> Option<Component> {
    let mut fields = row.trim().split(',');
    let (name, generation) = (fields.next()?, fields.next()?.parse().ok()?);
    let vendor = fields.next().unwrap_or_default();
    let version = fields.nth(1).unwrap_or_default();
    Some(Component { name: short(name), generation, vendor: short(vendor), version: short(version) })
}

/// The value of a string of a version resource: its key, a zero, and then, from a multiple of 4 on, the text.
fn resource(resources: &[u8], key: &str) -> Option<String> {
    let key: Vec<u8> = key.encode_utf16().chain([0]).flat_map(u16::to_le_bytes).collect();
    let start = resources.windows(key.len()).position(|window| window == key)?;
    let value = resources.get((start + key.len()).next_multiple_of(4)..)?;
    let units = value.chunks_exact(2).map(|unit| u16::from_le_bytes([unit[0], unit[1]]));
    let text = char::decode_utf16(units.take_while(|unit| *unit != 0).take(LONGEST));
    let text: String = text.map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER)).collect();
    Some(text.trim().into()).filter(|text: &String| !text.is_empty())
}

fn short(text: &str) -> String {
    text.chars().take(LONGEST).collect()
}
