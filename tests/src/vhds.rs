//! VHDs put together byte by byte, without our writer, and the disks that they stand for.

use std::collections::BTreeMap;

/// A sector, in bytes.
pub const SECTOR: usize = 512;
/// Where the header is.
pub const HEADER: usize = 512;
/// Where the block allocation table is.
pub const TABLE: usize = 1536;

/// A dynamic or differencing VHD to be put together.
#[derive(Clone, Debug, Default)]
pub struct Made {
    /// The disk's size, in bytes.
    pub size: usize,
    /// A block's data, in bytes.
    pub block_size: usize,
    /// Its identity.
    pub id: u128,
    /// Its parent's identity and time stamp.
    pub parent: Option<(u128, u32)>,
    /// What it has: block, sector in the block, the byte that the sector is full of.
    pub blocks: BTreeMap<usize, BTreeMap<usize, u8>>,
    /// What is unusual about it.
    pub shape: Shape,
}

/// What may be unusual about a VHD that is sound.
#[derive(Clone, Debug, Default)]
pub struct Shape {
    /// How many table entries there are beyond those that the disk needs.
    pub spare_entries: usize,
    /// Whether the blocks lie in the file in the opposite order.
    pub backwards: bool,
    /// Whether tapdisk 0.1 wrote it, whose bitmaps count from the other end.
    pub turned: bool,
    /// A `tdbatmap` behind the table, with this byte as the cookie of its key.
    pub batmap: Option<u8>,
    /// Whether the footer lacks its last byte.
    pub short_footer: bool,
}

impl Made {
    /// The file.
    pub fn bytes(&self) -> Vec<u8> {
        let mut bytes = self.footer();
        bytes.extend(self.header());
        let entries = self.entries() + self.shape.spare_entries;
        bytes.resize((TABLE + entries * 4).next_multiple_of(SECTOR), 0xff);
        if let Some(key) = self.shape.batmap {
            bytes.extend(batmap(bytes.len(), key));
        }
        let mut order: Vec<usize> = self.blocks.keys().copied().collect();
        if self.shape.backwards {
            order.reverse();
        }
        for block in order {
            let sector = (bytes.len() / SECTOR) as u32;
            put(&mut bytes, TABLE + block * 4, &sector.to_be_bytes());
            bytes.extend(self.block(block));
        }
        bytes.extend(self.footer());
        if self.shape.short_footer {
            bytes.pop();
        }
        bytes
    }

    /// Puts what it has over the disk of its parents.
    pub fn apply(&self, disk: &mut Vec<u8>) {
        disk.resize(self.size, 0);
        for (block, sectors) in &self.blocks {
            for (sector, fill) in sectors {
                let at = block * self.block_size + sector * SECTOR;
                if at < self.size {
                    disk[at..at + SECTOR].copy_from_slice(&content(at, *fill));
                }
            }
        }
    }

    fn entries(&self) -> usize {
        self.size.div_ceil(self.block_size)
    }

    fn footer(&self) -> Vec<u8> {
        let disk_type = if self.parent.is_some() { 4 } else { 3 };
        let mut footer = footer(self.size as u64, self.id, disk_type);
        if self.shape.turned {
            put(&mut footer, 28, b"tap\0\0\0\0\x01");
        }
        seal(&mut footer, 64);
        footer
    }

    fn header(&self) -> Vec<u8> {
        let (parent, time_stamp) = self.parent.unwrap_or_default();
        let mut header = vec![0; 1024];
        put(&mut header, 0, b"cxsparse");
        put(&mut header, 8, &u64::MAX.to_be_bytes());
        put(&mut header, 16, &(TABLE as u64).to_be_bytes());
        put(&mut header, 24, &[0, 1, 0, 0]);
        put(&mut header, 28, &((self.entries() + self.shape.spare_entries) as u32).to_be_bytes());
        put(&mut header, 32, &(self.block_size as u32).to_be_bytes());
        put(&mut header, 40, &parent.to_be_bytes());
        put(&mut header, 56, &time_stamp.to_be_bytes());
        seal(&mut header, 36);
        header
    }

    /// Bitmap and data; what the bitmap does not name is noise that nobody must see.
    fn block(&self, block: usize) -> Vec<u8> {
        let sectors = self.block_size / SECTOR;
        let bitmap = sectors.div_ceil(8).next_multiple_of(SECTOR);
        let mut bytes = vec![0; bitmap];
        bytes.resize(bitmap + self.block_size, 0xee);
        for (&sector, &fill) in &self.blocks[&block] {
            bytes[sector / 8] |= if self.shape.turned { 1 << (sector % 8) } else { 0x80 >> (sector % 8) };
            let at = bitmap + sector * SECTOR;
            let disk_at = block * self.block_size + sector * SECTOR;
            bytes[at..at + SECTOR].copy_from_slice(&content(disk_at, fill));
        }
        bytes
    }
}

/// A fixed VHD with the given disk.
pub fn fixed(disk: &[u8], id: u128) -> Vec<u8> {
    let mut footer = footer(disk.len() as u64, id, 2);
    put(&mut footer, 16, &u64::MAX.to_be_bytes());
    seal(&mut footer, 64);
    [disk, &footer].concat()
}

/// A sector that says where it belongs, full of one byte otherwise.
fn content(at: usize, fill: u8) -> [u8; SECTOR] {
    let mut sector = [fill; SECTOR];
    put(&mut sector, 0, &(at as u64).to_be_bytes());
    sector
}

fn footer(size: u64, id: u128, disk_type: u8) -> Vec<u8> {
    let mut footer = vec![0; SECTOR];
    put(&mut footer, 0, b"conectix\0\0\0\x02\0\x01\0\0");
    put(&mut footer, 16, &(HEADER as u64).to_be_bytes());
    put(&mut footer, 24, &[0x2f, 0, 0, 7]);
    put(&mut footer, 28, b"made\0\x01\0\0Wi2k");
    put(&mut footer, 40, &size.to_be_bytes());
    put(&mut footer, 48, &size.to_be_bytes());
    put(&mut footer, 56, &[0, 1, 4, 17, 0, 0, 0, disk_type]);
    put(&mut footer, 68, &id.to_be_bytes());
    footer
}

fn batmap(at: usize, key: u8) -> Vec<u8> {
    let mut header = vec![0; 2 * SECTOR];
    put(&mut header, 0, b"tdbatmap");
    put(&mut header, 8, &((at + SECTOR) as u64).to_be_bytes());
    put(&mut header, 16, &[0, 0, 0, 1, 0, 1, 0, 2]);
    header[29] = key;
    header
}

/// Puts `value` at `at`.
pub fn put(bytes: &mut [u8], at: usize, value: &[u8]) {
    bytes[at..at + value.len()].copy_from_slice(value);
}

/// Puts the right checksum at `at` into a structure.
pub fn seal(structure: &mut [u8], at: usize) {
    put(structure, at, &[0; 4]);
    let sum = structure.iter().fold(0u32, |sum, byte| sum.wrapping_add((*byte).into()));
    put(structure, at, &(!sum).to_be_bytes());
}

/// Puts the right checksums into footer, copy and header of a dynamic or differencing file.
pub fn reseal(file: &mut [u8]) {
    let end = file.len() - SECTOR;
    seal(&mut file[..SECTOR], 64);
    seal(&mut file[HEADER..TABLE], 36);
    seal(&mut file[end..], 64);
}
