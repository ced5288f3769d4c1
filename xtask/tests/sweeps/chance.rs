//! Numbers that look random and come again with the same seed.

/// SplitMix64. Source: <https://prng.di.unimi.it/splitmix64.c>.
pub(crate) struct Chance(u64);

impl Chance {
    /// The seed in `XTASK_SWEEP_SEED`, or always the same one. It is printed, to repeat a run.
    pub(crate) fn new(name: &str) -> Self {
        let seed = std::env::var("XTASK_SWEEP_SEED").ok().and_then(|text| text.parse().ok());
        let seed = seed.unwrap_or(20_261_122);
        println!("{name}: XTASK_SWEEP_SEED={seed}");
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// One of `0..end`.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    /// A moment before `end`.
    pub(crate) fn moment(&mut self, end: std::time::Duration) -> std::time::Duration {
        let nanoseconds = u64::try_from(end.as_nanos()).unwrap();
        std::time::Duration::from_nanos(self.below(nanoseconds.max(1)))
    }
}
