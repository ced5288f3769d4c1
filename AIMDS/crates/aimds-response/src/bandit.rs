//! The choice among strategies as a linear contextual bandit (LinUCB): for each
//! arm a ridge regression of the reward on the context, chosen by the upper
//! confidence bound. The same seed and the same rewards give the same choices.

use std::collections::BTreeMap;

use ndarray::{Array1, Array2, Axis};
use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};

/// Width of the confidence bound in standard deviations.
const OPTIMISM: f64 = 1.0;

/// What is known of one arm.
#[derive(Debug, Clone)]
struct Arm {
    /// Inverse of I plus the sum of x·xᵀ.
    inverse: Array2<f64>,
    /// Sum of reward times x.
    rewarded: Array1<f64>,
    pulls: u64,
}

impl Arm {
    fn new(dimensions: usize) -> Self {
        Arm {
            inverse: Array2::eye(dimensions),
            rewarded: Array1::zeros(dimensions),
            pulls: 0,
        }
    }

    fn expected(&self, context: &Array1<f64>) -> f64 {
        self.inverse.dot(&self.rewarded).dot(context)
    }

    fn bound(&self, context: &Array1<f64>) -> f64 {
        let variance = context.dot(&self.inverse.dot(context)).max(0.0);
        self.expected(context) + OPTIMISM * variance.sqrt()
    }

    /// Sherman and Morrison's update of the inverse.
    fn learn(&mut self, context: &Array1<f64>, reward: f64) {
        let projected = self.inverse.dot(context);
        let scale = 1.0 + context.dot(&projected);
        let column = projected.view().insert_axis(Axis(1));
        let outer = column.dot(&column.t());
        self.inverse.scaled_add(-1.0 / scale, &outer);
        self.rewarded.scaled_add(reward, context);
        self.pulls += 1;
    }
}

/// Learns which arm earns most in which context.
#[derive(Debug)]
pub struct Bandit {
    arms: BTreeMap<&'static str, Arm>,
    dimensions: usize,
    exploration: f64,
    random: SmallRng,
}

impl Bandit {
    /// A bandit that knows nothing. `exploration` is the share of choices made
    /// at random.
    pub fn new(dimensions: usize, exploration: f64, seed: u64) -> Self {
        Bandit {
            arms: BTreeMap::new(),
            dimensions,
            exploration,
            random: SmallRng::seed_from_u64(seed),
        }
    }

    /// The arm to pull, of those given; `None` when none is given. Among equals
    /// the first wins.
    ///
    /// # Panics
    /// When the context has another number of dimensions.
    pub fn choose(&mut self, context: &Array1<f64>, arms: &[&'static str]) -> Option<&'static str> {
        if arms.len() > 1 && self.random.random::<f64>() < self.exploration {
            return arms.get(self.random.random_range(0..arms.len())).copied();
        }
        let mut best: Option<(&'static str, f64)> = None;
        for &name in arms {
            let bound = self.arm(name).bound(context);
            if best.is_none_or(|(_, highest)| bound > highest) {
                best = Some((name, bound));
            }
        }
        best.map(|(name, _)| name)
    }

    /// Learns what an arm earned; the reward is clamped into 0 to 1.
    ///
    /// # Panics
    /// When the context has another number of dimensions.
    pub fn learn(&mut self, name: &'static str, context: &Array1<f64>, reward: f64) {
        self.arm(name).learn(context, reward.clamp(0.0, 1.0));
    }

    /// What an arm is expected to earn in a context.
    pub fn expected(&self, name: &str, context: &Array1<f64>) -> f64 {
        self.arms.get(name).map_or(0.0, |arm| arm.expected(context))
    }

    /// How often an arm was learned from.
    pub fn pulls(&self, name: &str) -> u64 {
        self.arms.get(name).map_or(0, |arm| arm.pulls)
    }

    fn arm(&mut self, name: &'static str) -> &mut Arm {
        let dimensions = self.dimensions;
        self.arms
            .entry(name)
            .or_insert_with(|| Arm::new(dimensions))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn the_better_arm_of_each_context_is_learned() {
        let mut bandit = Bandit::new(2, 0.05, 1);
        let contexts = [array![1.0, 0.0], array![0.0, 1.0]];
        for n in 0..400 {
            let context = &contexts[n % 2];
            let arm = bandit.choose(context, &["mild", "strict"]).unwrap();
            let right = (n % 2 == 0) == (arm == "mild");
            bandit.learn(arm, context, if right { 1.0 } else { 0.0 });
        }
        for (context, best, other) in [
            (&contexts[0], "mild", "strict"),
            (&contexts[1], "strict", "mild"),
        ] {
            assert!(bandit.expected(best, context) > bandit.expected(other, context) + 0.5);
        }
        assert_eq!(bandit.pulls("mild") + bandit.pulls("strict"), 400);
    }

    #[test]
    fn every_arm_is_tried() {
        let mut bandit = Bandit::new(1, 0.0, 1);
        let arms = ["a", "b", "c"];
        for _ in 0..30 {
            let arm = bandit.choose(&array![1.0], &arms).unwrap();
            bandit.learn(arm, &array![1.0], 0.5);
        }
        assert!(arms.iter().all(|arm| bandit.pulls(arm) > 0));
    }

    #[test]
    fn the_same_seed_makes_the_same_choices() {
        let run = || {
            let mut bandit = Bandit::new(1, 0.5, 9);
            (0..50)
                .map(|_| bandit.choose(&array![1.0], &["a", "b", "c"]))
                .collect::<Vec<_>>()
        };
        assert_eq!(run(), run());
    }

    #[test]
    fn without_arms_there_is_no_choice() {
        assert_eq!(Bandit::new(1, 1.0, 1).choose(&array![1.0], &[]), None);
    }
}
