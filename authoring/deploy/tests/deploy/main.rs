//! What deploy promises, on media made in memory.

mod fake;
mod flatten;
mod in_order;
mod medium;
mod sets;
