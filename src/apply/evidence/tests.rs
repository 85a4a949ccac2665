//! A pass over doubts, against logs that say what the test wants.
