//! Clocks that are wrong, and logs that stand still: a gateway that does not say that it is a sandbox, and
//! runs on machines whose clock is set by libfaketime.

use jiff::SignedDuration;

use crate::support::{Foreign, Project, Run, Sandbox, campaign, customer};

const PROJECT: &str = "project: acme-shop\nsenders: { shop: SHOP-ACCOUNT }\nbulkSize: 2\n";

/// A shop at a gateway that seems real. Nobody's clock stands still.
struct Shop {
    project: Project,
    gateway: Foreign,
    sandbox: Sandbox,
}

impl Shop {
    fn new() -> Self {
        let sandbox = Sandbox::start_at("127.0.0.1:0", &[]);
        let gateway = Foreign::before(&sandbox);
        let mut project = Project::empty().file("sendform.yaml", PROJECT).env("SENDFORM_BASE_URL", gateway.url());
        project.unset("SENDFORM_NOW");
        project.write("sale.yaml", campaign("sale", "Hello!", 1));
        let shop = Self { project, gateway, sandbox };
        shop.customers(2);
        shop.run(0, &["ledger", "init"]).code(0);
        shop
    }

    fn customers(&self, count: u64) {
        let rows = (1..=count).map(|number| format!("{},Ana {number}\n", customer(number)));
        self.project.write("customers.csv", format!("id,name\n{}", rows.collect::<String>()));
    }

    /// Runs a command on a machine whose clock is so many minutes ahead.
    fn run(&self, minutes: i64, arguments: &[&str]) -> Run {
        let wrapper = ["faketime".to_owned(), "-f".to_owned(), format!("{minutes:+}m")];
        let wrapper = if minutes == 0 { &[][..] } else { &wrapper };
        self.project.finish(self.project.start_under(wrapper, arguments))
    }

    fn apply(&self, minutes: i64) -> Run {
        self.run(minutes, &["apply", "--auto-approve", "--parallel", "1"])
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
