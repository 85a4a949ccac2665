//! What the ids of an audience, or of a list of people, look like as a whole: one spreadsheet on the
//! way rounds them all, and no single id shows it.

use std::collections::BTreeMap;

use crate::identity::CanonicalTo;

/// What one id looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct IdForm {
    /// How many digits it has; `None` if it is not all digits.
    digits: Option<u8>,
    /// Whether all after its fifteenth digit is zeros, and there is something behind it.
    rounded: bool,
    /// What a decimal number of 64 bits would make of it.
    float: Float,
}

/// What a decimal number of 64 bits, to which many programs turn every number, would make of an id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Float {
    /// The same, as it does of every number that is as small.
    Same,
    /// The same by chance, as only one of two to the power of this is.
    ByChance(u8),
    /// Another id.
    Another,
}

/// How many digits a spreadsheet keeps.
const DIGITS_KEPT: usize = 15;
/// How many bits a decimal number of 64 bits has for its digits.
const FLOAT_BITS: u32 = 53;

impl IdForm {
    /// Looks at an id.
    pub(super) fn of(to: &CanonicalTo<'_>) -> Self {
        let bytes = to.as_str().as_bytes();
        let digits = u8::try_from(bytes.len()).ok().filter(|_| bytes.iter().all(u8::is_ascii_digit));
        // Hardly any id ends in a zero, so that hardly any is looked at further.
        let rounded = digits.is_some()
            && bytes.last() == Some(&b'0')
            && bytes.get(DIGITS_KEPT..).is_some_and(|tail| !tail.is_empty() && tail.iter().all(|byte| *byte == b'0'));
        let float = match (digits, bytes.last()) {
            (None, _) | (Some(..=15), _) => Float::Same,
            // All numbers of so many digits are even, once they were rounded so.
            (Some(17..), Some(last)) if last % 2 == 1 => Float::Another,
            (Some(_), _) => to.as_str().parse::<u64>().map_or(Float::Same, Float::of),
        };
        Self { digits, rounded, float }
    }
}

impl Float {
    fn of(number: u64) -> Self {
        let lost = (u64::BITS - number.leading_zeros()).saturating_sub(FLOAT_BITS);
        match u8::try_from(lost) {
            Ok(0) => Self::Same,
            Ok(lost) if number.trailing_zeros() >= u32::from(lost) => Self::ByChance(lost),
            Ok(_) | Err(_) => Self::Another,
        }
    }
}

/// How many ids there are of each form.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct IdForms {
    lengths: BTreeMap<Option<u8>, Count>,
    floats: Floats,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Count {
    all: u64,
    rounded: u64,
}

/// How many ids are too large for a decimal number of 64 bits.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Floats {
    /// How many are the same all the same, and how unlikely all of that is, as a power of two.
    same: u64,
    bits: u64,
    /// How many would be others.
    others: u64,
}

/// How ids lost their last digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Loss {
    /// They end in zeros after their fifteenth digit: a spreadsheet did it.
    Zeros,
    /// All of them are such as decimal numbers of 64 bits hold: a program did it.
    Float,
}

/// Ids that were rounded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Rounded {
    /// How many.
    pub rounded: u64,
    /// Of how many ids that are as long.
    pub of: u64,
    /// How.
    pub loss: Loss,
    /// Whether it cannot be chance.
    pub is_sure: bool,
}

impl IdForms {
    /// Counts an id.
    pub(super) fn add(&mut self, form: IdForm) {
        let count = self.lengths.entry(form.digits).or_default();
        count.all += 1;
        count.rounded += u64::from(form.rounded);
        match form.float {
            Float::Same => {}
            Float::ByChance(bits) => {
                self.floats.same += 1;
                self.floats.bits += u64::from(bits);
            }
            Float::Another => self.floats.others += 1,
        }
    }

    /// Takes an id out again.
    pub(super) fn without(&self, form: IdForm) -> Self {
        let mut others = self.clone();
        if let Some(count) = others.lengths.get_mut(&form.digits) {
            count.all = count.all.saturating_sub(1);
        }
        others.lengths.retain(|_, count| count.all > 0);
        others
    }

    /// How many there are.
    pub(super) fn all(&self) -> u64 {
        self.lengths.values().map(|count| count.all).sum()
    }

    /// Whether there is none.
    pub(super) fn is_empty(&self) -> bool {
        self.lengths.is_empty()
    }

