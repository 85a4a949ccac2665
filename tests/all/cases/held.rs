//! Messages that the gateway holds for a delivery window: what the plan says of them is what becomes of them.

use serde_json::Value;

use crate::support::{Project, Sandbox};

/// Noon on a Monday; the window is open on Tuesdays from seven to nine, and two leave in an hour.
const SCHEDULE: &str = "sendingSpeedLimit: { amount: 2, timeUnit: HOUR }, deliveryTimeWindow: { days: [TUESDAY], from: \
                        { hour: 7, minute: 0 }, to: { hour: 9, minute: 0 } }";

fn project(closes: &[&str]) -> Project {
    let campaign = format!(
        "campaign: sale\naudiences:\n  all: {{ csv: all.csv, columns: {{ windowClosesAt: closes }} }}\nschedules: {{ s: {{ \
         {SCHEDULE} }} }}\nmessages:\n  - {{ id: hello, sender: shop, audience: all, schedule: s, content: {{ type: TEXT, \
         text: Hello! }} }}\n"
    );
    let row = |(number, closes): (usize, &&str)| format!("{},{closes}\n", 17_841_400_000_003_010 + 7 * number);
    let rows: String = closes.iter().enumerate().map(row).collect();
    Project::new().campaign("sale", &campaign).file("all.csv", format!("to,closes\n{rows}"))
}

fn gates(project: &Project) -> Value {
    let document = project.run(["plan", "--sandbox", "--format", "json"]).code(0).json();
    document["messages"][0].clone()
}

#[test]
fn whoever_waits_for_a_window_leaves_at_the_speed_once_it_opens() {
    let open = "2026-12-24T00:00:00Z";
    let plan = gates(&project(&[open; 8]));
    assert_eq!((&plan["gates"]["toSend"], &plan["gates"]["wouldExpire"]), (&4.into(), &4.into()), "{plan}");
    assert_eq!(plan["lastAt"], "2026-12-01T08:30:00Z", "{plan}");
}

#[test]
fn a_conversation_that_closes_before_the_window_opens_is_closed() {
    let [before, between, after] = ["2026-12-01T06:00:00Z", "2026-12-01T07:30:00Z", "2026-12-01T07:31:00Z"];
    let plan = gates(&project(&[before, between, after]));
    // Soonest first: the second leaves when the window opens, and the third half an hour later.
    assert_eq!((&plan["gates"]["toSend"], &plan["gates"]["windowClosed"]), (&2.into(), &1.into()), "{plan}");
    assert_eq!(plan["lastAt"], "2026-12-01T07:30:00Z", "{plan}");
}

#[test]
fn the_gateway_does_what_the_plan_said() {
    let sandbox = Sandbox::start([]);
    let mut project = project(&["2026-12-24T00:00:00Z"; 8]);
    project.set("SENDFORM_BASE_URL", sandbox.url());
    project.set("SENDFORM_API_KEY", "any");
    project.run(["ledger", "init"]).code(0);
    project.run(["apply", "--auto-approve"]).code(0);
    assert_eq!(sandbox.state()["accepted"], 4);
    sandbox.set_clock("2026-12-01T09:00:00Z");
    let messages = sandbox.messages().to_string();
    assert_eq!(messages.matches("DELIVERED_TO_HANDSET").count(), 4, "{messages}");
}
