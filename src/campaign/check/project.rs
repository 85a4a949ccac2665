//! The project file as a whole.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use crate::campaign::checked::{
    Audience, Ignored, Limits, Project, SandboxPlaces, SandboxSettings, Schedule, SharedParts,
};
use crate::campaign::cursor::Cursor;
use crate::campaign::draft::DraftPart;
use crate::campaign::raw;
use crate::diagnostic::{Code, Diagnostic, Place};
use crate::identity::{IdRule, ProjectId, SenderId};
use crate::wire::channel::ChannelSettings;
use crate::wire::choices::Choices;
use crate::wire::sandbox_limits::{DUPLICATE_MEMORIES, LATENCIES, WEBHOOK_TIMEOUTS};

use super::audience::{Audiences, audiences, suppressed};
use super::campaign::senders;
use super::declared::Declared;
use super::draft;
use super::findings::Findings;
use super::literal::literal;
use super::path::path;
use super::schedule::schedules;
use super::state::state;
use super::stop_after;
use super::{time, webhook};

/// The longest `absenceProvesAfter`, in hours: the logs go back 48, and evidence is good for 47.
const ABSENCE_HOURS_MAX: i64 = 46;

/// A project, and what is whole of it if it has errors.
pub(in crate::campaign) struct CheckedProject {
    /// The project. What is wrong is among the findings; then it is not to be used.
    pub(in crate::campaign) project: Option<Project>,
    /// What it declares for its campaigns, if it has errors.
    pub(in crate::campaign) declared: Declared,
    /// What can still be looked at.
    pub(in crate::campaign) drafts: Vec<DraftPart>,
}

/// Checks the project file.
pub(in crate::campaign) fn project(root: &Cursor<'_>, findings: &mut Findings) -> CheckedProject {
    let ids = match root.key("recipients").key("ids").read() {
        Some(raw::Ids::Any) => IdRule::Any,
        Some(raw::Ids::Numeric) | None => IdRule::Numeric,
    };
    literal(root, findings);
    let senders = senders(&root.key("senders"), findings);
    let audiences = audiences(&root.key("audiences"), ids, Some(&SharedParts::default()), findings);
    let schedules = schedules(&root.key("schedules"), findings);
    let suppress: Vec<_> =
        root.key("suppress").items().enumerate().map(|(index, at)| suppressed(&at, index + 1, ids, findings)).collect();
    let mut drafts = draft::audiences(&root.key("audiences"), &audiences);
    drafts.extend(root.key("suppress").items().zip(&suppress).filter_map(|(at, suppressed)| match suppressed {
        Some(suppressed) => Some(DraftPart::Audience(Arc::clone(suppressed))),
        None => draft::left(&at, "suppress"),
    }));
    let declared = Declared {
        senders: senders.clone(),
        audiences: audiences.clone(),
        schedules: schedules.clone(),
        ids,
        whole: None,
    };
    let project = whole(root, ids, senders, audiences, schedules, suppress, findings);
    CheckedProject { project, declared, drafts }
}