    /// Tells whether ids were rounded on the way.
    pub(super) fn rounded(&self) -> Option<Rounded> {
        let found = [self.floats.rounded(), self.rounded_to_zeros()];
        found.into_iter().flatten().max_by_key(|found| (found.is_sure, found.rounded))
    }

    /// Tells whether a spreadsheet has rounded ids: too many of those that are longer than what it
    /// keeps end in zeros. By chance that is one of a hundred ids of 17 digits, and one of ten of 16,
    /// so of these half have to. One or two that are all there are may be chance.
    fn rounded_to_zeros(&self) -> Option<Rounded> {
        const ROUNDED_MIN: u64 = 3;
        let longer = |wanted: fn(usize) -> bool| {
            let counts =
                self.lengths.iter().filter(|(digits, _)| digits.is_some_and(|digits| wanted(usize::from(digits))));
            counts.fold((0, 0), |(rounded, all), (_, count)| (rounded + count.rounded, all + count.all))
        };
        let by_one = longer(|digits| digits == DIGITS_KEPT + 1);
        let by_more = longer(|digits| digits > DIGITS_KEPT + 1);
        let too_many = |(rounded, of): (u64, u64), share: u64, is_sure: bool| {
            (rounded * share >= of).then_some(Rounded { rounded, of, loss: Loss::Zeros, is_sure })
        };
        let surely =
            |found: (u64, u64), share| (found.0 >= ROUNDED_MIN).then(|| too_many(found, share, true)).flatten();
        let likely = || (by_more.0 > 0).then(|| too_many(by_more, 1, false)).flatten();
        surely(by_more, 10).or_else(|| surely(by_one, 2)).or_else(likely)
    }

    /// Tells that some ids have another length than most: a few of any other, or any number of much
    /// shorter or longer ones, which ids of one account never are.
    pub(super) fn odd_ones(&self) -> Option<OddOnes> {
        const IDS_MIN: u64 = 10;
        const NEAR: u8 = 2;
        let total = self.all();
        let (usual, most) = self.lengths.iter().max_by_key(|(_, count)| count.all)?;
        let (usual, of) = ((*usual)?, most.all);
        let few = total >= IDS_MIN && of * 10 >= total * 9;
        let others: Vec<(u8, u64)> = self
            .lengths
            .iter()
            .filter_map(|(digits, count)| Some(((*digits)?, count.all)))
            .filter(|(digits, _)| *digits != usual && (few || digits.abs_diff(usual) > NEAR))
            .collect();
        (!others.is_empty()).then_some(OddOnes { usual, of, others })
    }

    /// How many ids here are much shorter or longer than any there.
    pub(super) fn far_from(&self, other: &Self) -> u64 {
        const NEAR: u8 = 2;
        let is_near = |digits: u8| other.lengths.keys().flatten().any(|known| known.abs_diff(digits) <= NEAR);
        let far = self.lengths.iter().filter(|(digits, _)| digits.is_some_and(|digits| !is_near(digits)));
        far.map(|(_, count)| count.all).sum()
    }

    /// Whether no id here has the form of any id there.
    pub(super) fn is_another_shape_than(&self, other: &Self) -> bool {
        !self.is_empty() && !other.is_empty() && self.lengths.keys().all(|form| !other.lengths.contains_key(form))
    }

    /// Whether all ids here have more digits than this one; not if there is none.
    pub(super) fn all_longer_than(&self, form: IdForm) -> bool {
        !self.is_empty() && self.lengths.keys().all(|digits| digits.is_some() && *digits > form.digits)
    }

    /// The forms in words: `17 digits`, `10 to 12 digits`, `no numbers`.
    pub(super) fn words(&self) -> String {
        let digits: Vec<u8> = self.lengths.keys().copied().flatten().collect();
        let numbers = match (digits.first(), digits.last()) {
            (Some(least), Some(most)) if least == most => format!("{least} digits"),
            (Some(least), Some(most)) => format!("{least} to {most} digits"),
            _ => String::new(),
        };
        match (numbers.is_empty(), self.lengths.contains_key(&None)) {
            (true, _) => "no numbers".to_owned(),
            (false, true) => format!("{numbers}, or no numbers"),
            (false, false) => numbers,
        }
    }
}

