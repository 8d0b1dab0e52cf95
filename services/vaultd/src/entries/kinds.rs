//! How the list of entry kinds becomes an enum with stable numbers and names. It knows no kind itself.
//!
//! A kind has fields, or is one word of a list of its own: `100 Box: BoxEvent` is `Box { event: BoxEvent }`.

macro_rules! events {
    ($(
        $(#[$doc:meta])* $kind:literal $name:ident
        $({ $($(#[$fdoc:meta])* $field:ident : $ty:ty),* $(,)? })? $(: $event:ty)?
    ),+ $(,)?) => {
        /// What happened.
        #[derive(Debug, serde::Serialize, serde::Deserialize)]
        pub enum Event {
            $($(#[$doc])* $name {
                $($($(#[$fdoc])* $field: $ty),*)?
                $(
                    /// What.
                    event: $event
                )?
            }),+
        }

        impl Event {
            /// The stable number of its kind, which stands in clear in the ledger's header.
            #[must_use]
            pub const fn kind(&self) -> u16 {
                match self { $(Self::$name { .. } => $kind),+ }
            }

            /// The name of its kind.
            #[must_use]
            pub const fn name(&self) -> &'static str {
                match self { $(Self::$name { .. } => stringify!($name)),+ }
            }
        }

        /// Every kind with its number.
        pub const KINDS: &[(u16, &str)] = &[$(($kind, stringify!($name))),+];
    };
}
