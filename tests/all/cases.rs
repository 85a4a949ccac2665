//! What people bring, each with the outcome that is right.

mod folders;
mod times;