impl Floats {
    /// Tells whether a program has taken ids for decimal numbers of 64 bits: hardly one of them is another
    /// than it would make of it, which ids never are by chance.
    fn rounded(self) -> Option<Rounded> {
        const BITS_MIN: u64 = 40;
        let of = self.same + self.others;
        let is_rounded = self.bits >= BITS_MIN && self.others * 20 <= of;
        is_rounded.then_some(Rounded { rounded: self.same, of, loss: Loss::Float, is_sure: true })
    }
}

/// Ids whose length is not that of most.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct OddOnes {
    /// How many digits most have.
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
            let found = forms(ids).rounded().filter(|found| found.is_sure && found.loss == Loss::Zeros);
            assert_eq!(found.map(|found| (found.rounded, found.of)), expect, "{ids:?}");
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
    fn one_or_two_ids_that_end_in_zeros_may_be_rounded() {
        let check = |ids: &[&str], expect: bool| {
            assert_eq!(forms(ids).rounded().map(|found| found.is_sure), expect.then_some(false), "{ids:?}");
        };
        check(&["17841400000000000", "17841400000000100"], true);
        check(&["17841400000000100"], true);
        check(&["17841400000000000", "17841400000000101"], false);
        check(&["1784140000000010"], false);
    }

    #[test]
    fn ids_that_were_decimal_numbers_are_seen_together() {
        let ids = |count: u64, step: u64, first: u64| {
            (0..count).map(|number| (first + number * 7 * step + number).to_string()).collect::<Vec<_>>()
        };
        let through = |ids: &[String]| -> Vec<String> {
            ids.iter().map(|id| format!("{:.0}", id.parse::<f64>().unwrap())).collect()
        };
        let found = |ids: &[String]| {
            let found = forms(ids).rounded().filter(|found| found.loss == Loss::Float);
            found.map(|found| (found.rounded, found.of, found.loss))
        };
        let whole = ids(60, 1_234_567, 17_841_400_012_345_671);
        assert_eq!(found(&whole), None);
        assert_eq!(found(&through(&whole)), Some((60, 60, Loss::Float)));
        let longer = ids(20, 1_234_567, 98_841_400_012_345_671);
        assert_eq!(found(&longer), None);
        assert_eq!(found(&through(&longer)), Some((20, 20, Loss::Float)));
        // Too few to tell, and ids of 15 digits are whole.
        assert_eq!(found(&through(&whole[..30])), None);
        assert_eq!(found(&ids(1000, 2, 178_414_000_000_000)), None);
        // A few that were written by hand do not hide it, but ordinary ones do.
        assert_eq!(found(&[through(&whole), whole[..1].to_vec()].concat()).map(|found| found.2), Some(Loss::Float));
        assert_eq!(found(&[through(&whole[..40]), whole.clone()].concat()), None);
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
        check(&[&many[..], &["1784140000000000"; 3]].concat(), None);
        check(&[&many[..5], &["1784140000000000"]].concat(), None);
        // Much shorter ones are odd however many they are.
        check(&[&many[..5], &["178414"]].concat(), Some(OddOnes { usual: 17, of: 5, others: vec![(6, 1)] }));
        check(
            &[&many[..14], &["385911234567"; 6]].concat(),
            Some(OddOnes { usual: 17, of: 14, others: vec![(12, 6)] }),
        );
    }

    #[test]
    fn shapes_are_compared() {
        let people = forms(&["17841400000000001", "1784140000000001"]);
        assert!(forms(&["385911234567"]).is_another_shape_than(&people));
        assert!(forms(&["ana"]).is_another_shape_than(&people));
        assert!(!forms(&["385911234567", "17841400000000002"]).is_another_shape_than(&people));
        assert!(!IdForms::default().is_another_shape_than(&people));
        assert_eq!(forms(&["385911234567", "38591123456", "17841400000000002"]).far_from(&people), 2);
        assert_eq!(forms(&["178414000000001", "ana"]).far_from(&people), 0);
        assert_eq!(people.words(), "16 to 17 digits");
        assert_eq!(forms(&["ana"]).words(), "no numbers");
        let cut = form("17841400").unwrap();
        assert!(people.all_longer_than(cut) && !people.all_longer_than(form("1784140000000001").unwrap()));
        assert!(people.without(form("1784140000000001").unwrap()).all_longer_than(form("1784140000000001").unwrap()));
    }
}
