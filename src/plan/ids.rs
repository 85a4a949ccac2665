//! What the ids of an audience, or of a list of people, look like as a whole: one spreadsheet on the
//! way rounds them all, and no single id shows it.

use std::collections::BTreeMap;

use crate::diagnostic::words::number;
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
    /// The first ids that end in zeros after their fifteenth digit: their lines, and how many digits they have.
    suspects: Vec<(u64, u8)>,
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

/// What is added to a probability, because a tenth is not written exactly.
const INEXACT: f64 = 1.0 + 1e-9;
/// A genuine list has so many ids that end in zeros, or more, only once among a million lists: it was rounded.
const SURE: f64 = 1e-6 * INEXACT;
/// A genuine list has so many of them only once among a hundred: worth a look.
const LIKELY: f64 = 1e-2 * INEXACT;
/// How many ids that end in zeros are named.
const SUSPECTS_MAX: usize = 5;

impl IdForms {
    /// Counts the id on a line. A person's id is counted once, whatever the number of their rows: chance gives ids, not
    /// rows.
    pub(super) fn add(&mut self, form: IdForm, line: u64) {
        if let Some(digits) = form.digits.filter(|_| form.rounded && self.suspects.len() < SUSPECTS_MAX) {
            self.suspects.push((line, digits));
        }
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

    /// Tells whether a spreadsheet has rounded ids: so many of those that are longer than what it keeps end in zeros as
    /// chance hardly ever gives. Of a genuine id of 17 digits that is one of a hundred, of one with 16 one of ten.
    /// Ids of each length are looked at for themselves, so that many of one do not hide a few of another; and all
    /// together, if all of them end so.
    fn rounded_to_zeros(&self) -> Option<Rounded> {
        let longer = self.lengths.iter().filter_map(|(digits, count)| {
            let cut = usize::from((*digits)?).checked_sub(DIGITS_KEPT).filter(|cut| *cut > 0)?;
            Some((cut, *count))
        });
        let chance = |cut: usize| 0.1_f64.powi(i32::try_from(cut).unwrap_or(i32::MAX));
        let each = longer.clone().map(|(cut, count)| (count, tail(count.rounded, count.all, chance(cut))));
        let all = longer.fold((Count::default(), 0.0), |(all, ln), (cut, count)| {
            let ln = ln + count.all as f64 * chance(cut).ln();
            (Count { all: all.all + count.all, rounded: all.rounded + count.rounded }, ln)
        });
        let all = Some((all.0, all.1.exp())).filter(|(count, _)| count.all > 0 && count.rounded == count.all);
        let (count, probability) = all.into_iter().chain(each).min_by(|(_, one), (_, other)| one.total_cmp(other))?;
        let Count { all: of, rounded } = count;
        (probability <= LIKELY).then_some(Rounded { rounded, of, loss: Loss::Zeros, is_sure: probability <= SURE })
    }

    /// The first ids that end in zeros, masked: `•••••••••••••••00` in line 7.
    pub(super) fn suspects(&self) -> Vec<String> {
        let masked = |digits: u8| {
            format!("{}{}", "•".repeat(DIGITS_KEPT), "0".repeat(usize::from(digits).saturating_sub(DIGITS_KEPT)))
        };
        self.suspects.iter().map(|(line, digits)| format!("`{}` in line {}", masked(*digits), number(*line))).collect()
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

/// The probability that of `all` ids so many or more end in zeros, if each does with this one: the upper tail of the
/// binomial distribution.
fn tail(rounded: u64, all: u64, chance: f64) -> f64 {
    let (most, few) = (all as f64, rounded as f64);
    if few <= most * chance {
        return 1.0;
    }
    let chosen: f64 = (1..=rounded).map(|number| ((most - few + number as f64) / number as f64).ln()).sum();
    let mut term = (chosen + few * chance.ln() + (most - few) * (-chance).ln_1p()).exp();
    let mut sum = 0.0_f64;
    for number in rounded..=all {
        sum += term;
        // From here on each term is a smaller part of the one before.
        if term <= sum * f64::EPSILON {
            break;
        }
        let number = number as f64;
        term *= (most - number) / (number + 1.0) * (chance / (1.0 - chance));
    }
    sum.min(1.0)
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
    use proptest::prelude::*;

    use super::*;
    use crate::identity::IdRule;

    fn form(to: &str) -> Option<IdForm> {
        CanonicalTo::parse(to, IdRule::Any).ok().map(|to| IdForm::of(&to))
    }

    fn forms<T: AsRef<str>>(ids: &[T]) -> IdForms {
        let mut forms = IdForms::default();
        (2..).zip(ids).for_each(|(line, id)| forms.add(form(id.as_ref()).unwrap(), line));
        forms
    }

    fn zeros<T: AsRef<str>>(ids: &[T]) -> Option<Rounded> {
        forms(ids).rounded().filter(|found| found.loss == Loss::Zeros)
    }

    #[test]
    fn rounded_ids_are_seen_by_their_number() {
        let check = |ids: &[&str], expect: Option<(u64, u64, bool)>| {
            let found = zeros(ids).map(|found| (found.rounded, found.of, found.is_sure));
            assert_eq!(found, expect, "{ids:?}");
        };
        let rounded = ["17841400000000000", "17841400000000100", "17841455500000000", "17841455500000100"];
        check(&rounded[..3], Some((3, 3, true)));
        // One or two that are all there are may be chance, and a few among many are.
        check(&rounded[..2], Some((2, 2, false)));
        check(&rounded[..1], Some((1, 1, false)));
        let whole = ["17841400000000001"; 1000];
        check(&[&rounded[..1], &whole[..1]].concat(), None);
        check(&[&rounded[..3], &whole[..18]].concat(), Some((3, 21, false)));
        check(&[&rounded[..3], &whole[..97]].concat(), None);
        // A twentieth of a list was never noticed by its share.
        check(&[&[rounded[1]; 50][..], &whole[..950]].concat(), Some((50, 1000, true)));
        check(&[&[rounded[1]; 15][..], &whole].concat(), None);
        // Sixteen digits end in one zero by chance, and fifteen are not rounded at all.
        check(&["1784140000000010"; 1], None);
        check(&["1784140000000010"; 2], Some((2, 2, false)));
        check(&["1784140000000010"; 6], Some((6, 6, true)));
        check(&[&["1784140000000010"; 3][..], &["1784140000000011"; 4]].concat(), None);
        check(&["178414000000000"; 20], None);
        // Of several lengths together, and of one among many of another.
        check(&["1784140000000010", "17841400000000100", "178414000000001000"], Some((3, 3, true)));
        check(&[&["178414000000001000"; 2][..], &["1784140000000011"; 500]].concat(), Some((2, 2, true)));
        let sequence: Vec<String> = (0..2000_u64).map(|number| (17_841_400_000_000_001 + number).to_string()).collect();
        assert_eq!(forms(&sequence).rounded(), None);
        assert_eq!(forms(&rounded).suspects()[1], "`•••••••••••••••00` in line 3");
    }

    #[test]
    fn the_tail_is_that_of_the_binomial_distribution() {
        let check = |(rounded, all, chance): (u64, u64, f64), expect: f64| {
            let found = tail(rounded, all, chance);
            assert!((found / expect - 1.0).abs() < 1e-9, "{found} {expect}");
        };
        check((1, 1, 0.01), 0.01);
        check((2, 2, 0.1), 0.01);
        check((1, 2, 0.01), 0.0199);
        check((2, 3, 0.1), 0.028);
        // By a table: as many as that are expected, and twice as many, of a hundred thousand.
        check((1000, 100_000, 0.01), 1.0);
        assert!(tail(2000, 100_000, 0.01) < 1e-100 && tail(1100, 100_000, 0.01) < 0.002);
        assert!(tail(1_000_000, 1_000_000, 0.1) == 0.0);
    }

    /// Ids of a length, as chance gives them.
    fn random_ids(digits: u32, count: usize, chance: &mut impl FnMut() -> u64) -> Vec<String> {
        let first = 10_u64.pow(digits - 1);
        let span = first.saturating_mul(9).min(u64::MAX - first);
        (0..count).map(|_| (first + chance() % span).to_string()).collect()
    }

    fn rounded(id: &str) -> String {
        id.get(..DIGITS_KEPT).unwrap().to_owned() + &"0".repeat(id.len() - DIGITS_KEPT)
    }

    /// Numbers that follow from a first one (SplitMix64).
    fn chance(mut state: u64) -> impl FnMut() -> u64 {
        move || {
            state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
            let mixed = (state ^ (state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            mixed ^ (mixed >> 31)
        }
    }

    #[test]
    fn of_genuine_lists_hardly_one_is_refused() {
        // Each is refused with a probability of at most a millionth, so that with 96% none of forty thousand is; and it is
        // warned of with one of at most a hundredth.
        let mut chance = chance(4);
        let (mut sure, mut likely, mut lists) = (0, 0, 0);
        for digits in 16..=19 {
            for count in [1, 2, 3, 5, 10, 30, 100, 300] {
                for _ in 0..1_250 {
                    let found = zeros(&random_ids(digits, count, &mut chance));
                    lists += 1;
                    sure += u32::from(found.is_some_and(|found| found.is_sure));
                    likely += u32::from(found.is_some());
                }
            }
        }
        assert_eq!((sure, lists), (0, 40_000));
        assert!(likely < 400, "{likely}");
        assert!(likely > 40, "those that are worth a look are told: {likely}");
    }

    proptest! {
        /// A column that was rounded as a whole is found, from six ids on of any length.
        #[test]
        fn every_rounded_column_is_found(digits in 16_u32..=19, count in 6_usize..300, seed in any::<u64>()) {
            let ids = random_ids(digits, count, &mut chance(seed));
            let found = zeros(&ids.iter().map(|id| rounded(id)).collect::<Vec<_>>());
            prop_assert!(found.is_some_and(|found| found.is_sure && found.rounded == count as u64));
        }

        /// So is a part of a long list: a fifth of ids of 16 digits, a twentieth of longer ones.
        #[test]
        fn a_part_that_was_rounded_is_found(digits in 16_u32..=19, count in 700_usize..1500, seed in any::<u64>()) {
            let mut ids = random_ids(digits, count, &mut chance(seed));
            let part = if digits == 16 { count / 5 } else { count / 20 };
            ids[..part].iter_mut().for_each(|id| *id = rounded(id));
            prop_assert!(zeros(&ids).is_some_and(|found| found.is_sure));
        }

        /// Of any lengths together, too, from a few ids on.
        #[test]
        fn a_column_of_several_lengths_is_found(
            digits in proptest::collection::vec(16_u32..=19, 6..40), seed in any::<u64>()
        ) {
            let mut chance = chance(seed);
            let ids: Vec<String> =
                digits.iter().map(|digits| rounded(&random_ids(*digits, 1, &mut chance)[0])).collect();
            prop_assert!(zeros(&ids).is_some_and(|found| found.is_sure));
        }
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
