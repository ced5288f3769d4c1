#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| xtask::fuzzed::timing_report(input));
