//! Names, sizes and limits of stored layers.

/// The version of the documents and of the stored layers that this crate reads and writes.
pub const FORMAT: u32 = 1;

/// How much of a VHD file one frame holds, in bytes; the last frame of a layer may hold less.
pub const FRAME: usize = 4 << 20;

/// How long a frame can be in its stored file, in bytes: what zstd makes of [`FRAME`] bytes that do not compress
/// (`ZSTD_COMPRESSBOUND` in zstd.h).
pub const MAX_STORED_FRAME: usize = FRAME + FRAME / 256;

/// How long a frame's digest is in `frames.bin`, in bytes.
pub const DIGEST: usize = 32;

/// The file of a layer's folder that describes the layer.
pub const DESCRIPTOR_FILE: &str = "layer.json";

/// The file of a layer's folder that holds the compressed VHD.
pub const STORED_FILE: &str = "disk.vhd.zst";

/// The file of a layer's folder that holds the digests of the frames.
pub const FRAMES_FILE: &str = "frames.bin";

/// The magic number of the skippable frame that a seek table is (seekable format 0.1.0, "Skippable_Magic_Number").
pub(super) const SKIPPABLE_MAGIC: u32 = 0x184D_2A5E;

/// The last four bytes of a seek table (seekable format 0.1.0, "Seekable_Magic_Number").
pub(super) const SEEKABLE_MAGIC: u32 = 0x8F92_EAB1;

/// The bit of the seek table descriptor that says that each entry has a checksum ("Checksum_Flag").
pub(super) const CHECKSUM_FLAG: u8 = 0x80;

/// Before the entries: the skippable frame's magic number and size, in bytes.
pub(super) const TABLE_HEADER: usize = 8;

/// After the entries: number of frames, descriptor and magic number, in bytes ("Seek_Table_Footer").
pub(super) const TABLE_FOOTER: usize = 9;

/// An entry without a checksum: compressed and decompressed size, in bytes ("Seek_Table_Entries").
pub(super) const ENTRY: usize = 8;

/// How many frames a seek table may list (`ZSTD_SEEKABLE_MAXFRAMES` in zstd_seekable.h).
pub(super) const MAX_FRAMES: u32 = 0x0800_0000;
