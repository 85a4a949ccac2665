//! Reports that have nothing to say one by one.

use crate::report::files::{InitReport, SchemaReport};
use crate::report::ledger::import::LedgerImportReport;
use crate::report::ledger::rebind::LedgerRebindReport;
use crate::report::ledger::recover::LedgerRecoverReport;
use crate::report::ledger::setup::{LedgerCopyReport, LedgerInitReport, LedgerMergeReport};
use crate::report::log::LogReport;
use crate::report::overview::OverviewReport;
use crate::report::resolve::ResolveReport;
use crate::report::sandbox::SandboxReport;
use crate::report::stops::StopReport;

use super::Annotated;

impl Annotated for InitReport {}
impl Annotated for LedgerCopyReport<'_> {}
impl Annotated for LedgerImportReport {}
impl Annotated for LedgerInitReport<'_> {}
impl Annotated for LedgerMergeReport {}
impl Annotated for LedgerRebindReport {}
impl Annotated for LedgerRecoverReport {}
impl Annotated for LogReport<'_> {}
impl Annotated for OverviewReport {}
impl Annotated for ResolveReport<'_> {}
impl Annotated for SandboxReport<'_> {}
impl Annotated for SchemaReport {}
impl Annotated for StopReport {}
