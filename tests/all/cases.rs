//! What people really bring: files as spreadsheets, exports and other tools leave them.

mod reading;
