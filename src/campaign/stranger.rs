//! YAML files in the project's folder that are no campaigns.

use std::sync::Arc;

use super::cursor::Cursor;
use super::profile::{self, BYTE_ORDER_MARK};
use super::walk::walk;
use crate::diagnostic::{Code, Diagnostic, Diagnostics, Place, Source};

/// How many such files of one folder are named one by one.
const NAMED_MAX: usize = 3;

/// What is wrong with a file that is no campaign; `None` if it is one, good or bad.
#[must_use]
pub fn stranger(source: &Arc<Source>) -> Option<Diagnostics> {
    if source.text.lines().any(begins_a_campaign) {
        return None;
    }
    // What nobody can read may have been meant as a campaign: then its own mistakes come first.
    let linted = profile::lint(source);
    let (tree, mut diagnostics) = if linted.has_errors() { (None, linted) } else { walk(source) };
    if let Some(tree) = &tree {
        let root = Cursor::root(source, tree);
        if root.key("campaign").is_written() || root.key("messages").is_written() {
            return None;
        }
        diagnostics = Diagnostics::new();
    }
    let remedy = remedy(&source.name);
    if diagnostics.iter().any(|found| found.code == Code::EmptyFile) {
        let place = Place::File(source.name.clone());
        return Some(Diagnostic::error(Code::EmptyFile, "the file is empty", place).help(remedy).into());
    }
    let message = if tree.as_ref().is_some_and(|tree| tree.entry("project").is_some()) {
        "this is a project file in the place of a campaign"
    } else {
        "this YAML file is not a campaign: it has no `campaign:`"
    };
    diagnostics.push(Diagnostic::error(Code::NotACampaign, message, Place::File(source.name.clone())).help(remedy));
    Some(diagnostics)
}

/// Whether a line has the key by which a campaign is known.
fn begins_a_campaign(line: &str) -> bool {
    let key = line.trim_start_matches(BYTE_ORDER_MARK).trim_start_matches(['{', ' ', '"', '\'']);
    let behind = key.strip_prefix("campaign").map(|behind| behind.trim_start_matches(['"', '\'', ' ']));
    !line.starts_with(' ') && behind.is_some_and(|behind| behind.starts_with(':'))
}

/// How to say that a file or a folder is no business of ours.
#[must_use]
pub fn remedy(path: &str) -> String {
    let is_plain = path.chars().all(|char| char.is_alphanumeric() || "/._-".contains(char));
    let path = if is_plain { path.to_owned() } else { format!("\"{path}\"") };
    format!("a campaign begins with `campaign: ID`; anything else is listed in sendform.yaml: `ignore: [ {path} ]`")
}

/// Tells of all files that are no campaigns. Many in a folder without any campaign have one cause.
#[must_use]
pub fn tell(strangers: Vec<(String, Diagnostics)>, campaigns: &[String]) -> Diagnostics {
    let folder = |path: &str| path.split_once('/').map(|(folder, _)| format!("{folder}/"));
    let mut diagnostics = Diagnostics::new();
    let mut told: Vec<String> = Vec::new();
    let folders: Vec<Option<String>> = strangers.iter().map(|(path, _)| folder(path)).collect();
    for ((_, found), folder) in strangers.into_iter().zip(&folders) {
        let count = folders.iter().filter(|other| *other == folder).count();
        let Some(folder) = folder.as_ref().filter(|folder| {
            count > NAMED_MAX && !campaigns.iter().any(|campaign| campaign.starts_with(folder.as_str()))
        }) else {
            diagnostics.extend(found);
            continue;
        };
        if !told.contains(folder) {
            told.push(folder.clone());
            let name = folder.trim_end_matches('/');
            let message =
                format!("none of the {count} YAML files in this folder is a campaign: none has a `campaign:`");
            diagnostics
                .push(Diagnostic::error(Code::NotACampaign, message, Place::File(folder.clone())).help(remedy(name)));
        }
    }
    diagnostics
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::campaign::testing::listed;

    #[test]
    fn only_what_has_a_campaign_is_one() {
        let check = |text: &str, expect: &[Code]| {
            let found = stranger(&Source::new("a.yaml", text));
            let codes: Vec<Code> = found.iter().flat_map(Diagnostics::iter).map(|found| found.code).collect();
            assert_eq!(codes, expect, "{text:?}");
        };
        for text in [
            "campaign: sale\n",
            "\u{feff}campaign : sale\n",
            "# first\n\"campaign\": sale\n",
            "'campaign': sale",
            "{ campaign: sale }",
            "? campaign\n: sale\n",
            "campaign: [\n",
            "messages: []\n",
            "campain: sale\nmessages: []\n",
        ] {
            check(text, &[]);
        }
        for text in [
            "version: 2\nupdates: []\n",
            "- hosts: all\n",
            "just text\n",
            "info:\n  campaign: sale\n",
            "services: { a: &a { image: x } }\n",
            "project: acme\n",
            "campaigns: []\n",
        ] {
            check(text, &[Code::NotACampaign]);
        }
        check("a: *b\n", &[Code::Anchor, Code::NotACampaign]);
        check("kind: A\n---\nkind: B\n", &[Code::SecondDocument, Code::NotACampaign]);
        check("a: {{ .Values.x }}\n", &[Code::NotACampaign]);
        check("a: [\n", &[Code::Syntax, Code::NotACampaign]);
        check("", &[Code::EmptyFile]);
        check("# only this\n", &[Code::EmptyFile]);
    }

    #[test]
    fn a_folder_of_them_is_told_once() {
        let named = |path: &str| (path.to_owned(), stranger(&Source::new(path, "a: 1\n")).unwrap());
        let many: Vec<_> =
            ["deploy/a.yaml", "deploy/b.yaml", "deploy/c/d.yaml", "deploy/e.yaml", "my file.yaml"].map(named).into();
        let told = tell(many.clone(), &["sale.yaml".to_owned()]);
        insta::assert_snapshot!(listed(&told), @r#"
        file not-a-campaign: none of the 4 YAML files in this folder is a campaign: none has a `campaign:` -> a campaign begins with `campaign: ID`; anything else is listed in sendform.yaml: `ignore: [ deploy ]`
        file not-a-campaign: this YAML file is not a campaign: it has no `campaign:` -> a campaign begins with `campaign: ID`; anything else is listed in sendform.yaml: `ignore: [ "my file.yaml" ]`
        "#);
        assert_eq!(tell(many, &["deploy/sale.yaml".to_owned()]).iter().count(), 5);
        assert_eq!(tell(vec![named("a/b.yaml"), named("a/c.yaml")], &[]).iter().count(), 2);
    }
}
