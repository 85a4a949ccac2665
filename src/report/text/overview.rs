//! What became of everything that a sandbox was sent.

use crate::report::grid::Grid;
use crate::report::overview::{CampaignView, EndView, MessageCountsView, OverviewReport, ReasonView};
use crate::report::sanitize::{LineFeeds, harmless};
use crate::report::screen::Screen;
use crate::report::sheet::{Sheet, line};
use crate::report::words::{number, plural};
use crate::timing::utc;

use super::TextForm;

impl TextForm for OverviewReport {
    fn sheet(&self, screen: &Screen) -> Sheet {
        let paint = screen.paint;
        let mut out = Sheet::default();
        line(&mut out, &paint.strong(&format!("{} of {}, {}", place(self), self.project, utc(self.now))));
        out.blank();
        if self.campaigns.is_empty() {
            line(&mut out, "nothing was sent to it yet");
            return out;
        }
        let mut rows: Vec<_> =
            self.campaigns.iter().map(|campaign| (name(campaign), numbers(&campaign.counts))).collect();
        rows.extend(self.rest.as_ref().map(|rest| ("all further ones".to_owned(), numbers(rest))));
        if rows.len() > 1 {
            rows.push(("all".to_owned(), numbers(&self.all)));
        }
        let header =
            ["campaign", "accepted", "waiting", "on the way", "delivered", "undeliverable", "expired", "rejected"];
        out.table(Grid::of_numbers(&header, rows));
        for campaign in &self.campaigns {
            let lines = details(&campaign.counts);
            if !lines.is_empty() {
                out.blank();
                line(&mut out, &paint.strong(&name(campaign)));
                lines.iter().for_each(|words| line(&mut out, &format!("  {words}")));
            }
        }
        out
    }
}

fn place(report: &OverviewReport) -> String {
    if report.gateway == "sandbox" { "sandbox".to_owned() } else { format!("sandbox {}", report.gateway) }
}

fn name(campaign: &CampaignView) -> String {
    let of = campaign.campaign_reference_id.as_deref().unwrap_or("without a reference");
    harmless(&format!("{of}, from {}", campaign.sender), LineFeeds::Escape)
}

fn numbers(counts: &MessageCountsView) -> Vec<u64> {
    let MessageCountsView { accepted, waiting, on_the_way, delivered, undeliverable, expired, rejected, .. } = *counts;
    vec![accepted, waiting, on_the_way, delivered, undeliverable, expired, rejected]
}

/// What numbers in columns do not tell: why, when, how fast, and for how much.
fn details(counts: &MessageCountsView) -> Vec<String> {
    let mut lines = Vec::new();
    if counts.waiting > 0 {
        let parts = [
            (counts.scheduled, "for their time"),
            (counts.queued, "for their turn"),
            (counts.held, "for their window"),
        ];
        let parts =
            parts.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{} {what}", number(*count)));
        lines.push(format!("waiting: {}", parts.collect::<Vec<_>>().join(", ")));
    }
    if let (Some(first), Some(last)) = (counts.first_sent_at, counts.last_sent_at) {
        let (first, last) = (utc(first), utc(last));
        let when = if first == last { format!("at {first}") } else { format!("from {first} to {last}") };
        let pace = counts.messages_a_minute.filter(|pace| *pace >= 1.0);
        let pace = pace.map(|pace| format!(", {} a minute", rounded(pace))).unwrap_or_default();
        lines.push(format!("{} sent {when}{pace}", number(counts.sent)));
    }
    let prices = counts
        .prices
        .iter()
        .map(|price| format!("{} {}", amount(price.total), harmless(&price.currency, LineFeeds::Escape)));
    let prices: Vec<_> = prices.collect();
    if !prices.is_empty() {
        lines.push(format!("cost: {}", prices.join(" and ")));
    }
    lines.extend(counts.reasons.iter().map(reason));
    lines
}

/// An amount of money: two places, and more only where they say something.
fn amount(total: f64) -> String {
    let exact = format!("{total:.5}");
    let places = exact.trim_end_matches('0').rsplit_once('.').map_or(0, |(_, places)| places.len());
    format!("{total:.*}", places.max(2))
}

