//! What the ids of an audience, or of a list of people, have to say together, as diagnostics.

use crate::campaign::Audience;
use crate::diagnostic::words::{list, number, plural};
use crate::diagnostic::{Code, Diagnostic, Diagnostics, Place};
use crate::identity::IdRule;

use super::ids::{IdForm, IdForms, Loss};

/// The last row of a file that ends in it without a line end: its line, and its id if it has one.
pub(super) type Unterminated = Option<(u64, Option<IdForm>)>;

/// What the ids of an audience, or of a list of people, say together.
pub(super) fn of_ids(audience: &Audience, ids: &IdForms, last: Unterminated) -> Diagnostics {
    let mut diagnostics = Diagnostics::new();
    let file = || Place::File(audience.source.file().to_owned());
    diagnostics.extend(rounded(audience, ids));
    let cut = cut(audience, ids, last);
    if let (Some(odd), None) = (ids.odd_ones(), &cut) {
        let others: Vec<String> =
            odd.others.iter().map(|(digits, ids)| format!("{} with {digits} digits", plural(*ids, "id"))).collect();
        let text = format!(
            "`{}` has {} with {} digits, and {}",
            audience.source.file(),
            plural(odd.of, "id"),
            odd.usual,
            list(&others)
        );
        diagnostics.push(
            Diagnostic::warning(Code::OddIds, text, file())
                .help("look whether they are whole, and of the same kind as the others"),
        );
    }
    diagnostics.extend(cut);
    diagnostics
}

/// Says that ids were rounded on the way, if they are of the kind that is.
fn rounded(audience: &Audience, ids: &IdForms) -> Option<Diagnostic> {
    let found = ids.rounded().filter(|_| audience.ids == IdRule::Numeric)?;
    let file = audience.source.file();
    let (rounded, of) = (number(found.rounded), plural(found.of, "id"));
    let (ends, by) = match (found.loss, found.of, found.is_sure) {
        (Loss::Float, ..) => (
            format!("{rounded} of {of} in `{file}` fit exactly into a 64-bit floating-point number"),
            "a program has rounded them",
        ),
        (Loss::Zeros, _, true) => (
            format!("{rounded} of {of} in `{file}` end in zeros after their fifteenth digit"),
            "a spreadsheet has rounded them",
        ),
        (Loss::Zeros, 1, false) => (
            format!("the only id in `{file}` that is as long ends in zeros after its fifteenth digit"),
            "a spreadsheet may have rounded it",
        ),
        (Loss::Zeros, _, false) => (
            format!("{rounded} of {of} in `{file}` end in zeros after their fifteenth digit"),
            "a spreadsheet may have rounded them",
        ),
    };
    let diagnostic = if found.is_sure { Diagnostic::error } else { Diagnostic::warning };
    let help = match (found.loss, found.is_sure) {
        (Loss::Float, _) => {
            "a rounded id is somebody else's: export the ids again as text, without a program that takes them for numbers; \
             if they really are so, say `recipients: { ids: any }` in the project file"
        }
        (Loss::Zeros, true) => {
            "a rounded id is somebody else's, and chance gives so many to one genuine list of a million: export the ids \
             again as text; if they really end so, say `recipients: { ids: any }` in the project file"
        }
        (Loss::Zeros, false) => "a rounded id is somebody else's: look whether that is how they end",
    };
    let named = (found.loss == Loss::Zeros).then(|| list(&ids.suspects())).filter(|named| !named.is_empty());
    let help = named.map_or_else(|| help.to_owned(), |named| format!("{help}; the first of them: {named}"));
    Some(diagnostic(Code::RoundedIds, format!("{ends}: {by}"), Place::File(file.to_owned())).help(help))
}

/// Says that the file was cut: it ends without a line end, in a row that is shorter than all others.
fn cut(audience: &Audience, ids: &IdForms, last: Unterminated) -> Option<Diagnostic> {
    let (line, id) = last?;
    let shorter = id.is_none_or(|id| ids.without(id).all_longer_than(id));
    let what = if id.is_some() { "its id is shorter than all others" } else { "it cannot be read" };
    let place = Place::Row { file: audience.source.file().to_owned(), line, column: None };
    let text = format!("the file may have been cut: it ends without a line end in this row, and {what}");
    shorter.then(|| {
        Diagnostic::warning(Code::CutFile, text, place)
            .help("export it again; if the file is whole, end its last line with a line end")
    })
}
