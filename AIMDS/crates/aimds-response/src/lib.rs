//! AIMDS response.
