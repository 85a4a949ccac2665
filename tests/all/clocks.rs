//! Clocks that are wrong, and logs that stand still: a gateway that does not say that it is a sandbox, and
//! runs on machines whose clock is set by libfaketime. Some of it happens behind TLS, at a host name.

use jiff::SignedDuration;

use crate::support::{Dates, Foreign, Named, Process, Project, Run, Sandbox, campaign, customer, faked};

const PROJECT: &str = "project: acme-shop\nsenders: { shop: SHOP-ACCOUNT }\nbulkSize: 2\n";
const APPLY: [&str; 4] = ["apply", "--auto-approve", "--parallel", "1"];

/// A shop at a gateway that seems real. Nobody's clock stands still.
struct Shop {
    project: Project,
    gateway: Foreign,
    sandbox: Sandbox,
    /// The name that the gateway has, if it has one.
    named: Option<Named>,
}

impl Shop {
    /// The gateway is on this machine.
    fn new() -> Self {
        let sandbox = Sandbox::start_at("127.0.0.1:0", &[]);
        Self::at(Foreign::before(&sandbox), sandbox, None)
    }

    /// The gateway has a name, and is behind TLS.
    fn named() -> Self {
        let (sandbox, named) = (Sandbox::start_at("127.0.0.1:0", &[]), Named::new());
        Self::at(Foreign::named(&sandbox, &named), sandbox, Some(named))
    }

    fn at(gateway: Foreign, sandbox: Sandbox, named: Option<Named>) -> Self {
        let mut project = Project::empty().file("sendform.yaml", PROJECT).env("SENDFORM_BASE_URL", gateway.url());
        project.unset("SENDFORM_NOW");
        if let Some(named) = &named {
            project.set("SENDFORM_API_KEY", "secret");
            project.set("SSL_CERT_FILE", named.authority());
        }
        project.write("sale.yaml", campaign("sale", "Hello!", 1));
        let shop = Self { project, gateway, sandbox, named };
        shop.customers(2);
        shop.run(0, &["ledger", "init"]).code(0);
        shop
    }

    fn customers(&self, count: u64) {
        let rows = (1..=count).map(|number| format!("{},Ana {number}\n", customer(number)));
        self.project.write("customers.csv", format!("id,name\n{}", rows.collect::<String>()));
    }

    /// Starts a command on a machine with a clock.
    fn start(&self, clock: &[String], arguments: &[&str]) -> Process {
        let name = self.named.iter().flat_map(Named::words);
        let words: Vec<String> = name.chain(clock.iter().cloned()).collect();
        self.project.start_under(&words, arguments)
    }

    /// Runs a command on a machine whose clock is so many minutes ahead.
    fn run(&self, minutes: i64, arguments: &[&str]) -> Run {
        let clock = faked::ahead(SignedDuration::from_mins(minutes));
        self.project.finish(self.start(&clock, arguments))
    }

    fn apply(&self, minutes: i64) -> Run {
        self.run(minutes, &APPLY)
    }

    /// Time passes for everybody: the gateway's clock goes on as well.
    fn at_minute(&self, minutes: i64) {
        self.gateway.set_clock(SignedDuration::from_mins(minutes));
    }

    /// Two people are accepted; two more as well, of whom nobody knows, and whom the logs do not show.
    fn in_doubt(&self) {
        self.apply(0).code(0);
        self.gateway.freeze_logs(&self.sandbox);
        self.customers(4);
        self.sandbox.faults(&["500-after"]);
        self.apply(0).code(6);
        self.sandbox.faults(&[]);
        assert_eq!(self.sandbox.accepted(), [1, 1, 1, 1]);
    }
}

