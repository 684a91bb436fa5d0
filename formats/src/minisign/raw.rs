//! The structures inside the base64 of minisign's files.

use zerocopy::little_endian::U64;
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

/// Keys are for Ed25519; signatures with it are over the file itself.
pub(super) const ED25519: [u8; 2] = *b"Ed";
/// Signatures with it are over the file's BLAKE2b-512.
pub(super) const PREHASHED: [u8; 2] = *b"ED";
/// The secret key is encrypted with scrypt.
pub(super) const SCRYPT: [u8; 2] = *b"Sc";
/// The secret key is not encrypted.
pub(super) const PLAIN: [u8; 2] = [0; 2];
/// The secret key's checksum is BLAKE2b-256.
pub(super) const BLAKE2B: [u8; 2] = *b"B2";

/// A public key.
#[derive(Clone, Copy, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub(super) struct RawPublicKey {
    /// [`ED25519`].
    pub(super) algorithm: [u8; 2],
    /// The key's id.
    pub(super) id: [u8; 8],
    /// The Ed25519 public key.
    pub(super) key: [u8; 32],
}
const _: () = assert!(size_of::<RawPublicKey>() == 0x2a);

/// A signature, without its trusted comment.
#[derive(Clone, Copy, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub(super) struct RawSignature {
    /// [`ED25519`] or [`PREHASHED`].
    pub(super) algorithm: [u8; 2],
    /// The id of the key that signed.
    pub(super) id: [u8; 8],
    /// The Ed25519 signature.
    pub(super) signature: [u8; 64],
}
const _: () = assert!(size_of::<RawSignature>() == 0x4a);

/// A secret key.
#[derive(Clone, Copy, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub(super) struct RawSecretKey {
    /// [`ED25519`].
    pub(super) algorithm: [u8; 2],
    /// [`SCRYPT`] or [`PLAIN`].
    pub(super) kdf: [u8; 2],
    /// [`BLAKE2B`].
    pub(super) checksum: [u8; 2],
    /// What the password is mixed with.
    pub(super) salt: [u8; 32],
    /// How much scrypt computes, in libsodium's `opslimit`.
    pub(super) work: U64,
    /// How much memory scrypt takes, in bytes: libsodium's `memlimit`.
    pub(super) memory: U64,
    /// The key itself, encrypted when `kdf` says so.
    pub(super) sealed: [u8; size_of::<RawKeyPair>()],
}
const _: () = assert!(size_of::<RawSecretKey>() == 0x9e);

/// What a secret key's file encrypts.
#[derive(Clone, Copy, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub(super) struct RawKeyPair {
    /// The key's id.
    pub(super) id: [u8; 8],
    /// The seed of the Ed25519 key.
    pub(super) seed: [u8; 32],
    /// The public key that follows from the seed.
    pub(super) public: [u8; 32],
    /// BLAKE2b-256 of algorithm, id, seed and public key; zeros in a file that is not encrypted.
    pub(super) digest: [u8; 32],
}
const _: () = assert!(size_of::<RawKeyPair>() == 0x68);
