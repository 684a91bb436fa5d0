//! How we work: one file a verb, each with its `Args` and their `run`. `main` only picks one.
//!
//! | verb | does |
//! |---|---|
//! | [`setup`] | installs the Debian packages that tests and measurements call |
//! | [`loader`] | builds what media start: the native loader and the Linux payload's init |
//! | [`fixtures`] | makes the golden disks that demo and benchmarks press |
//! | [`demo`] | runs the main job from end to end |
//! | [`mod@test`] | runs every test of the workspace |
//! | [`boot`] | starts pressed media in QEMU, as discs and as sticks |
//! | [`guest`] | lets the Linux kernel's NTFS drivers read volumes |
//! | [`tidy`] | holds the tree to its own rules, and prints like a compiler |
//! | [`no_std`] | shows that `formats` and `deploy` need no standard library |
//! | [`reproduce`] | presses the same medium twice in different surroundings and compares |
//! | [`mod@bench`] | compares our speed with programs that do the same job |
//! | [`ci`] | all that must hold before a change lands: the verbs above, formatting, lints, documentation |

pub mod archive;
pub mod bench;
pub mod boot;
pub mod ci;
pub mod demo;
pub mod desk;
pub mod fixtures;
pub mod guest;
pub mod kernels;
pub mod line;
pub mod loader;
pub mod no_std;
pub mod place;
pub mod program;
pub mod reproduce;
pub mod setup;
pub mod synchronizer;
pub mod table;
pub mod test;
pub mod tidy;
