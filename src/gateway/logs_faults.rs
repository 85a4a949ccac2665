//! The logs against a server that fails in every way a server can.
