//! Faults that a tester asks for: which they are, and which of them strike a request. Pure: the
//! number of the request comes in, and what is to happen to it goes out. [`parse`] has their grammar.

pub mod form;
pub mod parse;
mod text;

use std::time::Duration;

use super::model::hash;

/// A fault, and when it strikes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Which requests it is for.
    pub target: Target,
    /// What happens.
    pub kind: FaultKind,
    /// Which of those requests it strikes.
    pub when: RequestSelector,
}

/// The requests that a fault is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// Sends.
    Messages,
    /// Queries of the logs.
    Logs,
    /// Queries of the delivery reports.
    Reports,
    /// Pushes to webhooks.
    Webhooks,
}

/// Before the request is taken in, or after.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FaultMoment {
    /// Before: nothing of it was accepted.
    Before,
    /// After: it was accepted as a whole.
    After,
}

/// What happens to a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FaultKind {
    /// It is held until it is released. One that is held before it is taken in, and whose client
    /// goes away, is never taken in.
    Hold(FaultMoment),
    /// It is taken in later by so much real time.
    Slow(Duration),
    /// It is answered with another status.
    Answer(FaultMoment, Reply),
    /// Its connection is closed without a byte of an answer.
    Drop(FaultMoment),
    /// Its answer stops halfway.
    Cut,
    /// Its answer is a 200 that is not JSON.
    Garbage,
    /// Its answer is a 200 without results, or without a body.
    Empty,
    /// Its answer names another bulkId.
    OtherBulkId,
    /// Its answer lacks so many of the last messages.
    MissingMessages(usize),
    /// So many of ten thousand messages, chosen by their messageIds, are rejected.
    RejectShare(u32, u16),
    /// Messages to this recipient are rejected.
    Reject(String, u16),
    /// It is refused with a 400 that names the messages to this recipient.
    Invalid(String),
    /// It is refused with a 400 that names nothing, if a message is to this recipient.
    InvalidUnnamed(String),
    /// What happens to a push.
    Push(PushFault),
}

/// What happens to a push of delivery reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PushFault {
    /// It is posted once more after it was taken.
    Repeat,
    /// It is posted later by so much time of the sandbox.
    Delay(Duration),
    /// It is posted after the next one for its URL, or a minute later.
    Reorder,
    /// It is never posted, and the gateway does not know it.
    Drop,
}

/// An answer with a status that is not 200.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// The header `Retry-After`, as it is written.
    pub retry_after: Option<String>,
    /// The header `Location`.
    pub location: Option<String>,
}

/// Which requests a fault strikes, counted from 1 since it was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestSelector {
    /// The first.
    pub first: u64,
    /// How many from the first on; all if absent.
    pub times: Option<u64>,
    /// How many of ten thousand of them.
    pub share: u32,
    /// The seed of the choice among them.
    pub seed: u64,
}

/// A share of all.
pub const ALL: u32 = 10_000;

impl RequestSelector {
    /// The next request only.
    pub const ONCE: Self = Self { first: 1, times: Some(1), share: ALL, seed: 0 };
    /// Every request.
    pub const ALWAYS: Self = Self { first: 1, times: None, share: ALL, seed: 0 };

    /// Whether the request with this number is struck.
    #[must_use]
    pub fn matches(self, number: u64) -> bool {
        let Some(passed) = number.checked_sub(self.first) else { return false };
        let is_in_time = self.times.is_none_or(|times| passed < times);
        is_in_time && hash::falls_into(hash::mix(self.seed ^ hash::mix(number)), self.share)
    }
}

/// What is to happen to one request. Of faults that exclude each other the first that was asked
/// for counts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FaultPlan {
    /// It waits for so long.
    pub delay: Duration,
    /// It is held before it is taken in.
    pub is_held_before: bool,
    /// It is held after it is taken in.
    pub is_held_after: bool,
    /// It ends before it is taken in.
    pub end_before: Option<RequestEnd>,
    /// It ends like this after it was taken in.
    pub end_after: Option<RequestEnd>,
    /// How its answer is corrupted.
    pub corruptions: Vec<Corruption>,
    /// The messages that are rejected.
    pub rejects: Vec<Reject>,
    /// Recipients that are refused by name.
    pub invalid: Vec<String>,
    /// Recipients because of whom the request is refused.
    pub invalid_unnamed: Vec<String>,
    /// The faults that strike it, as they are asked for.
    pub struck: Vec<String>,
}

