//! Identifiers drawn from a name instead of from chance, so that the same request gives the same medium.

use uuid::Uuid;

/// The namespace of all names of seedpress, itself version 5 of the DNS namespace and `seedpress`.
const SEEDPRESS: Uuid = Uuid::from_u128(0x6f6a_1f2e_9a0c_5d44_b6cf_2f0e_53f1_a7d1);

/// Gives out identifiers that follow from one name and the role that each plays (RFC 9562, version 5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Identities(Uuid);

impl Identities {
    /// Those of whatever `name` describes completely, a request for a medium for instance.
    pub fn of(name: &[u8]) -> Self {
        Self(Uuid::new_v5(&SEEDPRESS, name))
    }

    /// The UUID for a role.
    pub fn uuid(&self, role: &str) -> Uuid {
        Uuid::new_v5(&self.0, role.as_bytes())
    }

    /// A serial number of 64 bits for a role, never 0.
    pub fn serial64(&self, role: &str) -> u64 {
        (self.uuid(role).as_u128() as u64).max(1)
    }

    /// A serial number of 32 bits for a role, never 0.
    pub fn serial32(&self, role: &str) -> u32 {
        (self.uuid(role).as_u128() as u32).max(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_differ_and_stay() {
        let one = Identities::of(b"one");
        assert_eq!(one.uuid("disk"), Identities::of(b"one").uuid("disk"));
        assert_ne!(one.uuid("disk"), one.uuid("volume"));
        assert_ne!(one.uuid("disk"), Identities::of(b"two").uuid("disk"));
        assert_eq!(one.uuid("disk").get_version_num(), 5);
    }
}
