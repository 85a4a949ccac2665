//! The file of a plan that was reviewed, from the forge to this disk.

use std::fs::{self, File};
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};

use crate::cli::failure::Failure;
use crate::cli::home::ProjectPaths;
use crate::forge::binding::Bound;
use crate::forge::{ForgeClient, unpack};
use crate::report::failure_code::FailureCode;

/// The largest plan that is taken, in bytes: a million people are 22 megabytes.
const PLAN_BYTES_MAX: u64 = 1024 * 1024 * 1024;

/// The file of a plan that was reviewed, as long as it is needed.
pub(super) struct ReviewedFile {
    /// Where it is.
    pub(super) path: PathBuf,
}

impl ReviewedFile {
    /// Fetches it, and puts it where git ignores it.
    ///
    /// # Errors
    /// If the forge does not give it, there is no plan in it, or it cannot be written.
    pub(super) async fn fetch(forge: &ForgeClient, home: &ProjectPaths, bound: &Bound) -> Result<Self, Failure> {
        let name = bound.name.to_string();
        home.check_private()?;
        home.make_private()?;
        let folder = home.private().join("reviewed");
        let unwritten = |path: &Path| {
            let path = path.to_owned();
            move |error: std::io::Error| {
                Failure::new(FailureCode::Environment, format!("`{}` cannot be written", path.display()))
                    .because(&error)
            }
        };
        fs::create_dir_all(&folder).map_err(unwritten(&folder))?;
        let mut artifact = tempfile::tempfile().map_err(unwritten(&folder))?;
        forge.download(&bound.artifact, PLAN_BYTES_MAX, &mut artifact).await?;
        let file = Self { path: folder.join(&name) };
        let mut plan = BufWriter::new(File::create(&file.path).map_err(unwritten(&file.path))?);
        unpack(&name, artifact, PLAN_BYTES_MAX, &mut plan)?;
        plan.flush().map_err(unwritten(&file.path))?;
        Ok(file)
    }
}

impl Drop for ReviewedFile {
    fn drop(&mut self) {
        // It holds nobody's data; the next run makes it anew.
        drop(fs::remove_file(&self.path));
    }
}
