//! Signing a program with a fleet's own key, so that firmware that knows the certificate starts it (UEFI 2.10, 32.2.4;
//! Microsoft "Windows Authenticode Portable Executable Signature Format").
//!
//! The same program and key give the same bytes: PKCS #1 v1.5 needs no chance, and no time is signed.

use authenticode::{
    DigestInfo, SPC_INDIRECT_DATA_OBJID, SpcAttributeTypeAndOptionalValue, SpcIndirectDataContent,
};
use cms::cert::{CertificateChoices, IssuerAndSerialNumber};
use cms::content_info::{CmsVersion, ContentInfo};
use cms::signed_data::{
    CertificateSet, EncapsulatedContentInfo, SignedData, SignerIdentifier, SignerInfo, SignerInfos,
};
use der::asn1::{Any, ObjectIdentifier, OctetString, SetOfVec};
use der::{Decode, Encode};
use formats::digest::Sha256;
use formats::kind::ErrorKind;
use formats::pe::digest::NoDigest;
use formats::pe::signature::{MESSAGE_DIGEST, SHA256, SIGNED_DATA};
use formats::pe::table::TableError;
use formats::pe::{Certificate, CertificateError, Pe, PeError};
use rsa::pkcs1::DecodeRsaPrivateKey as _;
use rsa::pkcs1v15::Pkcs1v15Sign;
use rsa::pkcs8::DecodePrivateKey as _;
use rsa::traits::PublicKeyParts as _;
use rsa::{RsaPrivateKey, sha2};
use x509_cert::attr::Attribute;
use x509_cert::spki::AlgorithmIdentifierOwned;

/// `rsaEncryption` (RFC 3370, 4.2.1).
const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
/// `id-contentType` (RFC 5652, 11.1).
const CONTENT_TYPE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.3");
/// `SPC_PE_IMAGE_DATAOBJ`.
const PE_IMAGE_DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.311.2.1.15");
/// `SPC_SP_OPUS_INFO_OBJID`.
const OPUS_INFO: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.311.2.1.12");

/// `SpcPeImageData` up to its text: no flags, and as its file a link to a string of UTF-16.
const IMAGE_DATA: [u8; 11] = [0x30, 0x25, 0x03, 0x01, 0x00, 0xA0, 0x20, 0xA2, 0x1E, 0x80, 0x1C];
/// The text that the specification wants there.
const OBSOLETE: &str = "<<<Obsolete>>>";

/// The shortest key, in bits.
const SHORTEST: usize = 2048;

/// Why a key cannot be signed with.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EfiKeyError {
    /// It has a password.
    #[error("the key is encrypted: decrypt it with `openssl rsa -in KEY -out PLAIN`, and give that file")]
    Encrypted,
    /// It is no RSA key in PEM.
    #[error("there is no RSA key in PEM here, expected BEGIN PRIVATE KEY or BEGIN RSA PRIVATE KEY: {reason}")]
    NoKey {
        /// What the decoder says.
        reason: String,
    },
    /// It is too short to be safe.
    #[error("the key has {bits} bits, expected at least {SHORTEST}: make another")]
    Short {
        /// How many bits it has.
        bits: usize,
    },
    /// What should be its certificate is none.
    #[error("the certificate of the key cannot be used")]
    Certificate(#[from] CertificateError),
    /// The certificate is another key's.
    #[error(
        "the certificate of {subject:?} belongs to another key: give the one that was issued for this key"
    )]
    Mismatch {
        /// Whom the certificate names.
        subject: String,
    },
}

