//! What a station promises, on a machine in memory with media that the press made.

mod attended;
mod damage;
mod disks;
mod fake;
mod media;
mod screens;
mod shop;
mod unattended;
