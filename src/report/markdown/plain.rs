//! Reports of which the text is form enough.

use crate::report::doctor::DoctorReport;
use crate::report::failure::FailureReport;
use crate::report::files::{InitReport, SchemaReport};
use crate::report::ledger::import::LedgerImportReport;
use crate::report::ledger::rebind::LedgerRebindReport;
use crate::report::ledger::recover::LedgerRecoverReport;
use crate::report::ledger::setup::{LedgerCopyReport, LedgerInitReport, LedgerMergeReport};
use crate::report::ledger::verify::LedgerVerifyReport;
use crate::report::log::LogReport;
use crate::report::reconcile::ReconcileReport;
use crate::report::resolve::ResolveReport;
use crate::report::sandbox::SandboxReport;
use crate::report::stops::{ResumeReport, StopReport};

use super::MarkdownForm;

impl MarkdownForm for DoctorReport {}
impl MarkdownForm for FailureReport<'_> {}
impl MarkdownForm for InitReport {}
impl MarkdownForm for LedgerCopyReport<'_> {}
impl MarkdownForm for LedgerImportReport {}
impl MarkdownForm for LedgerInitReport<'_> {}
impl MarkdownForm for LedgerMergeReport {}
impl MarkdownForm for LedgerRebindReport {}
impl MarkdownForm for LedgerRecoverReport {}
impl MarkdownForm for LedgerVerifyReport {}
impl MarkdownForm for LogReport<'_> {}
impl MarkdownForm for ReconcileReport {}
impl MarkdownForm for ResolveReport<'_> {}
impl MarkdownForm for ResumeReport {}
impl MarkdownForm for SandboxReport<'_> {}
impl MarkdownForm for SchemaReport {}
impl MarkdownForm for StopReport {}
