//! How long a step is.

use serde_json::Value;

use super::{QueryError, Window, object::Object};
use crate::{field::Kind, filter::Quantity, limits::STEPS};

/// The longest step: 366 days.
const LONGEST: i64 = 366 * 24 * HOUR;

const SECOND: i64 = 1_000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// Steps that people read well, in milliseconds.
const NICE: [i64; 17] = [
    SECOND,
    2 * SECOND,
    5 * SECOND,
    10 * SECOND,
    15 * SECOND,
    30 * SECOND,
    MINUTE,
    2 * MINUTE,
    5 * MINUTE,
    10 * MINUTE,
    15 * MINUTE,
    30 * MINUTE,
    HOUR,
    3 * HOUR,
    6 * HOUR,
    12 * HOUR,
    DAY,
];

/// The shortest step in milliseconds, among those that people read well, by which the window has at most `max_points`
/// steps. Behind a day, whole days.
#[must_use]
pub fn nice_step(window: Window, max_points: u32) -> i64 {
    let points = i64::from(max_points.max(1));
    let least = window.millis().max(0) / points + i64::from(window.millis().max(0) % points > 0);
    let days = least / DAY + i64::from(least % DAY > 0);
    NICE.into_iter().find(|step| *step >= least).unwrap_or_else(|| days.saturating_mul(DAY))
}

/// `step`: a text such as `10s`, or a number of seconds.
pub(super) fn read(object: &Object) -> Result<Option<i64>, QueryError> {
    const WRONG: QueryError =
        QueryError::WrongValue { key: "step", expected: "a duration such as \"10s\" or a number of seconds" };
    let seconds = match object.raw("step") {
        None => return Ok(None),
        Some(Value::String(text)) => Quantity::parse(text, Kind::Duration).map_err(|_| WRONG)?.value(),
        Some(value) => value.as_f64().ok_or(WRONG)?,
    };
    #[expect(clippy::cast_possible_truncation, reason = "the cast saturates, and the bounds follow")]
    let millis = (seconds * 1e3).round() as i64;
    if (1..=LONGEST).contains(&millis) {
        Ok(Some(millis))
    } else {
        Err(QueryError::WrongValue { key: "step", expected: "from 1ms to 366d" })
    }
}

/// Refuses a range of more steps than can be shown.
pub(super) fn check(window: Option<Window>, step_millis: Option<i64>) -> Result<(), QueryError> {
    let (Some(window), Some(step)) = (window, step_millis) else { return Ok(()) };
    let steps = window.millis() / step.max(1);
    if steps > STEPS { Err(QueryError::TooManySteps { steps, most: STEPS }) } else { Ok(()) }
}

/// As `step` is written in JSON.
pub(super) fn text(millis: i64) -> String {
    if millis % SECOND == 0 { format!("{}s", millis / SECOND) } else { format!("{millis}ms") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_nice_and_few() {
        let cases = [(60, 120, SECOND), (3_600, 120, 30 * SECOND), (6 * 3_600, 120, 5 * MINUTE), (1, 120, SECOND)];
        for (seconds, points, expected) in cases {
            assert_eq!(nice_step(Window { from: 0, to: seconds * 1_000 }, points), expected, "{seconds}");
        }
        assert_eq!(nice_step(Window { from: 0, to: 365 * DAY }, 100), 4 * DAY);
        assert_eq!(nice_step(Window { from: 0, to: HOUR }, 0), HOUR);
    }

    #[test]
    fn never_more_points_than_asked_for() {
        for seconds in [1, 59, 61, 3_599, 3_601, 86_400, 10_000_000] {
            for points in [1, 7, 100, 1_000] {
                let window = Window { from: 0, to: seconds * 1_000 };
                let step = nice_step(window, points);
                assert!(window.millis() <= step * i64::from(points), "{seconds} {points}");
            }
        }
    }
}
