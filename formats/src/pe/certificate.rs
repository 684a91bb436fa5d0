//! X.509 certificates of signers (RFC 5280), with RSA keys.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use der::asn1::{Any, ObjectIdentifier};
use der::{Decode, Encode, Tagged};
use rsa::pkcs1v15::Pkcs1v15Sign;
use rsa::{RsaPrivateKey, RsaPublicKey};
use sha2::Digest as _;
use x509_cert::spki::DecodePublicKey as _;

use crate::digest::Sha256;

/// `id-at-commonName`.
const COMMON_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.3");
/// `sha256WithRSAEncryption`.
const SHA256_RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.11");
/// `sha384WithRSAEncryption`.
const SHA384_RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.12");
/// `sha512WithRSAEncryption`.
const SHA512_RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.13");

/// What PEM puts before a certificate.
const PEM: &[u8] = b"-----BEGIN CERTIFICATE-----";

/// Why bytes are no certificate that can be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CertificateError {
    /// They are neither DER nor PEM.
    #[error(
        "there is no X.509 certificate here, expected one as DER, or as PEM (BEGIN CERTIFICATE): {reason}"
    )]
    NoCertificate {
        /// What the decoder says.
        reason: String,
    },
}

/// A certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate(x509_cert::Certificate);

impl Certificate {
    /// From DER or PEM; of several in PEM the first one.
    ///
    /// # Errors
    /// [`CertificateError`].
    pub fn parse(bytes: &[u8]) -> Result<Self, CertificateError> {
        let no_certificate = |e: der::Error| CertificateError::NoCertificate { reason: e.to_string() };
        let start = bytes.windows(PEM.len()).position(|window| window == PEM);
        let Some(start) = start else {
            return x509_cert::Certificate::from_der(bytes).map(Self).map_err(no_certificate);
        };
        let pem = bytes.get(start..).unwrap_or_default();
        let mut all = x509_cert::Certificate::load_pem_chain(pem).map_err(no_certificate)?.into_iter();
        let empty = || CertificateError::NoCertificate { reason: "it is empty".into() };
        all.next().map(Self).ok_or_else(empty)
    }

    /// The same, as the crate `x509-cert` has it.
    pub fn inner(&self) -> &x509_cert::Certificate {
        &self.0
    }

    /// Whom it names: the common name, or all of the name where there is none.
    pub fn subject(&self) -> String {
        common_name(&self.0.tbs_certificate.subject)
    }

    /// Who issued it: the common name, or all of the name where there is none.
    pub fn issuer(&self) -> String {
        common_name(&self.0.tbs_certificate.issuer)
    }

    /// When it is no longer valid, as RFC 3339. Firmware does not look at it.
    pub fn expires(&self) -> String {
        self.0.tbs_certificate.validity.not_after.to_date_time().to_string()
    }

    /// The digest of its DER.
    pub fn sha256(&self) -> Option<Sha256> {
        self.0.to_der().ok().map(|der| Sha256::of(&der))
    }

    /// Its public key, as `SubjectPublicKeyInfo` in DER.
    pub fn public_key(&self) -> Option<Vec<u8>> {
        self.0.tbs_certificate.subject_public_key_info.to_der().ok()
    }

    /// Whether it belongs to a secret key.
    pub fn belongs_to(&self, key: &RsaPrivateKey) -> bool {
        self.rsa().is_some_and(|own| own == key.to_public_key())
    }

    /// Whether `issuer` issued it: named as such, and by its signature.
    pub fn is_issued_by(&self, issuer: &Self) -> bool {
        let named = self.0.tbs_certificate.issuer == issuer.0.tbs_certificate.subject;
        named && issuer.public_key().is_some_and(|key| self.is_signed_by(&key))
    }

    /// Whether its signature is by a key, given as `SubjectPublicKeyInfo` in DER. RSA with SHA-2 is checked; of others it
    /// is not known, and they are not.
    pub fn is_signed_by(&self, public_key: &[u8]) -> bool {
        let Ok(key) = RsaPublicKey::from_public_key_der(public_key) else { return false };
        let Ok(signed) = self.0.tbs_certificate.to_der() else { return false };
        let (scheme, digest) = match self.0.signature_algorithm.oid {
            SHA256_RSA => (Pkcs1v15Sign::new::<sha2::Sha256>(), sha2::Sha256::digest(&signed).to_vec()),
            SHA384_RSA => (Pkcs1v15Sign::new::<sha2::Sha384>(), sha2::Sha384::digest(&signed).to_vec()),
            SHA512_RSA => (Pkcs1v15Sign::new::<sha2::Sha512>(), sha2::Sha512::digest(&signed).to_vec()),
            _ => return false,
        };
        self.0.signature.as_bytes().is_some_and(|signature| key.verify(scheme, &digest, signature).is_ok())
    }

    /// Whether a signature of a SHA-256 digest is by its key.
    pub(super) fn signed(&self, digest: &Sha256, signature: &[u8]) -> bool {
        let scheme = Pkcs1v15Sign::new::<sha2::Sha256>();
        self.rsa().is_some_and(|key| key.verify(scheme, &digest.0, signature).is_ok())
    }

    fn rsa(&self) -> Option<RsaPublicKey> {
        RsaPublicKey::from_public_key_der(&self.public_key()?).ok()
    }
}

impl From<x509_cert::Certificate> for Certificate {
    fn from(certificate: x509_cert::Certificate) -> Self {
        Self(certificate)
    }
}

/// The common name of a name; the whole name where there is none.
pub(super) fn common_name(name: &x509_cert::name::Name) -> String {
    let mut parts = name.0.iter().flat_map(|part| part.0.iter());
    let common = parts.find(|part| part.oid == COMMON_NAME).and_then(|part| text(&part.value));
    common.unwrap_or_else(|| name.to_string())
}

/// A string of any of the kinds that names have.
fn text(value: &Any) -> Option<String> {
    match value.tag() {
        der::Tag::BmpString => {
            let units = value.value().chunks_exact(2).map(|unit| u16::from_be_bytes([unit[0], unit[1]]));
            Some(char::decode_utf16(units).map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER)).collect())
        }
        _ => Some(String::from_utf8_lossy(value.value()).into_owned()),
    }
}
