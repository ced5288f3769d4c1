//! AIMDS core.
