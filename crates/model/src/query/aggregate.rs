//! Aggregates such as `p99(latency)`.

use std::str::FromStr;

use super::QueryError;
use crate::field::{Field, Table};

/// `p99(latency)`, `sum(bytes_sent)`, `count()`; keeps its text for the column's name.
#[derive(Clone, Debug, PartialEq)]
pub struct Aggregate {
    /// As it was asked for.
    pub text: String,
    /// What is computed.
    pub function: Function,
    /// Of which field; absent for `count()`.
    pub argument: Option<Field>,
}

/// What is computed of a group's values.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Function {
    /// How many records there are.
    Count,
    /// Their sum.
    Sum,
    /// The smallest.
    Min,
    /// The largest.
    Max,
    /// Their mean.
    Average,
    /// The value of nearest rank, 0 to 1.
    Quantile(f64),
}

const FUNCTIONS: &str = "count(), sum, avg, min, max, p50 to p99.9 of a measure, or quantile(measure, 0.95)";

impl Aggregate {
    /// Refuses a field that the table does not have.
    pub(super) fn check_table(&self, table: Table) -> Result<(), QueryError> {
        match &self.argument {
            Some(field) if !field.is_in(table) => {
                let tables = crate::filter::list_tables(field);
                Err(self.wrong(format!("table {table} has no field `{field}`; it is in {tables}")))
            }
            _ => Ok(()),
        }
    }

    /// How Grafana names the unit of its values; absent where they have none.
    #[must_use]
    pub fn unit(&self) -> Option<&'static str> {
        self.argument.as_ref().and_then(Field::unit)
    }

    fn wrong(&self, reason: String) -> QueryError {
        QueryError::Aggregate { text: self.text.clone(), reason }
    }
}

impl FromStr for Aggregate {
    type Err = QueryError;

    fn from_str(text: &str) -> Result<Self, QueryError> {
        let text = text.trim();
        let (function, argument) =
            read(text).map_err(|reason| QueryError::Aggregate { text: text.to_owned(), reason })?;
        Ok(Self { text: text.to_owned(), function, argument })
    }
}

fn read(text: &str) -> Result<(Function, Option<Field>), String> {
    let parts = text.strip_suffix(')').and_then(|text| text.split_once('('));
    let (name, inside) = parts.ok_or_else(|| format!("expected {FUNCTIONS}"))?;
    let mut arguments = inside.split(',').map(str::trim).filter(|argument| !argument.is_empty());
    let (first, second, third) = (arguments.next(), arguments.next(), arguments.next());
    match (name.trim(), first, second, third) {
        ("count", None, ..) => Ok((Function::Count, None)),
        ("count", ..) => Err("count() takes no field".to_owned()),
        ("quantile", Some(field), Some(quantile), None) => {
            Ok((Function::Quantile(read_quantile(quantile, 1)?), Some(read_measure(field)?)))
        }
        (name, Some(field), None, _) => Ok((read_function(name)?, Some(read_measure(field)?))),
        (name, ..) => Err(read_function(name).err().unwrap_or_else(|| format!("{name} takes one field"))),
    }
}

fn read_function(name: &str) -> Result<Function, String> {
    match name {
        "sum" => Ok(Function::Sum),
        "min" => Ok(Function::Min),
        "max" => Ok(Function::Max),
        "avg" => Ok(Function::Average),
        "quantile" => Err("quantile takes a field and a number from 0 to 1".to_owned()),
        name => match name.strip_prefix('p') {
            Some(percent) if percent.starts_with(|first: char| first.is_ascii_digit()) => {
                Ok(Function::Quantile(read_quantile(percent, 100)?))
            }
            _ => Err(format!("there is no function `{name}`: expected {FUNCTIONS}")),
        },
    }
}

/// Digits, perhaps with a point. A percentage is moved by two places as text, so that 99.9 is the number nearest to
/// 0.999.
fn read_quantile(text: &str, most: u8) -> Result<f64, String> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let places = if most == 100 { -2 } else { 0 };
    let quantile = format!("{text}e{places}").parse().ok().filter(|quantile| digits && (0.0..=1.0).contains(quantile));
    quantile.ok_or_else(|| format!("`{text}` is no number from 0 to {most}"))
}

fn read_measure(name: &str) -> Result<Field, String> {
    let field = Field::parse(name).map_err(|unknown| unknown.to_string())?;
    if field.is_measure() { Ok(field) } else { Err(format!("`{field}` is no measure")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_are_read() {
        let cases = [
            ("count()", Function::Count, None),
            (" count( ) ", Function::Count, None),
            ("sum(bytes_sent)", Function::Sum, Some(Field::BytesSent)),
            ("avg( latency )", Function::Average, Some(Field::Latency)),
            ("p99(latency)", Function::Quantile(0.99), Some(Field::Latency)),
            ("p99.9(latency)", Function::Quantile(0.999), Some(Field::Latency)),
            ("p0(rtt)", Function::Quantile(0.0), Some(Field::Rtt)),
            ("quantile(latency, 0.95)", Function::Quantile(0.95), Some(Field::Latency)),
        ];
        for (text, function, argument) in cases {
            let aggregate: Aggregate = text.parse().unwrap();
            assert_eq!((aggregate.function, aggregate.argument), (function, argument), "{text}");
            assert_eq!(aggregate.text, text.trim());
        }
    }
}
