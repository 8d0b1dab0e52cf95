//! Percentiles of a set of durations.

use serde_json::{Value, json};

/// The nearest-rank percentile of sorted values; 0 of none.
#[must_use]
pub fn percentile(sorted: &[f64], percent: f64) -> f64 {
    let rank = (percent / 100.0 * sorted.len() as f64).ceil() as usize;
    sorted.get(rank.clamp(1, sorted.len().max(1)) - 1).copied().unwrap_or(0.0)
}

/// Count, median, 95th, 99th and the greatest, in the unit of the values.
#[must_use]
pub fn spread(mut values: Vec<f64>) -> Value {
    values.sort_by(f64::total_cmp);
    let at = |percent| rounded(percentile(&values, percent));
    json!({ "count": values.len(), "p50": at(50.0), "p95": at(95.0), "p99": at(99.0), "max": at(100.0) })
}

/// Three decimals, for people.
#[must_use]
pub fn rounded(value: f64) -> f64 {
    (value * 1_000.0).round() / 1_000.0
}

#[cfg(test)]
mod tests {
    use super::percentile;

    #[test]
    fn percentiles_are_values_that_occurred() {
        let values: Vec<f64> = (1..=100).map(f64::from).collect();
        assert_eq!((percentile(&values, 50.0), percentile(&values, 95.0)), (50.0, 95.0));
        assert_eq!((percentile(&values, 99.0), percentile(&values, 100.0)), (99.0, 100.0));
        assert_eq!((percentile(&[7.0], 1.0), percentile(&[], 50.0)), (7.0, 0.0));
    }
}
