//! Absent is a fact; not captured is ignorance.

/// Whether a thing was observed. A rule may reason only from [`Seen::Present`] and [`Seen::Absent`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Seen<T> {
    /// It was there, and this is it.
    Present(T),
    /// The observer looked, and it was not there.
    Absent,
    /// The observer did not record it.
    #[default]
    NotCaptured,
}

impl<T> Seen<T> {
    /// The thing, if it was there.
    pub fn present(self) -> Option<T> {
        match self {
            Self::Present(thing) => Some(thing),
            Self::Absent | Self::NotCaptured => None,
        }
    }

    /// True when the observer looked and it was not there.
    pub const fn is_absent(&self) -> bool {
        matches!(self, Self::Absent)
    }

    /// Borrows the thing inside.
    pub const fn as_ref(&self) -> Seen<&T> {
        match self {
            Self::Present(thing) => Seen::Present(thing),
            Self::Absent => Seen::Absent,
            Self::NotCaptured => Seen::NotCaptured,
        }
    }

    /// Applies `f` to the thing inside.
    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> Seen<U> {
        match self {
            Self::Present(thing) => Seen::Present(f(thing)),
            Self::Absent => Seen::Absent,
            Self::NotCaptured => Seen::NotCaptured,
        }
    }
}

impl<T> From<Option<T>> for Seen<T> {
    /// `None` becomes [`Seen::NotCaptured`]: ignorance is the safe reading.
    fn from(option: Option<T>) -> Self {
        option.map_or(Self::NotCaptured, Self::Present)
    }
}
