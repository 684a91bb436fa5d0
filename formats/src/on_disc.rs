//! Structures as they lie on a disc: fields in order, without gaps, of a length that is written down and checked.

/// Declares a structure with its length in bytes.
macro_rules! on_disc {
    ($(#[$meta:meta])* $name:ident, $size:literal, { $($(#[$field_meta:meta])* $field:ident: $type:ty,)* }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
        #[repr(C)]
        pub struct $name { $($(#[$field_meta])* pub $field: $type,)* }
        const _: () = assert!(size_of::<$name>() == $size);
    };
}
pub(crate) use on_disc;
