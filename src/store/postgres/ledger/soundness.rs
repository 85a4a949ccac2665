//! How far the tables of a ledger are to be trusted, as they are found.

use crate::store::postgres::error::DatabaseError;
use crate::store::postgres::marks::Origin;
use crate::store::postgres::server::Where;

/// How far the tables of a ledger are to be trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Soundness {
    /// All rows stand where they were written, and where the ledger was confirmed last.
    Whole,
    /// Nobody knows whether so many claims, or the tables that have none, are no old copy.
    Unmarked(u64),
    /// Somebody takes what is there for all that there is, with so many claims that are not known to be
    /// written here.
    Vouched(u64),
    /// Rows were put back from a copy, with so many claims among them.
    Reloaded(u64),
    /// The server, or the database, is another one than that which held the ledger last.
    Changed,
    /// The server's log ends before where this machine has seen it end.
    SetBack,
}

impl Soundness {
    /// Judges what was found. A word counts for exactly so many claims, also where they are in another
    /// place now: a copy of rows is put back somewhere. It does not count for a server that was set back.
    pub(super) fn of(origin: Origin, place: Where, is_set_back: bool, word: Option<u64>) -> Self {
        match (origin, place) {
            (Origin::Unmarked(claims) | Origin::Reloaded(claims), _) if !is_set_back && word == Some(claims) => {
                Self::Vouched(claims)
            }
            (Origin::Reloaded(claims), _) => Self::Reloaded(claims),
            (_, Where::Elsewhere) => Self::Changed,
            _ if is_set_back => Self::SetBack,
            (Origin::Unmarked(claims), Where::Here | Where::HerePerhaps) => Self::Unmarked(claims),
            (Origin::Here, Where::HerePerhaps) => Self::Unmarked(0),
            (Origin::Here, Where::Here) => Self::Whole,
        }
    }

    /// Why nothing is sent, if that is so.
    pub(super) fn refusal(self) -> Option<DatabaseError> {
        match self {
            Self::Whole | Self::Unmarked(_) | Self::Vouched(_) => None,
            Self::Reloaded(claims) => Some(DatabaseError::Reloaded { claims }),
            Self::Changed => Some(DatabaseError::Changed),
            Self::SetBack => Some(DatabaseError::SetBack),
        }
    }

    /// Whether the marks that are found later go with this: what others write meanwhile is marked.
    pub(super) fn goes_with(self, later: Origin) -> bool {
        match (self, later) {
            (_, Origin::Here) => true,
            (Self::Unmarked(before), Origin::Unmarked(claims)) => claims <= before,
            (Self::Vouched(before), Origin::Unmarked(claims) | Origin::Reloaded(claims)) => claims == before,
            (Self::Whole | Self::Unmarked(_), Origin::Reloaded(_)) | (Self::Whole, Origin::Unmarked(_)) => false,
            // Nothing is sent anyway.
            (Self::Reloaded(_) | Self::Changed | Self::SetBack, _) => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_found_is_judged_and_a_word_counts_for_exactly_what_it_names() {
        use Soundness::{Changed, Reloaded, SetBack, Unmarked, Vouched, Whole};
        let of = |origin, place, word| Soundness::of(origin, place, false, word);
        assert_eq!(of(Origin::Here, Where::Here, Some(0)), Whole);
        assert_eq!(of(Origin::Here, Where::HerePerhaps, None), Unmarked(0));
        assert_eq!(of(Origin::Here, Where::Elsewhere, Some(0)), Changed);
        assert_eq!(of(Origin::Unmarked(2), Where::Here, Some(1)), Unmarked(2));
        assert_eq!(of(Origin::Unmarked(2), Where::Elsewhere, None), Changed);
        for place in [Where::Here, Where::HerePerhaps, Where::Elsewhere] {
            for origin in [Origin::Unmarked(2), Origin::Reloaded(2)] {
                assert_eq!(of(origin, place, Some(2)), Vouched(2));
            }
            for word in [None, Some(1), Some(3)] {
                assert_eq!(of(Origin::Reloaded(2), place, word), Reloaded(2));
                assert_eq!(Soundness::of(Origin::Reloaded(2), place, true, word), Reloaded(2));
            }
            assert_eq!(Soundness::of(Origin::Reloaded(2), place, true, Some(2)), Reloaded(2));
        }
        assert_eq!(Soundness::of(Origin::Here, Where::Here, true, None), SetBack);
        assert_eq!(Soundness::of(Origin::Unmarked(2), Where::Here, true, Some(2)), SetBack);
        assert_eq!(Soundness::of(Origin::Here, Where::Elsewhere, true, None), Changed);
    }

    #[test]
    fn what_is_found_later_may_only_be_better() {
        assert!(Soundness::Whole.goes_with(Origin::Here));
        assert!(!Soundness::Whole.goes_with(Origin::Unmarked(0)) && !Soundness::Whole.goes_with(Origin::Reloaded(1)));
        assert!(Soundness::Unmarked(2).goes_with(Origin::Unmarked(1)));
        assert!(!Soundness::Unmarked(2).goes_with(Origin::Unmarked(3)));
        assert!(!Soundness::Unmarked(2).goes_with(Origin::Reloaded(1)));
        assert!(Soundness::Vouched(2).goes_with(Origin::Reloaded(2)));
        assert!(!Soundness::Vouched(2).goes_with(Origin::Reloaded(1)));
    }
}
