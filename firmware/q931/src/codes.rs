//! How a coded field becomes an enum: every value of the recommendation by name, every other kept as it came.
//!
//! Only the macro stands here; the values stand with the elements that carry them.

/// An enum of a coded field with `Other` for values the recommendation leaves open.
macro_rules! codes {
    ($(#[$doc:meta])* $name:ident { $($(#[$about:meta])* $variant:ident = $code:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum $name {
            $($(#[$about])* $variant,)+
            /// A value the recommendation leaves open, kept as it came.
            Other(u8),
        }

        impl $name {
            /// Every value with a name.
            pub const NAMED: &'static [Self] = &[$(Self::$variant),+];

            /// The value of a code.
            #[must_use]
            pub const fn from_code(code: u8) -> Self {
                match code {
                    $($code => Self::$variant,)+
                    other => Self::Other(other),
                }
            }

            /// The code of a value.
            #[must_use]
            pub const fn code(self) -> u8 {
                match self {
                    $(Self::$variant => $code,)+
                    Self::Other(other) => other,
                }
            }
        }
    };
}
