//! One row, as the template engine sees it: filled anew for each row, without a map.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use foldhash::fast::FixedState;
use minijinja::Value;
use minijinja::value::{Object, ObjectRepr};

use crate::render::builtins::{FUNCTIONS, find};
use crate::render::{ColumnNames, plain_name};

/// Stands before a name that is surely meant as a column's, though a function has it too. No column
/// has it in its own name: headers hold no control characters.
pub(super) const COLUMN_MARK: char = '\0';

/// The cells of one row, under the names of the columns.
#[derive(Debug)]
pub(super) struct RowObject {
    positions: Arc<HashMap<String, usize, FixedState>>,
    text: String,
    cells: Vec<Range<usize>>,
}

impl RowObject {
    /// Makes an empty one.
    pub(super) fn new(header: &ColumnNames) -> Self {
        let positions = header.names().iter().enumerate().map(|(position, name)| (name.clone(), position)).collect();
        Self { positions: Arc::new(positions), text: String::new(), cells: Vec::with_capacity(header.names().len()) }
    }

    /// Makes another empty one over the same columns.
    pub(super) fn sibling(&self) -> Self {
        Self { positions: Arc::clone(&self.positions), text: String::new(), cells: Vec::new() }
    }

    /// Replaces the cells.
    pub(super) fn fill(&mut self, cells: &csv::StringRecord) {
        self.text.clear();
        self.text.push_str(cells.as_slice());
        self.cells.clear();
        self.cells.extend((0..cells.len()).filter_map(|position| cells.range(position)));
    }

    /// The cell under a column's name, whatever blanks it is written with.
    pub(super) fn cell(&self, name: &str) -> Option<&str> {
        let position = match self.positions.get(name) {
            Some(position) => *position,
            None => *self.positions.get(plain_name(name).as_ref())?,
        };
        self.text.get(self.cells.get(position)?.clone())
    }
}

impl Object for RowObject {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Map
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.get_value_by_str(key.as_str()?)
    }

    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Value> {
        // A column may have the name of a function, and must not hide it.
        let cell = match key.strip_prefix(COLUMN_MARK) {
            Some(name) => self.cell(name),
            None if find(FUNCTIONS, key).is_some() => None,
            None => self.cell(key),
        };
        cell.map(Value::from)
    }
}