#[test]
fn a_machine_whose_clock_is_ahead_frees_nobody_and_sends_to_nobody() {
    for minutes in [30, -30, 24 * 60] {
        let shop = Shop::new();
        shop.in_doubt();
        shop.customers(6);
        let run = shop.apply(minutes);
        assert!(matches!(run.code, Some(1 | 6)), "{run}");
        assert!(run.stdout.contains("the gateway's"), "{run}");
        let run = shop.run(minutes, &["reconcile"]);
        assert!(!run.stdout.contains("proved not sent"), "{run}");
        assert_eq!(shop.sandbox.accepted(), [1, 1, 1, 1], "{minutes}");
        // With the right time, and logs that go on, everything ends well.
        shop.gateway.thaw_logs();
        shop.apply(0).code(0);
        assert_eq!(shop.sandbox.accepted(), [1; 6], "{minutes}");
        shop.run(0, &["ledger", "verify"]).code(0);
    }
}

#[test]
fn who_is_found_is_settled_whatever_the_clocks_say() {
    let shop = Shop::new();
    shop.in_doubt();
    shop.gateway.thaw_logs();
    let run = shop.run(30, &["reconcile"]).code(0);
    assert!(run.stdout.contains("2 people found: accepted"), "{run}");
}

#[test]
fn logs_that_stand_still_prove_no_absence() {
    let shop = Shop::new();
    shop.in_doubt();
    // Long after `absenceProvesAfter` the logs have what was accepted before, and nothing since.
    shop.at_minute(40);
    let run = shop.run(40, &["reconcile"]).code(6);
    assert!(run.stdout.contains("the logs have nothing of this sender that left later"), "{run}");
    shop.customers(6);
    let run = shop.apply(40).code(6);
    assert_eq!(shop.sandbox.accepted(), [1; 6], "{run}");
    shop.gateway.thaw_logs();
    shop.run(40, &["reconcile"]).code(0);
    assert_eq!(shop.apply(40).code(0).code, Some(0));
    assert_eq!(shop.sandbox.accepted(), [1; 6]);
}

#[test]
fn a_gateway_whose_clock_differs_a_little_is_trusted_and_a_lot_is_not() {
    for (seconds, code) in [(55, 0), (-55, 0), (65, 1), (-70, 1), (1800, 1)] {
        let shop = Shop::new();
        shop.gateway.set_clock(SignedDuration::from_secs(seconds));
        let run = shop.apply(0).code(code);
        let sent = if code == 0 { vec![1, 1] } else { Vec::new() };
        assert_eq!(shop.sandbox.accepted(), sent, "{seconds}: {run}");
    }
}

#[test]
fn behind_tls_and_by_its_name_a_gateway_is_compared_to_the_minute() {
    let shop = Shop::named();
    // A date has whole seconds, so that within two seconds of the minute nobody can be sure.
    for seconds in [63, -63, 1800, -1800, 86_400, -86_400] {
        let clock = faked::ahead(SignedDuration::from_secs(seconds));
        let run = shop.project.finish(shop.start(&clock, &APPLY)).code(1);
        let side = if seconds > 0 { "ahead of" } else { "behind" };
        assert!(run.stdout.contains(side), "{seconds}: {run}");
        assert!(run.stdout.contains("`timedatectl set-ntp true`"), "{seconds}: {run}");
        assert_eq!(shop.sandbox.requests(), 0, "{seconds}: {run}");
    }
    for (seconds, sent) in [(59, 2), (-59, 4)] {
        shop.customers(sent);
        let clock = faked::ahead(SignedDuration::from_secs(seconds));
        let run = shop.project.finish(shop.start(&clock, &APPLY)).code(0);
        assert_eq!(shop.sandbox.accepted().len() as u64, sent, "{seconds}: {run}");
    }
    shop.run(0, &["ledger", "verify"]).code(0);
}

