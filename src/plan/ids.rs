//! What the ids of an audience, or of a list of people, look like as a whole: one spreadsheet on the
//! way rounds them all, and no single id shows it.

use std::collections::BTreeMap;

use crate::identity::CanonicalTo;

/// What one id looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct IdForm {
    /// How many digits it has; `None` if it is not all digits.
    digits: Option<u8>,
    /// Whether all behind its fifteenth digit is zeros, and there is something behind it.
    rounded: bool,
}

/// How many digits a spreadsheet keeps.
const DIGITS_KEPT: usize = 15;

impl IdForm {
    /// Looks at an id.
    pub(super) fn of(to: &CanonicalTo<'_>) -> Self {
        let bytes = to.as_str().as_bytes();
        let digits = u8::try_from(bytes.len()).ok().filter(|_| bytes.iter().all(u8::is_ascii_digit));
        // Hardly any id ends in a zero, so that hardly any is looked at further.
        let rounded = digits.is_some()
            && bytes.last() == Some(&b'0')
            && bytes.get(DIGITS_KEPT..).is_some_and(|tail| !tail.is_empty() && tail.iter().all(|byte| *byte == b'0'));
        Self { digits, rounded }
    }
}

/// How many ids there are of each form.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct IdForms(BTreeMap<Option<u8>, Count>);

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Count {
    all: u64,
    rounded: u64,
}

/// Ids that a spreadsheet has rounded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Rounded {
    /// How many end in zeros.
    pub rounded: u64,
    /// Of how many ids that are as long.
    pub of: u64,
}

impl IdForms {
    /// Counts an id.
    pub(super) fn add(&mut self, form: IdForm) {
        let count = self.0.entry(form.digits).or_default();
        count.all += 1;
        count.rounded += u64::from(form.rounded);
    }

    /// Takes an id out again.
    pub(super) fn without(&self, form: IdForm) -> Self {
        let mut others = self.clone();
        if let Some(count) = others.0.get_mut(&form.digits) {
            count.all = count.all.saturating_sub(1);
        }
        others.0.retain(|_, count| count.all > 0);
        others
    }

    /// Whether there is none.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Tells whether a spreadsheet has rounded ids: too many of those that are longer than what it
    /// keeps end in zeros. By chance that is one of a hundred ids of 17 digits, and one of ten of 16,
    /// so of these half have to.
    pub(super) fn rounded(&self) -> Option<Rounded> {
        const ROUNDED_MIN: u64 = 3;
        let longer = |wanted: fn(usize) -> bool| {
            let counts = self.0.iter().filter(|(digits, _)| digits.is_some_and(|digits| wanted(usize::from(digits))));
            counts.fold(Rounded { rounded: 0, of: 0 }, |sum, (_, count)| Rounded {
                rounded: sum.rounded + count.rounded,
                of: sum.of + count.all,
            })
        };
        let by_one = longer(|digits| digits == DIGITS_KEPT + 1);
        let by_more = longer(|digits| digits > DIGITS_KEPT + 1);
        let too_many = |found: &Rounded, share: u64| found.rounded >= ROUNDED_MIN && found.rounded * share >= found.of;
        Some(by_more).filter(|found| too_many(found, 10)).or(Some(by_one).filter(|found| too_many(found, 2)))
    }

    /// Tells that a few ids have another length than nearly all: how many digits nearly all have, how
    /// many those are, and the other lengths with their counts.
    pub(super) fn odd_ones(&self) -> Option<OddOnes> {
        const IDS_MIN: u64 = 10;
        let total: u64 = self.0.values().map(|count| count.all).sum();
        let (usual, most) = self.0.iter().max_by_key(|(_, count)| count.all)?;
        let others: Vec<(u8, u64)> = self
            .0
            .iter()
            .filter(|(digits, _)| *digits != usual)
            .filter_map(|(digits, count)| Some(((*digits)?, count.all)))
            .collect();
        let found = OddOnes { usual: (*usual)?, of: most.all, others };
        (total >= IDS_MIN && most.all * 10 >= total * 9 && !found.others.is_empty()).then_some(found)
    }

    /// Whether no id here has the form of any id there.
    pub(super) fn is_another_shape_than(&self, other: &Self) -> bool {
        !self.is_empty() && !other.is_empty() && self.0.keys().all(|form| !other.0.contains_key(form))
    }

