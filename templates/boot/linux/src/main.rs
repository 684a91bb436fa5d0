//! The first program of the Linux payload: it deploys from the medium that it was started from.

fn main() {}
