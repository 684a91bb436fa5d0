//! The certificate authorities of Microsoft that PCs trust, and who else signs.

use formats::pe::Certificate;
use formats::pe::signature::Signature;

/// A certificate authority of Microsoft whose certificate is in PCs' databases.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Authority {
    /// For programs of others, until 2026.
    UefiCa2011,
    /// For programs of others, since 2023.
    UefiCa2023,
    /// For Windows, until 2026.
    WindowsPca2011,
    /// For Windows, since 2023.
    WindowsUefiCa2023,
}

/// Which generation of Microsoft's certificates a PC has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Generation {
    /// Those of 2011.
    Of2011,
    /// Those of 2023.
    Of2023,
}

impl Authority {
    /// All of them.
    pub const ALL: [Self; 4] =
        [Self::UefiCa2011, Self::UefiCa2023, Self::WindowsPca2011, Self::WindowsUefiCa2023];

    /// The common name of its certificate.
    pub fn name(self) -> &'static str {
        match self {
            Self::UefiCa2011 => "Microsoft Corporation UEFI CA 2011",
            Self::UefiCa2023 => "Microsoft UEFI CA 2023",
            Self::WindowsPca2011 => "Microsoft Windows Production PCA 2011",
            Self::WindowsUefiCa2023 => "Windows UEFI CA 2023",
        }
    }

    /// Its name for programs.
    pub fn class(self) -> &'static str {
        match self {
            Self::UefiCa2011 => "microsoft-uefi-ca-2011",
            Self::UefiCa2023 => "microsoft-uefi-ca-2023",
            Self::WindowsPca2011 => "windows-production-pca-2011",
            Self::WindowsUefiCa2023 => "windows-uefi-ca-2023",
        }
    }

    /// The PCs that trust it.
    pub fn generation(self) -> Generation {
        match self {
            Self::UefiCa2011 | Self::WindowsPca2011 => Generation::Of2011,
            Self::UefiCa2023 | Self::WindowsUefiCa2023 => Generation::Of2023,
        }
    }

    /// Its public key, from the certificate that Microsoft publishes: `SubjectPublicKeyInfo` in DER.
    pub fn key(self) -> &'static [u8] {
        match self {
            Self::UefiCa2011 => include_bytes!("keys/uefi-ca-2011.der"),
            Self::UefiCa2023 => include_bytes!("keys/uefi-ca-2023.der"),
            Self::WindowsPca2011 => include_bytes!("keys/windows-pca-2011.der"),
            Self::WindowsUefiCa2023 => include_bytes!("keys/windows-uefi-ca-2023.der"),
        }
    }

    /// The one that issued a certificate: by its key, not by its name alone.
    fn issuer_of(certificate: &Certificate) -> Option<Self> {
        let issuer = certificate.issuer();
        Self::ALL.into_iter().find(|ca| ca.name() == issuer && certificate.is_signed_by(ca.key()))
    }

    /// The one that a signature leads to, through the certificates in it.
    pub fn of(signature: &Signature) -> Option<Self> {
        let mut at = &signature.signer;
        // A chain that is longer than there are certificates goes in a circle.
        for _ in 0..=signature.certificates.len() {
            if let Some(authority) = Self::issuer_of(at) {
                return Some(authority);
            }
            at = signature.issuer_of(at)?;
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use formats::digest::Sha256;

    #[test]
    fn keys_are_those_of_the_published_certificates() {
        // SHA-256 of the keys in the certificates with the SHA-1 thumbprints 46def63b..., b5eeb4a6..., 580a6f4c...
        // and 45a0fa32..., by which Microsoft names them ("Windows Secure Boot Key Creation and Management Guidance").
        let digests = [
            "2c627ccbb690409550ad6e2d46a03eb10aa6d62d272a5dc3c86a8863ae19b2bb",
            "f0f6d23f74457473749a72d5aa55b9efe491dd0bc3068905b019940abe8b5cc3",
            "96fcf444012a77ea14f34f349c469c85e2749fce709e0bcdf2e5eab431cdccae",
            "b45bbdd94c9bf231bb8d9dbf47f6dc917fe7ebea7ef95aeede218d7e9d395f9a",
        ];
        assert_eq!(Authority::ALL.map(|ca| Sha256::of(ca.key()).to_string()), digests);
    }
}
