//! What people really bring, and what comes of it: who is sent to, what is said, how it ends.

mod copied;
mod flows;
mod folders;
mod handed_over;
mod held;
mod language;
mod late;
mod local_times;
mod mistakes;
mod people;
mod reading;
mod reports;
mod times;
mod together;
