//! What a text is shown on, and to whom: how wide, in which colours, where its files are, and what was typed.

use super::style::Paint;
use super::typed::Typed;

/// No screen is taken for narrower, in columns.
pub const WIDTH_MIN: usize = 40;

/// What a text is shown on.
#[derive(Debug, Clone)]
pub struct Screen {
    /// The colours.
    pub paint: Paint,
    /// How many columns it has; `None` for what has no width, such as a file or a pipe.
    pub width: Option<usize>,
    /// The project's folder as seen from where the command runs, with a slash at its end; empty if it is that one.
    pub folder: String,
    /// The project's folder as seen from the top of its repository, with a slash at its end; empty if it is that one.
    pub folder_in_repository: String,
    /// What was typed.
    pub typed: Typed,
}

impl Screen {
    /// Something without a width, in the project's folder.
    #[must_use]
    pub fn endless(paint: Paint) -> Self {
        Self { paint, width: None, folder: String::new(), folder_in_repository: String::new(), typed: Typed::default() }
    }

    /// A file of the project, so that an editor finds it from where the command runs.
    #[must_use]
    pub fn file(&self, file: &str) -> String {
        in_folder(&self.folder, file)
    }

    /// A file of the project as a review names it: from the repository's top.
    #[must_use]
    pub fn file_in_repository(&self, file: &str) -> String {
        in_folder(&self.folder_in_repository, file)
    }
}

fn in_folder(folder: &str, file: &str) -> String {
    if file.starts_with('/') { file.to_owned() } else { format!("{folder}{file}") }
}
