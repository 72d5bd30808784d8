//! Closed enums whose members are words: one spelling for code, catalogue, JSON and command line.

use std::fmt;

/// A word that is not in the closed set it was read for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownWord {
    /// The word as given.
    pub given: String,
    /// What the set is called, e.g. `phase`.
    pub set: &'static str,
    /// The words that are allowed.
    pub allowed: &'static [&'static str],
}

impl fmt::Display for UnknownWord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "unknown {} '{}'; one of: {}",
            self.set,
            self.given,
            self.allowed.join(", ")
        )
    }
}

impl std::error::Error for UnknownWord {}

/// Declares an enum with its words, `ALL`, `WORDS`, `as_str`, `Display` and `FromStr`.
macro_rules! words {
    (
        $(#[$meta:meta])*
        $vis:vis enum $name:ident as $set:literal {
            $( $(#[$vmeta:meta])* $variant:ident = $word:literal, )+
        }
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        $vis enum $name { $( $(#[$vmeta])* $variant, )+ }

        impl $name {
            /// Every member, in declared order.
            pub const ALL: &'static [Self] = &[$( Self::$variant, )+];
            /// The words of all members, in declared order.
            pub const WORDS: &'static [&'static str] = &[$( $word, )+];

            /// The member's one spelling.
            pub const fn as_str(self) -> &'static str {
                match self { $( Self::$variant => $word, )+ }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::words::UnknownWord;
            fn from_str(word: &str) -> Result<Self, Self::Err> {
                match word {
                    $( $word => Ok(Self::$variant), )+
                    _ => Err($crate::words::UnknownWord {
                        given: word.to_owned(), set: $set, allowed: Self::WORDS,
                    }),
                }
            }
        }
    };
}
pub(crate) use words;
