//! What deploy promises, on media made in memory.

mod fake;
mod flatten;
mod medium;
mod sets;
