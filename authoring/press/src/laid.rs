//! What putting a kind of medium together gives.

use formats::gpt::Partition;
use formats::region::Region;
use formats::units::ByteLen;

/// A medium whose regions have their places.
#[derive(Debug)]
pub struct Laid {
    /// Everything but zeros.
    pub regions: Vec<Region>,
    /// How long the medium is.
    pub size: ByteLen,
    /// How much room is left: on a USB medium's seed volume, or on a disc of the kind that was asked for.
    pub free: ByteLen,
    /// The partitions, in order.
    pub partitions: Vec<Partition>,
}
