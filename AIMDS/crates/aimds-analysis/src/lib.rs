//! AIMDS analysis.