#[test]
fn only_on_this_machine_a_sandbox_is_believed_that_its_time_is_the_time() {
    for (shop, code) in [(Shop::new(), 0), (Shop::named(), 1)] {
        shop.gateway.mark();
        let run = shop.apply(30).code(code);
        assert_eq!(shop.sandbox.accepted().len(), if code == 0 { 2 } else { 0 }, "{run}");
        let is_told = |run: &Run| format!("{run}").contains("says that it is a sandbox, but it is not on this machine");
        assert_eq!(is_told(&run), code == 1, "{run}");
        // Nor with the right time, and then that alone keeps nobody from being sent to.
        shop.customers(4);
        let run = shop.apply(0).code(0);
        assert_eq!((shop.sandbox.accepted().len(), is_told(&run)), (4, code == 1), "{run}");
        assert_eq!(is_told(&shop.run(0, &["doctor"])), code == 1);
    }
}

#[test]
fn a_machine_with_a_name_for_its_gateway_frees_nobody_by_a_wrong_clock() {
    let shop = Shop::named();
    shop.in_doubt();
    shop.customers(6);
    let run = shop.apply(30).code(6);
    assert_eq!(shop.sandbox.accepted(), [1, 1, 1, 1], "{run}");
    let run = shop.run(30, &["reconcile"]).code(6);
    assert!(run.stdout.contains("while the clocks of this machine and of the gateway do not go together"), "{run}");
    shop.gateway.thaw_logs();
    shop.apply(0).code(0);
    assert_eq!(shop.sandbox.accepted(), [1; 6]);
    shop.run(0, &["ledger", "verify"]).code(0);
}

#[test]
fn a_clock_that_is_moved_in_mid_run_ends_it() {
    for minutes in [30, -30] {
        for is_ours in [true, false] {
            let shop = Shop::named();
            shop.customers(8);
            let clock = faked::Faked::in_folder(shop.project.folder());
            shop.sandbox.faults(&["hold-before@1"]);
            let run = shop.start(&clock.words(), &APPLY);
            shop.sandbox.wait_held(1);
            let time = SignedDuration::from_mins(minutes);
            if is_ours {
                clock.set(time);
            } else {
                shop.gateway.set_clock(time);
            }
            shop.sandbox.release();
            let run = shop.project.finish(run).code(1);
            assert!(run.stdout.contains("our clock, or the gateway's, was moved during the run"), "{run}");
            // If ours was set forward during a request, its answer alone may as well have been slow.
            let sent = if is_ours && minutes > 0 { 4 } else { 2 };
            assert_eq!(shop.sandbox.accepted(), vec![1; sent], "{minutes} {is_ours}: {run}");
            clock.set(SignedDuration::ZERO);
            shop.gateway.set_clock(SignedDuration::ZERO);
            shop.sandbox.faults(&[]);
            shop.apply(0).code(0);
            assert_eq!(shop.sandbox.accepted(), [1; 8]);
            shop.run(0, &["ledger", "verify"]).code(0);
        }
    }
}

#[test]
fn a_time_that_is_missing_doubled_or_cached_proves_no_absence() {
    for dates in [Dates::One, Dates::Missing, Dates::Doubled, Dates::Cached] {
        let shop = Shop::named();
        shop.customers(4);
        // The first two are surely not sent to, which the logs show: those of the same run are there.
        shop.sandbox.faults(&["500-before@1"]);
        shop.apply(0).code(6);
        assert_eq!(shop.sandbox.accepted(), [0, 0, 1, 1]);
        shop.at_minute(40);
        shop.gateway.tell_dates(dates);
        if dates == Dates::One {
            let run = shop.run(40, &["reconcile"]).code(0);
            assert!(run.stdout.contains("2 people proved not sent"), "{run}");
            continue;
        }
        let run = shop.run(40, &["reconcile"]).code(6);
        assert!(run.stdout.contains("the gateway's answers do not tell its time"), "{dates:?}: {run}");
        // What is sent meanwhile has seen no time either.
        shop.customers(6);
        shop.apply(40).code(6);
        assert_eq!(shop.sandbox.accepted(), [0, 0, 1, 1, 1, 1], "{dates:?}");
        shop.gateway.tell_dates(Dates::One);
        shop.apply(40).code(0);
        assert_eq!(shop.sandbox.accepted(), [1; 6], "{dates:?}");
        shop.run(40, &["ledger", "verify"]).code(0);
    }
}