/// A pace without places that mean nothing.
fn rounded(pace: f64) -> String {
    if pace >= 10.0 { format!("{pace:.0}") } else { format!("{pace}") }
}

fn reason(reason: &ReasonView) -> String {
    let ended = match reason.end {
        EndView::TurnedDown => "turned down at once",
        EndView::Rejected => "rejected",
        EndView::Undeliverable => "undeliverable",
        EndView::Expired => "expired",
    };
    let error = if reason.error == 0 { String::new() } else { format!(", {} ({})", reason.error_name, reason.error) };
    format!("{} {ended}: {} ({}){error}", plural(reason.count, "message"), reason.status_name, reason.status)
}

#[cfg(test)]
mod tests {
    use super::super::TextForm as _;
    use crate::report::overview::OverviewReport;
    use crate::report::screen::Screen;
    use crate::report::style::Paint;
    use crate::wire::overview::Overview;

    #[test]
    fn an_amount_has_two_places_or_those_that_it_needs() {
        for (total, words) in [(25.8, "25.80"), (31.0, "31.00"), (0.004_5, "0.0045"), (1234.567, "1234.567")] {
            assert_eq!(super::amount(total), words);
        }
    }

    fn told(overview: &str) -> String {
        let overview: Overview = serde_json::from_str(overview).unwrap();
        let report = OverviewReport::new("acme-shop".to_owned(), "127.0.0.1:8025".to_owned(), overview);
        report.text(&Screen::endless(Paint::Plain))
    }

    #[test]
    fn an_overview_is_calm_and_tells_why() {
        let text = told(
            r#"{ "now": "2026-12-01T12:00:00Z",
              "campaigns": [
                { "sender": "GALLERY", "accepted": 3, "scheduled": 1, "held": 2 },
                { "campaignReferenceId": "sa\u001ble", "sender": "SHOP", "turnedDown": 1, "accepted": 4206, "delivered": 4200,
                  "undeliverable": 5, "rejected": 1, "sent": 4205, "messagesAMinute": 600.02,
                  "firstSentAt": "2026-11-30T17:00:00Z", "lastSentAt": "2026-11-30T17:07:00Z",
                  "prices": [{ "currency": "EUR", "total": 630.75 }],
                  "reasons": [
                    { "end": "turnedDown", "status": 51, "statusName": "MISSING_TO", "error": 0, "errorName": "NO_ERROR", "count": 1 },
                    { "end": "undeliverable", "status": 9, "statusName": "UNDELIVERABLE_NOT_DELIVERED", "error": 7002,
                      "errorName": "EC_UNKNOWN_USER", "count": 5 } ] }
              ],
              "rest": { "accepted": 2, "queued": 2 },
              "all": { "accepted": 4211, "delivered": 4200 } }"#,
        );
        insta::assert_snapshot!(text, @"
        sandbox 127.0.0.1:8025 of acme-shop, 2026-12-01 12:00 UTC

        campaign                           accepted  waiting  on the way  delivered  undeliverable  expired  rejected
        without a reference, from GALLERY         3        3           0          0              0        0         0
        sa<U+001B>le, from SHOP               4,206        0           0      4,200              5        0         1
        all further ones                          2        2           0          0              0        0         0
        all                                   4,211        0           0      4,200              0        0         0

        without a reference, from GALLERY
          waiting: 1 for their time, 2 for their window

        sa<U+001B>le, from SHOP
          4,205 sent from 2026-11-30 17:00 UTC to 2026-11-30 17:07 UTC, 600 a minute
          cost: 630.75 EUR
          1 message turned down at once: MISSING_TO (51)
          5 messages undeliverable: UNDELIVERABLE_NOT_DELIVERED (9), EC_UNKNOWN_USER (7002)
        ");
    }

    #[test]
    fn an_empty_sandbox_says_so() {
        let text = told(r#"{ "now": "2026-12-01T12:00:00Z", "campaigns": [], "all": {} }"#);
        assert_eq!(text, "sandbox 127.0.0.1:8025 of acme-shop, 2026-12-01 12:00 UTC\n\nnothing was sent to it yet\n");
    }
}
