//! That a merge group is not what was reviewed, in one line: that is why its job fails.

use crate::report::merge_group::MergeGroupReport;
use crate::report::screen::Screen;
use crate::report::text::merge_group as words;

use super::{Annotated, Annotation, AnnotationKind, AnnotationLevel};

impl Annotated for MergeGroupReport {
    fn found(&self, screen: &Screen) -> Vec<Annotation> {
        let found =
            Annotation::new(AnnotationKind::Mismatch, AnnotationLevel::Error, "merge-group", &words::verdict(self));
        vec![found.hint(&words::way_on(self), screen)]
    }
}