/// Why a program cannot be signed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignError {
    /// It is no PE file.
    #[error("the program cannot be signed")]
    Pe(#[from] PeError),
    /// It is for something else than firmware.
    #[error("the program is for subsystem {subsystem}, expected a program for UEFI (10 to 12)")]
    NotEfi {
        /// Its subsystem.
        subsystem: u16,
    },
    /// Its certificate table cannot take a signature.
    #[error("the program has no place for a signature")]
    Table(#[from] TableError),
    /// Its sections lie so that it has no digest.
    #[error("the program cannot be signed")]
    Digest(#[from] NoDigest),
    /// A fault of this program.
    #[error("the signature cannot be put together, please report this: {reason}")]
    Encoding {
        /// What the encoder says.
        reason: String,
    },
}

impl EfiKeyError {
    /// What it means for whoever asked: another key or certificate is to be given.
    pub fn kind(&self) -> ErrorKind {
        ErrorKind::Usage
    }
}

impl SignError {
    /// What it means for whoever asked.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Pe(_) | Self::NotEfi { .. } | Self::Table(_) | Self::Digest(_) => ErrorKind::Usage,
            Self::Encoding { .. } => ErrorKind::Other,
        }
    }
}

/// What becomes of the signatures that a program has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Existing {
    /// They stay, and the new one is added behind them.
    Keep,
    /// They go.
    Replace,
}

/// A secret key with its certificate.
pub struct EfiKey {
    key: RsaPrivateKey,
    certificate: Certificate,
}

impl EfiKey {
    /// From a key in PEM (PKCS #8 or PKCS #1, without a password) and its certificate (PEM or DER).
    ///
    /// # Errors
    /// [`EfiKeyError`].
    pub fn load(key_pem: &[u8], cert: &[u8]) -> Result<Self, EfiKeyError> {
        let key = secret(&String::from_utf8_lossy(key_pem))?;
        let bits = key.n().bits();
        if bits < SHORTEST {
            return Err(EfiKeyError::Short { bits });
        }
        let certificate = Certificate::parse(cert)?;
        if !certificate.belongs_to(&key) {
            return Err(EfiKeyError::Mismatch { subject: certificate.subject() });
        }
        Ok(Self { key, certificate })
    }

    /// The certificate.
    pub fn certificate(&self) -> &Certificate {
        &self.certificate
    }
}

/// A program with a signature by `key`.
///
/// # Errors
/// [`SignError`].
pub fn sign(efi: &[u8], key: &EfiKey, existing: Existing) -> Result<Vec<u8>, SignError> {
    let pe = Pe::parse(efi)?;
    if !pe.is_efi() {
        return Err(SignError::NotEfi { subsystem: pe.subsystem });
    }
    let ready = pe.ready(existing == Existing::Keep)?;
    let ready = Pe::parse(&ready)?;
    let digest = ready.authenticode()?;
    let signed_data = signed_data(&digest, key).map_err(encoding)?;
    Ok(ready.with_signature(&signed_data)?)
}

/// The key in a PEM file.
fn secret(pem: &str) -> Result<RsaPrivateKey, EfiKeyError> {
    if pem.contains("BEGIN ENCRYPTED PRIVATE KEY") || pem.contains("Proc-Type: 4,ENCRYPTED") {
        return Err(EfiKeyError::Encrypted);
    }
    // Certificates or parameters may stand before the key.
    let start = pem.find("-----BEGIN PRIVATE KEY").or_else(|| pem.find("-----BEGIN RSA PRIVATE KEY"));
    let pem = start.and_then(|start| pem.get(start..)).unwrap_or(pem).trim_end();
    match pem.starts_with("-----BEGIN RSA") {
        true => RsaPrivateKey::from_pkcs1_pem(pem).map_err(|e| EfiKeyError::NoKey { reason: e.to_string() }),
        false => RsaPrivateKey::from_pkcs8_pem(pem).map_err(|e| EfiKeyError::NoKey { reason: e.to_string() }),
    }
}