/// A project of which every part is whole.
fn whole(
    root: &Cursor<'_>,
    ids: IdRule,
    senders: BTreeMap<String, Option<SenderId>>,
    audiences: Audiences,
    schedules: BTreeMap<String, Option<Schedule>>,
    suppress: Vec<Option<Arc<Audience>>>,
    findings: &mut Findings,
) -> Option<Project> {
    let base_url = root.key("gateway").key("baseUrl");
    let base_url = base_url.text().map(|text| findings.take(webhook::base(&base_url, text)));
    let hosts: Vec<_> = root
        .key("webhooks")
        .key("allowedHosts")
        .items()
        .filter_map(|at| findings.take(webhook::host(&at, at.text()?)))
        .collect();
    let now = root.key("sandbox").key("now");
    let now = now.text().map(|text| findings.take(time::instant(&now, text)));
    let rules_at = root.key("sandbox").key("rules");
    let rules = rules_at.text().map(|text| findings.take(path(&rules_at, text)));
    // Those that are whole stand in the settings, which are not used if one is not.
    for at in root.key("sandbox").key("hosts").items() {
        drop(at.text().map(|text| findings.take(webhook::sandbox_host(&at, text))));
    }
    let memory = root.key("sandbox").key("duplicateMemory");
    let memory = memory.text().map(|text| findings.take(time::length(&memory, text, &DUPLICATE_MEMORIES)));
    let timeouts = root.key("sandbox").key("webhookTimeouts");
    let [webhook_connect, webhook_answer] = ["connect", "answer"].map(|name| {
        let at = timeouts.key(name);
        at.text().and_then(|text| findings.take(time::length(&at, text, &WEBHOOK_TIMEOUTS)))
    });
    let latency = root.key("sandbox").key("latency");
    let latency = latency.text().and_then(|text| findings.take(time::length(&latency, text, &LATENCIES)));
    let absence = root.key("absenceProvesAfter");
    let absence_default = absence.text().unwrap_or("15m");
    let absence_proves_after = findings.take(time::duration(&absence, absence_default, ABSENCE_HOURS_MAX));

    let mut ignore: Vec<_> = root.key("ignore").items().filter_map(|at| findings.take(ignored(&at))).collect();
    // A file of rules is YAML, and no campaign.
    let rules = rules.flatten();
    ignore.extend(rules.iter().map(|path| Ignored { path: path.clone(), place: rules_at.place() }));

    if suppress.iter().any(Option::is_none) {
        findings.left_out(&root.key("suppress"));
    }

    // From here on everything must be whole.
    let raw: raw::Project = root.read()?;
    let state = state(&root.key("state"), &raw.state, findings);
    Some(Project {
        id: ProjectId::parse(&raw.project)?,
        base_url: base_url.flatten(),
        state,
        senders: senders.into_iter().filter_map(|(name, sender)| Some((name, sender?))).collect(),
        suppress: suppress.into_iter().flatten().collect(),
        webhook_hosts: hosts,
        limits: Limits {
            messages_per_apply: raw.limits.messages_per_apply,
            audience_growth_percent: raw.limits.audience_growth_percent,
            unreadable_rows_percent: raw.limits.unreadable_rows_percent,
            failed_rows: raw.limits.failed_rows,
        },
        stop_after: stop_after::of_project(&raw.stop_after)?,
        ids,
        sandbox: SandboxSettings {
            rules,
            duplicate_memory: memory.flatten(),
            webhook_connect,
            webhook_answer,
            channel: channel(latency, &raw.sandbox),
            places: sandbox_places(&root.key("sandbox")),
            ..sandbox(now.flatten(), &raw.sandbox)
        },
        approvals: raw.approvals,
        retired: raw.retired,
        ignore,
        bulk_size_max: usize::try_from(raw.bulk_size).ok()?,
        long_texts_are_errors: raw.long_texts == raw::LongTexts::Error,
        absence_proves_after: absence_proves_after?,
        witness: raw.witness,
        place: Place::File(root.source().name.clone()),
        shared: SharedParts {
            audiences: audiences.into_iter().filter_map(|(name, audience)| Some((name, audience?))).collect(),
            schedules: schedules.into_iter().filter_map(|(name, schedule)| Some((name, schedule?))).collect(),
        },
    })
}

/// Where those settings stand that only the sandbox can read.
fn sandbox_places(at: &Cursor<'_>) -> SandboxPlaces {
    let place = |key: &str| at.key(key).text().map(|_| at.key(key).place());
    SandboxPlaces {
        listen: place("listen"),
        rules: place("rules"),
        faults: at.key("faults").items().map(|item| item.place()).collect(),
        account_webhook: place("accountWebhook"),
        inbound_webhook: place("inboundWebhook"),
    }
}

fn channel(latency: Option<SignedDuration>, raw: &raw::Sandbox) -> ChannelSettings {
    ChannelSettings {
        conversations: raw.conversations,
        validity_from: raw.validity_from,
        latency_ms: latency.and_then(|latency| u32::try_from(latency.as_millis()).ok()),
        // The form was checked before.
        price: raw.price.as_deref().and_then(|price| price.parse().ok()),
        channel_rate: raw.channel_rate.as_deref().and_then(|rate| rate.parse().ok()),
        seed: raw.seed.map(u64::from),
    }
}

fn sandbox(now: Option<Timestamp>, raw: &raw::Sandbox) -> SandboxSettings {
    let choices = Choices {
        duplicates: raw.duplicates,
        past_send_at: raw.past_send_at,
        overnight_window: raw.overnight_window,
        unsent_in_logs: raw.unsent_in_logs,
        send_at_forms: raw.send_at_forms,
        unknown_fields: raw.unknown_fields,
        nulls: raw.nulls,
        pushed_reports: raw.pushed_reports,
        webhook_success: raw.webhook_success,
    };
    SandboxSettings {
        now,
        speed: raw.speed,
        is_stopped: raw.stopped,
        listen: raw.listen.clone(),
        hosts: raw.hosts.clone(),
        faults: raw.faults.clone(),
        logs_per_minute: raw.logs_per_minute,
        body_mebibytes_max: raw.body_max,
        choices,
        account_webhook: raw.account_webhook.clone(),
        inbound_webhook: raw.inbound_webhook.clone(),
        batch: raw.batch,
        ..SandboxSettings::default()
    }
}

/// Takes a path that is ignored; a folder's may end with a slash.
fn ignored(at: &Cursor<'_>) -> Result<Ignored, Box<Diagnostic>> {
    let text = at.text().unwrap_or_default();
    if text.contains(['*', '?']) {
        let message = "patterns are not known here";
        let help = "name the file, or the folder that holds it: of a folder everything is ignored";
        return Err(Box::new(Diagnostic::error(Code::BadPath, message, at.place()).help(help)));
    }
    let path = path(at, text.strip_suffix('/').unwrap_or(text))?;
    Ok(Ignored { path, place: at.place() })
}
