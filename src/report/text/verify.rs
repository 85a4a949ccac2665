//! What was found in a ledger: what is odd first, then what the next apply mends.

use crate::report::ledger::verify::{
    LedgerFindingKind, LedgerFindingView, LedgerVerifyReport, OutcomeFileView, ShadowState,
};
use crate::report::mark::Mark;
use crate::report::screen::Screen;
use crate::report::sheet::{Sheet, line};
use crate::report::words::plural;

use super::TextForm;
use super::twice;

impl TextForm for LedgerVerifyReport {
    fn sheet(&self, screen: &Screen) -> Sheet {
        let paint = screen.paint;
        let broken = self.dumps.iter().filter_map(|dump| {
            let reason = dump.error.as_ref()?;
            Some(format!("{} does not go with the ledger: {reason}", dump.file))
        });
        // Those who were accepted twice stand together, before everything else.
        let is_told =
            |finding: &&LedgerFindingView| finding.is_harmless || finding.finding == LedgerFindingKind::AcceptedTwice;
        let odd = self.findings.iter().filter(|finding| !is_told(finding)).map(|finding| finding.words.clone());
        let unclosed = self.trust.unclosed.iter().map(|unclosed| unclosed.words.clone());
        let odd: Vec<String> = odd.chain(unclosed).chain(broken).collect();
        let mut out = Sheet::default();
        twice::list(&mut out, &self.twice, paint);
        odd.iter().for_each(|text| line(&mut out, &Mark::Wrong.before(text, paint)));
        for note in notes(self) {
            line(&mut out, &Mark::Note.before(&note, paint));
        }
        let claims = plural(self.claims, "claim");
        let count = odd.len() + self.twice.len();
        let odd = if count == 0 { "nothing odd".to_owned() } else { plural(count as u64, "odd thing") };
        line(&mut out, &format!("{claims}, {odd}"));
        out
    }
}

/// What harms nobody, and what lies beside the ledger and is not in it.
fn notes(report: &LedgerVerifyReport) -> Vec<String> {
    let mut notes: Vec<String> = report.harmless_doubts.iter().map(|words| (*words).to_owned()).collect();
    let harmless = report.findings.iter().filter(|finding| finding.is_harmless);
    notes.extend(harmless.map(|finding| finding.words.clone()));
    let shadow = &report.shadow;
    match shadow.state {
        ShadowState::Same => {}
        ShadowState::Missing => notes.push("there is no shadow: the next apply makes it".to_owned()),
        ShadowState::Differs => {
            let sides = [
                (shadow.file_lacks, format!("{} lacks what its shadow has", report.place)),
                (shadow.shadow_lacks, "the shadow lacks what the file has".to_owned()),
            ];
            let sides = sides.into_iter().filter(|(news, _)| !news.is_empty());
            notes.extend(sides.map(|(news, words)| format!("{words}: {}; the next apply joins them", news.words())));
        }
    }
    for OutcomeFileView { file, outcomes, news, .. } in &report.dumps {
        let outcomes = plural(*outcomes, "outcome");
        match news {
            Some(news) if news.is_empty() => {
                notes.push(format!("{file} ({outcomes}) is in the ledger: it can be deleted"));
            }
            Some(news) => notes.push(format!(
                "{file} ({outcomes}) is not in the ledger yet: {}; the next apply takes it in",
                news.words()
            )),
            None => {}
        }
    }
    notes
}