/// The signature of a digest, in DER.
fn signed_data(digest: &Sha256, key: &EfiKey) -> Result<Vec<u8>, der::Error> {
    let content = Any::from_der(&content(digest)?.to_der()?)?;
    let certificate = key.certificate.inner().clone();
    let data = SignedData {
        version: CmsVersion::V1,
        digest_algorithms: SetOfVec::try_from(vec![algorithm(SHA256)])?,
        signer_infos: SignerInfos(SetOfVec::try_from(vec![signer_info(&content, key)?])?),
        encap_content_info: EncapsulatedContentInfo {
            econtent_type: SPC_INDIRECT_DATA_OBJID,
            econtent: Some(content),
        },
        certificates: Some(CertificateSet(SetOfVec::try_from(vec![CertificateChoices::Certificate(
            certificate,
        )])?)),
        crls: None,
    };
    ContentInfo { content_type: SIGNED_DATA, content: Any::encode_from(&data)? }.to_der()
}

/// What is signed: the digest, and that it is one of a PE file.
fn content(digest: &Sha256) -> Result<SpcIndirectDataContent, der::Error> {
    let mut image = IMAGE_DATA.to_vec();
    image.extend(OBSOLETE.encode_utf16().flat_map(u16::to_be_bytes));
    Ok(SpcIndirectDataContent {
        data: SpcAttributeTypeAndOptionalValue { value_type: PE_IMAGE_DATA, value: Any::from_der(&image)? },
        message_digest: DigestInfo {
            digest_algorithm: algorithm(SHA256),
            digest: OctetString::new(digest.0)?,
        },
    })
}

fn signer_info(content: &Any, key: &EfiKey) -> Result<SignerInfo, der::Error> {
    let digest = OctetString::new(Sha256::of(content.value()).0)?;
    // The last one has neither a name nor an address of the program: both are optional.
    let attributes = SetOfVec::try_from(vec![
        attribute(CONTENT_TYPE, Any::encode_from(&SPC_INDIRECT_DATA_OBJID)?)?,
        attribute(MESSAGE_DIGEST, Any::encode_from(&digest)?)?,
        attribute(OPUS_INFO, Any::new(der::Tag::Sequence, [])?)?,
    ])?;
    let signed = Sha256::of(&attributes.to_der()?);
    let scheme = Pkcs1v15Sign::new::<sha2::Sha256>();
    // Fails for keys only that are shorter than those that were let in.
    let signature = key.key.sign(scheme, &signed.0).map_err(|_| der::ErrorKind::Failed)?;
    let own = &key.certificate.inner().tbs_certificate;
    Ok(SignerInfo {
        version: CmsVersion::V1,
        sid: SignerIdentifier::IssuerAndSerialNumber(IssuerAndSerialNumber {
            issuer: own.issuer.clone(),
            serial_number: own.serial_number.clone(),
        }),
        digest_alg: algorithm(SHA256),
        signed_attrs: Some(attributes),
        signature_algorithm: algorithm(RSA),
        signature: OctetString::new(signature)?,
        unsigned_attrs: None,
    })
}

fn attribute(oid: ObjectIdentifier, value: Any) -> Result<Attribute, der::Error> {
    Ok(Attribute { oid, values: SetOfVec::try_from(vec![value])? })
}

fn algorithm(oid: ObjectIdentifier) -> AlgorithmIdentifierOwned {
    AlgorithmIdentifierOwned { oid, parameters: Some(Any::null()) }
}

fn encoding(error: der::Error) -> SignError {
    SignError::Encoding { reason: error.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_signed_or_signed_with_is_a_fault_of_whoever_gave_it() {
        let table = [
            (SignError::Pe(PeError::Magic { found: 0 }), ErrorKind::Usage),
            (SignError::NotEfi { subsystem: 3 }, ErrorKind::Usage),
            (SignError::Encoding { reason: String::new() }, ErrorKind::Other),
        ];
        for (error, kind) in table {
            assert_eq!(error.kind(), kind, "{error}");
        }
        let refused = EfiKey::load(b"no key", b"").map(|_| ()).unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::Usage);
    }
}
