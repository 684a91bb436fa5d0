//! Signatures of PE files: PKCS #7 signed data over the Authenticode digest, read and checked.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use authenticode::{SPC_INDIRECT_DATA_OBJID, SpcIndirectDataContent};
use cms::cert::CertificateChoices;
use cms::content_info::ContentInfo;
use cms::signed_data::{SignedData, SignerIdentifier, SignerInfo};
use der::asn1::{ObjectIdentifier, OctetStringRef};
use der::{Decode, Encode, SliceReader};

use super::certificate::{Certificate, common_name};
use crate::digest::Sha256;

/// `id-signedData` (RFC 5652, 5.1).
pub const SIGNED_DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.2");
/// `id-messageDigest` (RFC 5652, 11.2).
pub const MESSAGE_DIGEST: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.4");
/// `id-sha256` (RFC 5754, 2.2).
pub const SHA256: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.1");

/// The most certificates of a signature that are looked at.
const MAX_CERTIFICATES: usize = 32;

/// Why a signature cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// Its bytes are not what they must be.
    #[error("the {what} cannot be decoded: {reason}")]
    Encoding {
        /// Which part.
        what: &'static str,
        /// What the decoder says.
        reason: String,
    },
    /// A part is missing, or of another kind.
    #[error("expected {expected}")]
    Expected {
        /// What must be there.
        expected: &'static str,
    },
    /// It uses another digest than SHA-256.
    #[error("its digest is of kind {found}, only SHA-256 is checked")]
    Digest {
        /// The object identifier of the algorithm.
        found: String,
    },
    /// The certificate of the signer is not in it.
    #[error("it does not hold the certificate of its signer, which {issuer:?} issued")]
    NoSigner {
        /// Who issued the missing certificate.
        issuer: String,
    },
    /// It does not sign what it holds.
    #[error("it is not by the key of its signer, {subject:?}")]
    Wrong {
        /// Whom the certificate names.
        subject: String,
    },
}

/// A signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    /// The certificate of the signer.
    pub signer: Certificate,
    /// All certificates in it, in their order.
    pub certificates: Vec<Certificate>,
    /// The Authenticode digest that it signs.
    pub digest: Sha256,
}

impl Signature {
    /// Reads a signature, and checks that the signer's key made it. Who the signer is, and whether the digest is that of
    /// the file, is for the caller to find out.
    ///
    /// # Errors
    /// [`SignatureError`].
    pub fn read(bytes: &[u8]) -> Result<Self, SignatureError> {
        let data = signed_data(bytes)?;
        let content = content(&data)?;
        let indirect = SpcIndirectDataContent::from_der(&content).map_err(encoding("signed content"))?;
        let algorithm = indirect.message_digest.digest_algorithm.oid;
        let digest = indirect.message_digest.digest.as_bytes();
        let digest = digest.try_into().map(Sha256).ok().filter(|_| algorithm == SHA256);
        let digest = digest.ok_or_else(|| SignatureError::Digest { found: algorithm.to_string() })?;
        let certificates = certificates(&data);
        let [info] = data.signer_infos.0.as_slice() else {
            return Err(SignatureError::Expected { expected: "one signer" });
        };
        let signer = signer(info, &certificates)?;
        check(info, &data, &signer)?;
        Ok(Self { signer, certificates, digest })
    }

    /// Whether it leads to `anchor`: the signer's own certificate, or one that issued it through those in the signature.
    /// So does firmware that has `anchor` in its database.
    pub fn leads_to(&self, anchor: &Certificate) -> bool {
        let mut at = &self.signer;
        // A chain that is longer than there are certificates goes in a circle.
        for _ in 0..=self.certificates.len() {
            if at == anchor || at.is_issued_by(anchor) {
                return true;
            }
            let Some(next) = self.issuer_of(at) else { return false };
            at = next;
        }
        false
    }

    /// The certificate in it that issued another one in it.
    pub fn issuer_of(&self, certificate: &Certificate) -> Option<&Certificate> {
        self.certificates.iter().find(|other| *other != certificate && certificate.is_issued_by(other))
    }
}

fn signed_data(bytes: &[u8]) -> Result<SignedData, SignatureError> {
    // Zeros may follow, up to the next entry of the table.
    let mut reader = SliceReader::new(bytes).map_err(encoding("signature"))?;
    let info = ContentInfo::decode(&mut reader).map_err(encoding("signature"))?;
    if info.content_type != SIGNED_DATA {
        return Err(SignatureError::Expected { expected: "PKCS #7 signed data" });
    }
    info.content.decode_as().map_err(encoding("signed data"))
}

/// What is signed, in DER.
fn content(data: &SignedData) -> Result<Vec<u8>, SignatureError> {
    let info = &data.encap_content_info;
    match &info.econtent {
        Some(content) if info.econtent_type == SPC_INDIRECT_DATA_OBJID => {
            content.to_der().map_err(encoding("signed content"))
        }
        _ => Err(SignatureError::Expected { expected: "the digest of a program as what is signed" }),
    }
}

fn certificates(data: &SignedData) -> Vec<Certificate> {
    let all = data.certificates.iter().flat_map(|set| set.0.iter());
    let x509 = all.filter_map(|choice| match choice {
        CertificateChoices::Certificate(certificate) => Some(certificate.clone().into()),
        CertificateChoices::Other(_) => None,
    });
    x509.take(MAX_CERTIFICATES).collect()
}

fn signer(info: &SignerInfo, certificates: &[Certificate]) -> Result<Certificate, SignatureError> {
    let SignerIdentifier::IssuerAndSerialNumber(id) = &info.sid else {
        return Err(SignatureError::Expected { expected: "a signer named by issuer and serial number" });
    };
    let mut found = certificates.iter().filter(|certificate| {
        let own = &certificate.inner().tbs_certificate;
        own.issuer == id.issuer && own.serial_number == id.serial_number
    });
    let issuer = || SignatureError::NoSigner { issuer: common_name(&id.issuer) };
    found.next().cloned().ok_or_else(issuer)
}

/// Checks that the signer's key signed the content: through the signed attributes, where there are some (RFC 5652, 5.4).
fn check(info: &SignerInfo, data: &SignedData, signer: &Certificate) -> Result<(), SignatureError> {
    let wrong = || SignatureError::Wrong { subject: signer.subject() };
    if info.digest_alg.oid != SHA256 {
        return Err(SignatureError::Digest { found: info.digest_alg.oid.to_string() });
    }
    // The digest is of the content without its tag and length.
    let content = data.encap_content_info.econtent.as_ref().map(|content| content.value());
    let content = Sha256::of(content.unwrap_or_default());
    let signed = match &info.signed_attrs {
        None => content,
        Some(attributes) => {
            let mut digests = attributes.iter().filter(|attribute| attribute.oid == MESSAGE_DIGEST);
            let value = digests.next().and_then(|attribute| attribute.values.as_slice().first());
            let said = value.and_then(|value| value.decode_as::<OctetStringRef<'_>>().ok());
            if said.map(|said| said.as_bytes()) != Some(&content.0) {
                return Err(wrong());
            }
            Sha256::of(&attributes.to_der().map_err(encoding("signed attributes"))?)
        }
    };
    signer.signed(&signed, info.signature.as_bytes()).then_some(()).ok_or_else(wrong)
}

fn encoding(what: &'static str) -> impl Fn(der::Error) -> SignatureError {
    move |error| SignatureError::Encoding { what, reason: error.to_string() }
}