/// What is to happen to one push.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PushPlan {
    /// How often it is posted once more.
    pub repeats: u32,
    /// How much later it is posted.
    pub delay: Duration,
    /// Whether it lets the next one go first.
    pub is_reordered: bool,
    /// Whether it is never posted.
    pub is_dropped: bool,
}

/// How a request ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RequestEnd {
    /// With another answer.
    Answer(Reply),
    /// Without one.
    Drop,
}

/// How the answer of a request is corrupted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Corruption {
    /// It stops halfway.
    Cut,
    /// It is not JSON.
    Garbage,
    /// It has no results, or no body.
    Empty,
    /// It names another bulkId.
    OtherBulkId,
    /// It lacks so many of the last messages.
    MissingMessages(usize),
}

/// Which messages are rejected with which status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reject {
    /// So many of ten thousand, by messageId.
    Share(u32, u16),
    /// Those to this recipient.
    To(String, u16),
}

impl Reject {
    /// The status with which a message is rejected, if it is.
    #[must_use]
    pub fn status(&self, to: &str, message_id: &str) -> Option<u16> {
        match self {
            Self::Share(share, status) => {
                hash::falls_into(hash::hash(message_id.as_bytes()), *share).then_some(*status)
            }
            Self::To(rejected, status) => (rejected == to).then_some(*status),
        }
    }
}

/// A fault, and what is left of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FaultStanding {
    /// The fault.
    pub fault: Fault,
    /// How many requests it has struck.
    pub struck: u64,
    /// How many further requests it is for, with its share of them; all if absent.
    pub left: Option<u64>,
}

/// The faults that were asked for, and how many requests came since.
#[derive(Debug, Default)]
pub struct Faults {
    asked: Vec<Fault>,
    /// How often each of them has struck.
    struck: Vec<u64>,
    messages: u64,
    logs: u64,
    reports: u64,
    pushes: u64,
}

impl Faults {
    /// Begins to count with these faults.
    #[must_use]
    pub fn new(asked: Vec<Fault>) -> Self {
        Self { struck: vec![0; asked.len()], asked, messages: 0, logs: 0, reports: 0, pushes: 0 }
    }

    /// Counts a request, and says what is to happen to it.
    pub fn next(&mut self, target: Target) -> FaultPlan {
        let striking = self.striking(target);
        let struck = striking.clone().map(ToString::to_string).collect();
        FaultPlan { struck, ..plan(striking.map(|fault| &fault.kind)) }
    }

    /// Counts a push, and says what is to happen to it.
    pub fn next_push(&mut self) -> PushPlan {
        let mut plan = PushPlan::default();
        for fault in self.striking(Target::Webhooks) {
            let FaultKind::Push(fault) = &fault.kind else { continue };
            match fault {
                PushFault::Repeat => plan.repeats += 1,
                PushFault::Delay(delay) => plan.delay = plan.delay.saturating_add(*delay),
                PushFault::Reorder => plan.is_reordered = true,
                PushFault::Drop => plan.is_dropped = true,
            }
        }
        plan
    }

    fn striking(&mut self, target: Target) -> impl Iterator<Item = &Fault> + Clone {
        let counter = match target {
            Target::Messages => &mut self.messages,
            Target::Logs => &mut self.logs,
            Target::Reports => &mut self.reports,
            Target::Webhooks => &mut self.pushes,
        };
        *counter += 1;
        let number = *counter;
        let is_striking = move |fault: &&Fault| fault.target == target && fault.when.matches(number);
        for (_, struck) in self.asked.iter().zip(&mut self.struck).filter(|(fault, _)| is_striking(fault)) {
            *struck += 1;
        }
        self.asked.iter().filter(is_striking)
    }

