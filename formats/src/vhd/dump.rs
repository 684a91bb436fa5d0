//! A VHD's structures as text, for people and for tests that pin them.

use alloc::string::String;
use core::fmt::{self, Write};

use uuid::Uuid;

use super::bitmap::SectorMap;
use super::header::Parent;
use super::raw::{DynamicHeader, Footer};
use super::read::{Block, Vhd};
use crate::io::{ReadAt, ReadError};

/// How many runs of sectors of a block are printed.
const MAX_RUNS: usize = 8;

/// The structures as text: one line a field, in the order of the file, positions in bytes. As long as the file has
/// blocks.
///
/// # Errors
/// [`ReadError`] when a bitmap cannot be read.
pub fn dump<R: ReadAt>(vhd: &Vhd<R>) -> Result<String, ReadError> {
    let mut text = String::new();
    let maps = vhd.blocks().map(|block| Ok((vhd.read_map(block.bitmap)?, block)));
    // Text can always be added to a string.
    let _ = print_structures(&mut text, vhd);
    for entry in maps {
        let (map, block) = entry?;
        let _ = print_block(&mut text, &block, &map);
    }
    for warning in vhd.warnings() {
        let _ = writeln!(text, "warning: {warning}");
    }
    Ok(text)
}

fn print_structures<R: ReadAt>(text: &mut String, vhd: &Vhd<R>) -> fmt::Result {
    writeln!(text, "{:?} disk of {} in a file of {}", vhd.kind(), vhd.disk_size(), vhd.source().size())?;
    print_footer(text, vhd.footer())?;
    if let Some(header) = vhd.header() {
        print_header(text, vhd.footer().data_offset.get(), header)?;
    }
    if let Some(parent) = vhd.parent() {
        print_parent(text, parent)?;
    }
    Ok(())
}

fn print_footer(text: &mut String, footer: &Footer) -> fmt::Result {
    let geometry = footer.disk_geometry;
    writeln!(text, "footer")?;
    writeln!(text, "  features {:#x}", footer.features)?;
    writeln!(text, "  file format version {:#x}", footer.file_format_version)?;
    writeln!(text, "  data offset {:#x}", footer.data_offset)?;
    writeln!(text, "  time stamp {}", footer.time_stamp)?;
    write!(text, "  creator \"{}\"", footer.creator_application.escape_ascii())?;
    write!(text, " {:#x}", footer.creator_version)?;
    writeln!(text, " on \"{}\"", footer.creator_host_os.escape_ascii())?;
    writeln!(text, "  original size {}", footer.original_size)?;
    writeln!(text, "  current size {}", footer.current_size)?;
    writeln!(text, "  geometry {} x {} x {}", geometry.cylinders, geometry.heads, geometry.sectors)?;
    writeln!(text, "  disk type {}", footer.disk_type)?;
    writeln!(text, "  checksum {:#010x}", footer.checksum)?;
    writeln!(text, "  unique id {}", Uuid::from_bytes(footer.unique_id))?;
    writeln!(text, "  saved state {}, hidden {}", footer.saved_state, footer.hidden)
}

fn print_header(text: &mut String, at: u64, header: &DynamicHeader) -> fmt::Result {
    writeln!(text, "header at {at:#x}")?;
    writeln!(text, "  table offset {:#x}", header.table_offset)?;
    writeln!(text, "  header version {:#x}", header.header_version)?;
    writeln!(text, "  max table entries {}", header.max_table_entries)?;
    writeln!(text, "  block size {:#x}", header.block_size)?;
    writeln!(text, "  checksum {:#010x}", header.checksum)
}

fn print_parent(text: &mut String, parent: &Parent) -> fmt::Result {
    writeln!(text, "parent {}", parent.unique_id)?;
    writeln!(text, "  time stamp {}", parent.time_stamp)?;
    writeln!(text, "  name {:?}", parent.name)?;
    for locator in &parent.locators {
        write!(text, "  locator {} {:?} at {}", locator.slot, locator.platform, locator.at)?;
        writeln!(text, " with {} of {}: {:?}", locator.len, locator.space, locator.path)?;
    }
    Ok(())
}

fn print_block(text: &mut String, block: &Block, map: &SectorMap) -> fmt::Result {
    write!(text, "block {} bitmap {} data {}:", block.number, block.bitmap, block.data)?;
    write!(text, " {} of {} sectors:", map.count(), map.sectors())?;
    let mut at = 0;
    let mut runs = 0;
    while at < map.sectors() && runs <= MAX_RUNS {
        let (has, end) = map.run(at, map.sectors());
        match (has, runs) {
            (true, MAX_RUNS) => write!(text, " and more")?,
            (true, _) => write!(text, " {at}-{}", end - 1)?,
            (false, _) => {}
        }
        runs += usize::from(has);
        at = end;
    }
    writeln!(text)
}
