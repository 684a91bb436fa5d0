//! Promises that follow.
