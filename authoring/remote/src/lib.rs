//! Stores that lie elsewhere, and how to speak to the Synchronizer's service.
//!
//! | module | has |
//! |---|---|
//! | [`api`] | what the service and its clients say to each other |
//! | [`http`] | requests to the service: checked, retried, resumed |

pub mod api;
pub mod http;
mod reactor;
