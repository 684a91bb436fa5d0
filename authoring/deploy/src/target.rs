//! What takes the bytes of the flattened disk.

use alloc::string::{String, ToString};

use formats::units::{ByteLen, ByteOffset};

/// Takes the bytes of a disk at positions: from any thread, where it is also `Sync`.
pub trait Target {
    /// Writes `bytes` at `offset` of the disk.
    ///
    /// # Errors
    /// [`TargetError`].
    fn write_at(&self, offset: ByteOffset, bytes: &[u8]) -> Result<(), TargetError>;

    /// Makes zeros of `len` bytes at `offset` of the disk. They were not written before by the same deployment, or
    /// were written as zeros: a target that was made empty has nothing to do.
    ///
    /// # Errors
    /// [`TargetError`].
    fn zero_at(&self, offset: ByteOffset, len: ByteLen) -> Result<(), TargetError>;
}

/// Why a target does not take bytes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TargetError {
    /// There is no more room.
    #[error("there is no room for more at {offset}")]
    Full {
        /// Where writing was tried.
        offset: ByteOffset,
    },
    /// It refuses for another reason.
    #[error("cannot write at {offset}: {reason}")]
    Refused {
        /// Where writing was tried.
        offset: ByteOffset,
        /// The target's own words.
        reason: String,
    },
}

impl TargetError {
    /// A [`TargetError::Refused`] in the target's own words.
    pub fn refused(offset: ByteOffset, reason: impl ToString) -> Self {
        Self::Refused { offset, reason: reason.to_string() }
    }
}
