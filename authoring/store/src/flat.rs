//! The disk that the layers of a version make up.

use std::sync::Arc;

use formats::io::ReadAt;
use formats::vhd::{self, Chain, SizeRule, Vhd, VhdError};

use crate::cache::Cache;
use crate::catalogue::Located;
use crate::error::StoreError;
use crate::layer::Layer;

/// Bytes that several may read.
pub type Source = Arc<dyn ReadAt>;

impl Located {
    /// The flattened disk. Each frame that is read on the way is checked.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn disk(&self) -> Result<Chain<Source>, StoreError> {
        let image = self.document.title();
        Chain::new(open_all(&self.layers)?).map_err(|source| StoreError::Chain { image, source })
    }
}

/// The VHDs of layers of one chain.
pub(crate) fn open_all(layers: &[Layer]) -> Result<Vec<vhd::Layer<Source>>, StoreError> {
    let cache = Arc::new(Cache::new(Cache::CHAIN));
    layers.iter().map(|layer| Ok(vhd::Layer::vhd(layer.open_vhd(cache.clone())?))).collect()
}

impl Layer {
    /// The VHD that it is; what was decoded is kept in `cache`. Its size is the one that the layer's description says,
    /// by whichever rule.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn open_vhd(&self, cache: Arc<Cache>) -> Result<Vhd<Source>, StoreError> {
        let source: Source = Arc::new(self.reader_with(cache));
        let wrap = |e: VhdError| StoreError::Vhd { path: self.stored_path().into(), source: Box::new(e) };
        let vhd = Vhd::open(source.clone(), SizeRule::Current).map_err(wrap)?;
        if vhd.disk_size() == self.descriptor.virtual_size {
            return Ok(vhd);
        }
        Vhd::open(source, SizeRule::Geometry).map_err(wrap)
    }
}