    /// All of them, and what is left of each.
    #[must_use]
    pub fn standing(&self) -> Vec<FaultStanding> {
        let standing = self.asked.iter().zip(&self.struck).map(|(fault, struck)| {
            let seen = match fault.target {
                Target::Messages => self.messages,
                Target::Logs => self.logs,
                Target::Reports => self.reports,
                Target::Webhooks => self.pushes,
            };
            let passed = seen.saturating_sub(fault.when.first.saturating_sub(1));
            let left = fault.when.times.map(|times| times.saturating_sub(passed));
            FaultStanding { fault: fault.clone(), struck: *struck, left }
        });
        standing.collect()
    }
}

fn plan<'a>(kinds: impl Iterator<Item = &'a FaultKind>) -> FaultPlan {
    let mut plan = FaultPlan::default();
    for kind in kinds {
        match kind {
            FaultKind::Hold(FaultMoment::Before) => plan.is_held_before = true,
            FaultKind::Hold(FaultMoment::After) => plan.is_held_after = true,
            FaultKind::Slow(delay) => plan.delay = plan.delay.saturating_add(*delay),
            FaultKind::Answer(moment, reply) => plan.end(*moment, RequestEnd::Answer(reply.clone())),
            FaultKind::Drop(moment) => plan.end(*moment, RequestEnd::Drop),
            FaultKind::Cut => plan.corruptions.push(Corruption::Cut),
            FaultKind::Garbage => plan.corruptions.push(Corruption::Garbage),
            FaultKind::Empty => plan.corruptions.push(Corruption::Empty),
            FaultKind::OtherBulkId => plan.corruptions.push(Corruption::OtherBulkId),
            FaultKind::MissingMessages(count) => plan.corruptions.push(Corruption::MissingMessages(*count)),
            FaultKind::RejectShare(share, status) => plan.rejects.push(Reject::Share(*share, *status)),
            FaultKind::Reject(to, status) => plan.rejects.push(Reject::To(to.clone(), *status)),
            FaultKind::Invalid(to) => plan.invalid.push(to.clone()),
            FaultKind::InvalidUnnamed(to) => plan.invalid_unnamed.push(to.clone()),
            // Only pushes have these.
            FaultKind::Push(_) => {}
        }
    }
    plan
}

