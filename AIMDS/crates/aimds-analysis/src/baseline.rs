//! What is usual, learned one observation at a time: a mean and a covariance,
//! and from them the Mahalanobis distance of a new observation. No observation
//! is kept, and none can move the baseline further than a fixed distance.

use nalgebra::{Cholesky, DMatrix, DVector, Dyn};
use ndarray::{Array1, Array2, Axis};

/// Variance that every feature is taken to have at least. Keeps the covariance
/// invertible and a user who repeats one prompt from making all else an anomaly.
const VARIANCE_FLOOR: f64 = 0.05;

/// Observations further away than this are pulled in before they are learned
/// from: a flood of odd prompts must not teach the baseline quickly.
const LEARNING_RADIUS: f64 = 6.0;

/// A learned mean and covariance.
#[derive(Debug, Clone)]
pub struct Baseline {
    mean: Array1<f64>,
    covariance: Array2<f64>,
    count: usize,
    learning_rate: f64,
}

impl Baseline {
    /// A baseline of `dimensions` features that has seen nothing. The learning
    /// rate is the weight of the newest observation once there are many.
    pub fn new(dimensions: usize, learning_rate: f64) -> Self {
        Baseline {
            mean: Array1::zeros(dimensions),
            covariance: Array2::zeros((dimensions, dimensions)),
            count: 0,
            learning_rate: learning_rate.clamp(f64::EPSILON, 1.0),
        }
    }

    /// Observations learned from.
    pub fn count(&self) -> usize {
        self.count
    }

    /// The learned mean.
    pub fn mean(&self) -> &Array1<f64> {
        &self.mean
    }

    /// Learns from one observation. While there are few the baseline is their
    /// plain average; later, older ones fade.
    ///
    /// # Panics
    /// When the number of features is not that of the baseline.
    pub fn learn(&mut self, observation: &Array1<f64>) {
        let mut delta = observation - &self.mean;
        if self.count > self.mean.len() {
            let distance = self.distance(observation);
            if distance > LEARNING_RADIUS {
                delta *= LEARNING_RADIUS / distance;
            }
        }
        self.count += 1;
        let weight = self.learning_rate.max(1.0 / self.count as f64);
        let column = delta.view().insert_axis(Axis(1));
        let outer = column.dot(&column.t());
        self.mean.scaled_add(weight, &delta);
        self.covariance = (&self.covariance + &(outer * weight)) * (1.0 - weight);
    }

    /// Mahalanobis distance of an observation from the mean.
    ///
    /// # Panics
    /// When the number of features is not that of the baseline.
    pub fn distance(&self, observation: &Array1<f64>) -> f64 {
        let delta = observation - &self.mean;
        let delta = DVector::from_iterator(delta.len(), delta.iter().copied());
        // L·Lᵀ = C, so that δᵀ·C⁻¹·δ = |L⁻¹·δ|².
        match self.cholesky() {
            Some(cholesky) => match cholesky.l().solve_lower_triangular(&delta) {
                Some(solved) => solved.norm(),
                None => delta.norm() / VARIANCE_FLOOR.sqrt(),
            },
            None => delta.norm() / VARIANCE_FLOOR.sqrt(),
        }
    }

    /// How surely an observation is not usual: the share of usual observations
    /// that would be closer to the mean, between 0 and 1.
    pub fn anomaly(&self, observation: &Array1<f64>) -> f64 {
        let distance = self.distance(observation);
        chi_square_cdf(distance * distance, self.mean.len())
    }

    fn cholesky(&self) -> Option<Cholesky<f64, Dyn>> {
        let n = self.mean.len();
        // Few observations say little: the floor weighs more while they are few.
        let floor = VARIANCE_FLOOR * (1.0 + n as f64 / (self.count.max(1) as f64));
        let matrix = DMatrix::from_fn(n, n, |row, column| {
            let ridge = if row == column { floor } else { 0.0 };
            self.covariance[[row, column]] + ridge
        });
        Cholesky::new(matrix)
    }
}

/// Wilson and Hilferty's approximation: the cube root of a chi-square variable
/// over its degrees of freedom is close to normal.
fn chi_square_cdf(x: f64, degrees: usize) -> f64 {
    if x <= 0.0 || degrees == 0 {
        return 0.0;
    }
    let k = degrees as f64;
    let spread = 2.0 / (9.0 * k);
    normal_cdf(((x / k).cbrt() - (1.0 - spread)) / spread.sqrt())
}

/// Abramowitz and Stegun 26.2.17; the error is below 7.5e-8.
fn normal_cdf(z: f64) -> f64 {
    let t = 1.0 / (1.0 + 0.231_641_9 * z.abs());
    let polynomial = t
        * (0.319_381_530
            + t * (-0.356_563_782
                + t * (1.781_477_937 + t * (-1.821_255_978 + t * 1.330_274_429))));
    let density = (-z * z / 2.0).exp() / (2.0 * std::f64::consts::PI).sqrt();
    let upper = density * polynomial;
    if z >= 0.0 {
        1.0 - upper
    } else {
        upper
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    /// A repeatable spread of points around (1, 2), the second following the first.
    fn usual(n: usize) -> Array1<f64> {
        let a = (n as f64 * 0.7).sin();
        let b = (n as f64 * 1.3).cos() * 0.3;
        array![1.0 + a, 2.0 + a + b]
    }

    fn trained() -> Baseline {
        let mut baseline = Baseline::new(2, 0.01);
        for n in 0..200 {
            baseline.learn(&usual(n));
        }
        baseline
    }

    #[test]
    fn the_mean_is_learned() {
        let baseline = trained();
        assert_eq!(baseline.count(), 200);
        assert!((baseline.mean()[0] - 1.0).abs() < 0.1);
        assert!((baseline.mean()[1] - 2.0).abs() < 0.1);
    }

    #[test]
    fn distance_follows_the_covariance_and_not_the_ruler() {
        let baseline = trained();
        // Equally far from the mean: along the correlation, and across it.
        let along = baseline.distance(&array![2.0, 3.0]);
        let across = baseline.distance(&array![2.0, 1.0]);
        assert!(across > 1.8 * along, "{across} and {along}");
    }

    #[test]
    fn the_score_tells_usual_from_unusual() {
        let baseline = trained();
        assert!(baseline.anomaly(&array![1.0, 2.0]) < 0.1);
        assert!(baseline.anomaly(&array![9.0, -4.0]) > 0.999);
    }

    #[test]
    fn one_outlier_moves_the_baseline_by_a_bounded_step() {
        let mut near = trained();
        let mut far = near.clone();
        near.learn(&array![20.0, 21.0]);
        far.learn(&array![2.0e6, 2.0e6]);
        assert!((&near.mean - &far.mean).iter().all(|d| d.abs() < 1.0));
    }

    #[test]
    fn an_untrained_baseline_gives_finite_scores() {
        let mut baseline = Baseline::new(2, 0.05);
        assert!(baseline.distance(&array![1.0, 1.0]).is_finite());
        baseline.learn(&array![1.0, 1.0]);
        assert_eq!(baseline.anomaly(&array![1.0, 1.0]), 0.0);
    }

    #[test]
    fn quantiles_agree_with_the_tables() {
        for (x, degrees, expected) in [(3.841, 1, 0.95), (12.592, 6, 0.95), (16.812, 6, 0.99)] {
            assert!((chi_square_cdf(x, degrees) - expected).abs() < 0.006);
        }
        assert!((normal_cdf(1.959_964) - 0.975).abs() < 1e-6);
        assert!((normal_cdf(-1.959_964) - 0.025).abs() < 1e-6);
    }
}
