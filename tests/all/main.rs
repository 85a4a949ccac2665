//! The integration tests of sendform: one binary.

mod architecture;
