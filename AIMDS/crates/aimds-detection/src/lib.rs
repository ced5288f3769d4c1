//! AIMDS detection.
