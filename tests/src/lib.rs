//! What the tests share. The tests themselves are in `tests/tests`, one file for one promise.
//!
//! | module | for |
//! |---|---|
//! | [`judge`] | other people's programs, run with a time limit; one that is missing fails the test |
//! | [`workshop`] | a scratch folder, and volumes written into it without the press |
//! | [`paper`] | a laid-out medium read as if it had been written, and payloads of any length |
//! | [`disks`] | disks with known content |
//! | [`stores`] | stores with something in them |
//! | [`content`] | what is on a volume, as paths and digests; samples for writers |
//! | [`damage`] | sources with some bytes changed, and made-up cases, the same every time |
//! | [`guest`] | what the drivers of Linux kernels say, in a guest |
//! | [`mounted`] | a volume mounted by ntfs-3g |
//! | [`ntfs`] | judges of NTFS volumes: two crates and a handful of programs |
//! | [`disc`] | optical images, and their judges |
//! | [`vhds`] | VHDs put together byte by byte |
//! | [`vhd_audit`] | an auditor of folders of VHDs that lie on each other, by Windows' rules |
//! | [`sought`] | media that clients look for, and what they read from them |
//! | [`tampered`] | media as folders, changed by somebody who may sign or not |
//! | [`unserved`] | a client's folder without a service: what it has, and what it is to have |
//! | [`press`] | media pressed from a small store |
//! | [`fleet`] | keys, certificates and signed programs for Secure Boot |
//! | [`service`], [`site`] | the Synchronizer's service as a process, over TLS, and a device that asks it |
//! | [`program`], [`desk`] | the program `seedpress`, and a folder to call it in |
//! | [`udf`] | UDF volumes on paper, and an auditor of theirs |
//! | [`iso`] | ISO 9660 volumes on paper, and an auditor of theirs |
//! | [`findings`] | what auditors find wrong |
//! | [`sectors`] | a medium in sectors, as auditors see it |
//! | [`client`] | a service, a device of it and its client |
//! | [`s3`], [`sshd`] | other people's servers that keep stores: of S3, and OpenSSH's |
//! | [`elsewhere`] | what a store must be that lies on one of them |
//! | [`wire`] | what may stand between a client and its service: lines that are cut, services that lie |
//! | [`golden`] | texts and digests that are pinned in `tests/golden` |
//!
//! | variable | means |
//! |---|---|
//! | `SEEDPRESS_SCRATCH` | where scratch folders are made; `tmp` in cargo's target folder otherwise |
//! | `SEEDPRESS_PROGRAM` | the program under test, instead of one that is built from this tree |
//! | `UPDATE_GOLDEN=1` | write the golden files instead of comparing with them |

pub mod client;
pub mod content;
pub mod damage;
pub mod desk;
pub mod disc;
pub mod disks;
pub mod elsewhere;
pub mod findings;
pub mod fleet;
pub mod golden;
pub mod guest;
pub mod iso;
pub mod judge;
pub mod mounted;
pub mod ntfs;
pub mod paper;
pub mod press;
pub mod program;
pub mod s3;
pub mod sectors;
pub mod service;
pub mod site;
pub mod sought;
pub mod sshd;
pub mod stores;
pub mod tampered;
pub mod udf;
pub mod unserved;
pub mod vhd_audit;
pub mod vhds;
pub mod wire;
pub mod workshop;
