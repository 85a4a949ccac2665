//! What people really bring, and what comes of it: who is sent to, what is said, how it ends.

mod people;