impl FaultPlan {
    fn end(&mut self, moment: FaultMoment, end: RequestEnd) {
        let place = match moment {
            FaultMoment::Before => &mut self.end_before,
            FaultMoment::After => &mut self.end_after,
        };
        place.get_or_insert(end);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn struck(fault: &str, requests: u64) -> Vec<u64> {
        let when = parse::fault(fault).unwrap().when;
        (1..=requests).filter(|number| when.matches(*number)).collect()
    }

    #[test]
    fn faults_strike_when_they_should() {
        assert_eq!(struck("429", 5), [1]);
        assert_eq!(struck("429@3", 5), [3]);
        assert_eq!(struck("429*2", 5), [1, 2]);
        assert_eq!(struck("429@2*3", 6), [2, 3, 4]);
        assert_eq!(struck("429@4*", 6), [4, 5, 6]);
        assert_eq!(struck("slow=1ms*", 3), [1, 2, 3]);
        assert_eq!(struck("reject=1", 3), [1, 2, 3]);
        assert!(struck("429%0", 100).is_empty());
        assert_eq!(struck("429%100", 3), [1, 2, 3]);
    }

    #[test]
    fn shares_are_seeded() {
        let seven = struck("drop-after%10:seed=7", 1000);
        assert_eq!(seven, struck("drop-after%10:seed=7", 1000));
        assert_ne!(seven, struck("drop-after%10:seed=8", 1000));
        assert!((60..140).contains(&seven.len()), "{}", seven.len());
    }

    #[test]
    fn each_target_has_its_own_count() {
        let asked = ["drop-before@2", "logs:empty@1"].map(|text| parse::fault(text).unwrap());
        let mut faults = Faults::new(asked.to_vec());
        assert_eq!(faults.next(Target::Messages), FaultPlan::default());
        assert_eq!(faults.next(Target::Logs).corruptions, [Corruption::Empty]);
        assert_eq!(faults.next(Target::Messages).end_before, Some(RequestEnd::Drop));
        assert_eq!(faults.next(Target::Logs), FaultPlan::default());
    }

    #[test]
    fn what_is_left_of_a_fault_is_known() {
        let asked = ["429@2*2", "slow=1ms*", "logs:503"].map(|text| parse::fault(text).unwrap());
        let mut faults = Faults::new(asked.to_vec());
        let standing = |faults: &Faults| -> Vec<_> {
            faults.standing().into_iter().map(|standing| (standing.struck, standing.left)).collect()
        };
        assert_eq!(standing(&faults), [(0, Some(2)), (0, None), (0, Some(1))]);
        for _ in 0..2 {
            faults.next(Target::Messages);
        }
        assert_eq!(standing(&faults), [(1, Some(1)), (2, None), (0, Some(1))]);
        assert_eq!(faults.next(Target::Messages).struck, ["429@2*2", "slow=1ms*"]);
        faults.next(Target::Messages);
        assert_eq!(standing(&faults), [(2, Some(0)), (4, None), (0, Some(1))]);
    }

    #[test]
    fn pushes_have_faults_of_their_own() {
        let asked = ["webhook:repeat@2", "webhook:delay=5m@2", "webhook:drop@3", "webhook:reorder@4", "drop"];
        let mut faults = Faults::new(asked.map(|text| parse::fault(text).unwrap()).to_vec());
        let plans: Vec<_> = std::iter::repeat_with(|| faults.next_push()).take(4).collect();
        let usual = PushPlan::default();
        let expected = [
            usual,
            PushPlan { repeats: 1, delay: Duration::from_mins(5), ..usual },
            PushPlan { is_dropped: true, ..usual },
            PushPlan { is_reordered: true, ..usual },
        ];
        assert_eq!(plans, expected);
        assert_eq!(faults.next(Target::Messages).end_before, Some(RequestEnd::Drop));
    }

    #[test]
    fn faults_add_up_and_the_first_end_counts() {
        let asked = ["slow=20ms", "slow=30ms", "hold-after", "500-after", "drop-after", "429", "cut"];
        let mut faults = Faults::new(asked.map(|text| parse::fault(text).unwrap()).to_vec());
        let plan = faults.next(Target::Messages);
        assert_eq!(plan.delay, Duration::from_millis(50));
        assert!(plan.is_held_after && !plan.is_held_before);
        let reply = |status| Some(RequestEnd::Answer(Reply { status, retry_after: None, location: None }));
        assert_eq!((plan.end_before, plan.end_after), (reply(429), reply(500)));
        assert_eq!(plan.corruptions, [Corruption::Cut]);
    }

    #[test]
    fn delays_add_up_to_no_more_than_there_is() {
        for (target, kind) in [
            (Target::Messages, FaultKind::Slow(Duration::MAX)),
            (Target::Webhooks, FaultKind::Push(PushFault::Delay(Duration::MAX))),
        ] {
            let fault = Fault { target, kind, when: RequestSelector::ALWAYS };
            let mut faults = Faults::new(vec![fault.clone(), fault]);
            let (delay, push_delay) = (faults.next(Target::Messages).delay, faults.next_push().delay);
            assert_eq!(delay.max(push_delay), Duration::MAX, "{target:?}");
        }
    }

    #[test]
    fn messages_are_rejected_by_recipient_or_by_share() {
        let one = Reject::To("1".to_owned(), 14);
        assert_eq!((one.status("1", "a"), one.status("2", "a")), (Some(14), None));
        let all = Reject::Share(ALL, 18);
        assert_eq!(all.status("1", "a"), Some(18));
        assert_eq!(Reject::Share(0, 18).status("1", "a"), None);
    }
}
