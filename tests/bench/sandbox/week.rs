//! A million messages, scheduled, paced and with delivery windows, are led through a week and looked at every
//! hour. Only one bulk is in memory at a time.

use divan::{Bencher, black_box};
use jiff::{SignedDuration, Timestamp};
use sendform::sandbox::model::bulk::{AcceptedBulk, BulkHeader, LogSpan};
use sendform::sandbox::model::inputs::Inputs;
use sendform::sandbox::model::message::{MessageTable, ReceivedMessage, SendTiming, SharedOptions};
use sendform::wire::content::Content;
use sendform::wire::options::{Day, DeliveryTimeWindow, SendingSpeedLimit, SpeedUnit, TimeOfDay};

const BULKS: i64 = 1_000;
const MESSAGES: u32 = 1_000;

/// A Monday.
fn monday() -> Timestamp {
    "2026-11-30T00:00:00Z".parse().unwrap()
}

fn bulk(number: i64) -> AcceptedBulk<'static> {
    let hour = |hour| Some(TimeOfDay { hour, minute: 0 });
    let windows = [(8, 12), (10, 20)].map(|(from, to)| DeliveryTimeWindow {
        days: vec![Day::Monday, Day::Tuesday, Day::Wednesday, Day::Thursday, Day::Friday],
        from: hour(from),
        to: hour(to),
    });
    let terms = windows.into_iter().map(|window| SharedOptions {
        sender: "shop".into(),
        platform: None,
        validity_period: None,
        delivery_time_window: Some(window),
        campaign_reference_id: None,
        delivery: None,
        content_type: None,
    });
    let messages = (0..MESSAGES).map(|position| ReceivedMessage {
        terms: if position % 3 == 0 { 1 } else { 0 },
        to: position.to_string().into(),
        message_id: position.to_string().into(),
        content: Content::Text { text: "Hi".into() },
        callback_data: None,
    });
    let send_at = Some(monday() + SignedDuration::from_mins(number * 5));
    let speed = Some(SendingSpeedLimit { amount: 60, time_unit: SpeedUnit::Hour });
    AcceptedBulk {
        header: BulkHeader {
            number,
            bulk_id: number.to_string(),
            accepted_at: monday(),
            pace: SendTiming { send_at, speed, turns: None },
            count: u64::from(MESSAGES),
            logged: LogSpan::default(),
        },
        table: MessageTable { terms: terms.collect(), messages: messages.collect() },
        rejected: Vec::new(),
    }
}

/// How many messages have come to their end, hour by hour.
fn lead(inputs: &Inputs) -> Vec<u64> {
    let mut ended = vec![0; 7 * 24];
    for number in 0..BULKS {
        let bulk = bulk(number);
        for (message, life) in bulk.table.messages.iter().zip(bulk.lives(inputs)) {
            for (hour, ended) in (0..).zip(&mut ended) {
                let sight = bulk.sight(message, &life, monday() + SignedDuration::from_hours(hour));
                *ended += u64::from(sight.state.is_final());
            }
        }
    }
    ended
}

#[divan::bench(sample_count = 3, sample_size = 1)]
fn a_million_messages_through_a_week(bencher: Bencher<'_, '_>) {
    let inputs = Inputs::default();
    bencher.bench_local(|| lead(black_box(&inputs)));
}
