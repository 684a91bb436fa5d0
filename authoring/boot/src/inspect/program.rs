//! A program for UEFI: what it is, and who signed it.

use formats::digest::Sha256;
use formats::minisign::slot;
use formats::pe::raw::PKCS_SIGNED_DATA;
use formats::pe::signature::Signature;
use formats::pe::{Certificate, Machine, Pe};
use formats::units::ByteLen;

use super::authority::Authority;

/// A program, as it was found.
#[derive(Clone, Debug)]
pub struct Program {
    /// The processor that it is for.
    pub machine: Machine,
    /// What it is, in its own words.
    pub about: Option<String>,
    /// Whether it is shim, which firmware checks, and which itself checks what it starts.
    pub is_shim: bool,
    /// The certificate that a shim brings for what it starts.
    pub vendor: Option<Certificate>,
    /// How long its file is.
    pub len: ByteLen,
    /// The digest of its file.
    pub sha256: Sha256,
    /// The digest that is signed; `None` where its sections lie so that it has none, and nobody starts it signed.
    pub authenticode: Option<Sha256>,
    /// Its signatures, in the order of its certificate table.
    pub signatures: Vec<Signed>,
}

/// A signature of a program.
#[derive(Clone, Debug)]
pub enum Signed {
    /// One that can be read, and that its signer's key made.
    By(Box<By>),
    /// One that cannot be used.
    Unusable {
        /// Why.
        reason: String,
    },
}

/// Who signed, and what.
#[derive(Clone, Debug)]
pub struct By {
    /// The signature.
    pub signature: Signature,
    /// Whether what was signed is this file.
    pub intact: bool,
    /// The authority of Microsoft that it leads to, key by key.
    pub authority: Option<Authority>,
    /// The fleet's certificates that it leads to, key by key: their numbers in the order in which they were given.
    pub own: Vec<usize>,
}

impl Program {
    /// Looks at a program.
    pub fn of(pe: &Pe<'_>, own: &[Certificate]) -> Self {
        let authenticode = pe.authenticode().ok();
        let (entries, fault) = pe.entries();
        let signatures = entries.iter().filter(|entry| entry.kind == PKCS_SIGNED_DATA);
        let mut signatures: Vec<_> =
            signatures.map(|entry| Signed::of(entry.data, authenticode.as_ref(), own)).collect();
        signatures.extend(fault.map(|fault| Signed::Unusable { reason: fault.to_string() }));
        let vendor = pe.vendor_certificate().and_then(|der| Certificate::parse(der).ok());
        Self {
            machine: pe.machine,
            about: pe.about().or_else(|| loader(pe.bytes)),
            is_shim: pe.section(".vendor_cert").is_some(),
            vendor,
            len: ByteLen(pe.bytes.len() as u64),
            sha256: Sha256::of(pe.bytes),
            authenticode,
            signatures,
        }
    }

    /// The signatures that can be used, and are of this file.
    pub fn intact(&self) -> impl Iterator<Item = &By> {
        self.signatures.iter().filter_map(|signed| match signed {
            Signed::By(by) if by.intact => Some(&**by),
            _ => None,
        })
    }

    /// Why no signature counts, where none does.
    pub fn why_not(&self) -> Option<&'static str> {
        match (self.signatures.is_empty(), self.intact().next()) {
            (true, _) => Some("unsigned"),
            (false, None) => Some("changed after it was signed, or signed wrongly"),
            (false, Some(_)) => None,
        }
    }
}

/// What our own loader is: nothing else has a place for the keys of a medium.
fn loader(program: &[u8]) -> Option<String> {
    let keys: Vec<_> = slot::find(program)?.iter().map(|key| key.id.to_string()).collect();
    match keys.is_empty() {
        true => Some("seedpress loader, takes unsigned media".into()),
        false => Some(format!("seedpress loader, takes media signed by {}", keys.join(", "))),
    }
}

impl Signed {
    fn of(bytes: &[u8], digest: Option<&Sha256>, own: &[Certificate]) -> Self {
        match Signature::read(bytes) {
            Ok(signature) => Self::By(Box::new(By {
                intact: digest == Some(&signature.digest),
                authority: Authority::of(&signature),
                own: (0..).zip(own).filter(|(_, own)| signature.leads_to(own)).map(|(i, _)| i).collect(),
                signature,
            })),
            Err(error) => Self::Unusable { reason: formats::kind::with_causes(&error) },
        }
    }
}

impl By {
    /// Its class, for programs.
    pub fn class(&self) -> &'static str {
        match self.authority {
            Some(authority) => authority.class(),
            None if !self.own.is_empty() => "own",
            None => "other",
        }
    }

    /// Who vouches for it: an authority of Microsoft, or whoever issued the signer's certificate.
    pub fn vouched(&self) -> String {
        match self.authority {
            Some(authority) => authority.name().into(),
            None => self.signature.signer.issuer(),
        }
    }
}