    /// Whether all ids here have more digits than this one; not if there is none.
    pub(super) fn all_longer_than(&self, form: IdForm) -> bool {
        !self.is_empty() && self.0.keys().all(|digits| digits.is_some() && *digits > form.digits)
    }

    /// The forms in words: `17 digits`, `10 to 12 digits`, `no numbers`.
    pub(super) fn words(&self) -> String {
        let digits: Vec<u8> = self.0.keys().copied().flatten().collect();
        let numbers = match (digits.first(), digits.last()) {
            (Some(least), Some(most)) if least == most => format!("{least} digits"),
            (Some(least), Some(most)) => format!("{least} to {most} digits"),
            _ => String::new(),
        };
        match (numbers.is_empty(), self.0.contains_key(&None)) {
            (true, _) => "no numbers".to_owned(),
            (false, true) => format!("{numbers}, or no numbers"),
            (false, false) => numbers,
        }
    }
}

/// Ids whose length is not that of nearly all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct OddOnes {
    /// How many digits nearly all have.
    pub usual: u8,
    /// How many those are.
    pub of: u64,
    /// The other lengths, and how many have them.
    pub others: Vec<(u8, u64)>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::IdRule;

    fn form(to: &str) -> Option<IdForm> {
        CanonicalTo::parse(to, IdRule::Any).ok().map(|to| IdForm::of(&to))
    }

    fn forms<T: AsRef<str>>(ids: &[T]) -> IdForms {
        let mut forms = IdForms::default();
        ids.iter().for_each(|id| forms.add(form(id.as_ref()).unwrap()));
        forms
    }

    #[test]
    fn rounded_ids_are_seen_by_their_number() {
        let check = |ids: &[&str], expect: Option<(u64, u64)>| {
            assert_eq!(forms(ids).rounded().map(|found| (found.rounded, found.of)), expect, "{ids:?}");
        };
        let rounded = ["17841400000000000", "17841400000000100", "17841455500000000"];
        check(&rounded, Some((3, 3)));
        check(&rounded[..2], None);
        check(&[rounded.as_slice(), &["17841400000000001"; 27]].concat(), Some((3, 30)));
        check(&[rounded.as_slice(), &["17841400000000001"; 28]].concat(), None);
        // Sixteen digits end in one zero by chance, and fifteen are not rounded at all.
        check(&[&["1784140000000010"; 3][..], &["1784140000000011"; 4]].concat(), None);
        check(&[&["1784140000000010"; 3][..], &["1784140000000011"; 3]].concat(), Some((3, 6)));
        check(&["178414000000000"; 20], None);
        let sequence: Vec<String> = (0..2000_u64).map(|number| (17_841_400_000_000_001 + number).to_string()).collect();
        assert_eq!(forms(&sequence).rounded(), None);
    }

    #[test]
    fn a_few_ids_of_another_length_are_odd() {
        let check = |ids: &[&str], expect: Option<OddOnes>| assert_eq!(forms(ids).odd_ones(), expect, "{ids:?}");
        let many = ["17841400000000001"; 18];
        check(&many, None);
        check(
            &[&many[..], &["1784140000"], &["178414"]].concat(),
            Some(OddOnes { usual: 17, of: 18, others: vec![(6, 1), (10, 1)] }),
        );
        check(&[&many[..], &["178414"; 3]].concat(), None);
        check(&[&many[..5], &["178414"]].concat(), None);
    }

    #[test]
    fn shapes_are_compared() {
        let people = forms(&["17841400000000001", "1784140000000001"]);
        assert!(forms(&["385911234567"]).is_another_shape_than(&people));
        assert!(forms(&["ana"]).is_another_shape_than(&people));
        assert!(!forms(&["385911234567", "17841400000000002"]).is_another_shape_than(&people));
        assert!(!IdForms::default().is_another_shape_than(&people));
        assert_eq!(people.words(), "16 to 17 digits");
        assert_eq!(forms(&["ana"]).words(), "no numbers");
        let cut = form("17841400").unwrap();
        assert!(people.all_longer_than(cut) && !people.all_longer_than(form("1784140000000001").unwrap()));
        assert!(people.without(form("1784140000000001").unwrap()).all_longer_than(form("1784140000000001").unwrap()));
    }
}
