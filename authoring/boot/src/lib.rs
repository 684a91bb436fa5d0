//! What starts a medium: the native loader, and the Linux payload that is put together out of the distribution's files.

mod both;
pub mod inspect;
pub mod linux;
pub mod native;
pub mod sign;

pub use both::both;
