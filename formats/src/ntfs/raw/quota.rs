//! Quotas, as `$Extend\$Quota` keeps them.

use zerocopy::little_endian::{I64, U32, U64};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

/// The data of an entry of the index `$Q`. The owner's security identifier follows, but for the default entry.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub struct Quota {
    /// [`VERSION`].
    pub version: U32,
    /// [`DEFAULT_LIMITS`].
    pub flags: U32,
    /// Bytes in use.
    pub used: U64,
    /// When the entry changed.
    pub changed: U64,
    /// Bytes from which on the owner is warned.
    pub warning: I64,
    /// Bytes that the owner may use.
    pub limit: I64,
    /// When the warning was passed.
    pub exceeded: U64,
}
const _: () = assert!(size_of::<Quota>() == 0x30);

/// The version of [`Quota`].
pub const VERSION: u32 = 2;
/// In [`Quota::flags`]: the limits of the default entry hold.
pub const DEFAULT_LIMITS: u32 = 1;
/// No limit.
pub const NO_LIMIT: i64 = -1;
/// The owner number of the default entry.
pub const DEFAULT_OWNER: u32 = 1;
/// The first number that an owner gets.
pub const FIRST_OWNER: u32 = 0x100;
