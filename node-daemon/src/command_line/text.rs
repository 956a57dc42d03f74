//! Values and tables as a terminal shows them.

use std::io::{self, Write};

use arrow_array::{
    ArrayRef, RecordBatch,
    cast::AsArray,
    types::{Float64Type, Int64Type, TimestampNanosecondType},
};
use arrow_schema::{DataType, TimeUnit};
use chrono::DateTime;
use goldwire_answer::{
    column::Column,
    table::{NamedColumn, Table},
};
use goldwire_model::{field::Field, signal::Signal};

/// Writes aligned columns under their names; numbers to the right. A table without rows says so.
pub(crate) fn write_table(out: &mut impl Write, table: &Table) -> io::Result<()> {
    if table.columns.first().is_none_or(|column| column.values.is_empty()) {
        return writeln!(out, "nothing seen");
    }
    Aligned::default().write(out, table)
}

/// Columns that stay aligned over several tables of the same shape: widths only grow, names are written once.
#[derive(Default)]
pub(crate) struct Aligned {
    widths: Vec<usize>,
}

impl Aligned {
    /// Writes the rows of one more table.
    pub(crate) fn write(&mut self, out: &mut impl Write, table: &Table) -> io::Result<()> {
        let rows = table.columns.first().map_or(0, |column| column.values.len());
        let cells: Vec<Vec<String>> =
            (0..rows).map(|row| table.columns.iter().map(|column| cell(column, row)).collect()).collect();
        let is_first = self.widths.is_empty();
        self.widths.resize(table.columns.len(), 0);
        for (index, column) in table.columns.iter().enumerate() {
            let widest = cells.iter().map(|row| row[index].chars().count()).max().unwrap_or(0);
            self.widths[index] = self.widths[index].max(widest).max(column.name.chars().count());
        }
        if is_first {
            self.write_line(out, table, |column| &table.columns[column].name)?;
        }
        for row in &cells {
            self.write_line(out, table, |column| &row[column])?;
        }
        Ok(())
    }

    fn write_line<'a>(&self, out: &mut impl Write, table: &Table, text: impl Fn(usize) -> &'a str) -> io::Result<()> {
        let mut line = String::new();
        for (index, width) in self.widths.iter().enumerate() {
            if index > 0 {
                line.push_str("  ");
            }
            let text = text(index);
            let padding = " ".repeat(width - text.chars().count());
            if matches!(table.columns[index].values, Column::Integer(_) | Column::Float(_)) {
                line.push_str(&padding);
                line.push_str(text);
            } else {
                line.push_str(text);
                line.push_str(&padding);
            }
        }
        writeln!(out, "{}", line.trim_end())
    }
}

/// A batch as a table: each column's unit is told by its name, which is a signal's, a field's or an aggregate's.
pub(crate) fn table_of(batch: &RecordBatch) -> Table {
    let named = |(field, array): (&arrow_schema::FieldRef, &ArrayRef)| NamedColumn {
        name: field.name().as_str().into(),
        unit: unit_of(field.name()),
        values: column_of(array),
    };
    Table { columns: batch.schema_ref().fields().iter().zip(batch.columns()).map(named).collect() }
}

fn unit_of(name: &str) -> Option<&'static str> {
    if let Ok(signal) = name.parse::<Signal>() {
        return Some(signal.unit());
    }
    let inner = name.split_once('(').map_or(name, |(_, argument)| argument.trim_end_matches(')'));
    Field::parse(inner).ok().and_then(|field| field.unit())
}

/// Any array: whole numbers and times as they are, other numbers as floats, all else by its text.
fn column_of(array: &ArrayRef) -> Column {
    let cast = |to: &DataType| arrow_cast::cast(array, to).ok();
    match array.data_type() {
        DataType::Timestamp(_, _) => {
            let nanos = cast(&DataType::Timestamp(TimeUnit::Nanosecond, None));
            let nanos = nanos.as_ref().and_then(|array| array.as_primitive_opt::<TimestampNanosecondType>());
            Column::Time(nanos.map(|array| array.iter().collect()).unwrap_or_default())
        }
        kind if kind.is_integer() => {
            let whole = cast(&DataType::Int64);
            let whole = whole.as_ref().and_then(|array| array.as_primitive_opt::<Int64Type>());
            Column::Integer(whole.map(|array| array.iter().collect()).unwrap_or_default())
        }
        kind if kind.is_floating() => {
            let float = cast(&DataType::Float64);
            let float = float.as_ref().and_then(|array| array.as_primitive_opt::<Float64Type>());
            Column::Float(float.map(|array| array.iter().collect()).unwrap_or_default())
        }
        _ => {
            let text = cast(&DataType::Utf8);
            let text = text.as_ref().and_then(|array| array.as_string_opt::<i32>());
            Column::Text(text.map(|array| array.iter().map(|text| text.map(Into::into)).collect()).unwrap_or_default())
        }
    }
}

/// One cell; absent values are a dash.
fn cell(column: &NamedColumn, row: usize) -> String {
    let absent = || "-".to_owned();
    match &column.values {
        Column::Text(values) => values[row].as_deref().filter(|text| !text.is_empty()).map_or_else(absent, printable),
        Column::Integer(values) => values[row].map_or_else(absent, |value| integer(value, column.unit)),
        Column::Float(values) => values[row].map_or_else(absent, |value| number(value, column.unit)),
        Column::Time(values) => values[row].map_or_else(absent, time),
    }
}

/// Text from the network must not steer the terminal.
fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

fn integer(value: i64, unit: Option<&str>) -> String {
    match unit {
        Some("bytes" | "decbytes") => number(value as f64, unit),
        _ => value.to_string(),
    }
}

/// A number in the unit that Grafana would show it in.
#[must_use]
pub(crate) fn number(value: f64, unit: Option<&str>) -> String {
    match unit {
        Some("s") => duration(value),
        Some("bytes") => scaled(value, 1024.0, &["B", "KiB", "MiB", "GiB", "TiB"], " "),
        Some("decbytes") => scaled(value, 1000.0, &["B", "kB", "MB", "GB", "TB"], " "),
        Some("Bps" | "binBps") => scaled(value, 1024.0, &["B/s", "KiB/s", "MiB/s", "GiB/s", "TiB/s"], " "),
        Some("percentunit") => format!("{:.2} %", value * 100.0),
        Some("reqps" | "ops" | "cps" | "pps") => format!("{}/s", plain(value)),
        _ => plain(value),
    }
}

fn plain(value: f64) -> String {
    if value == value.trunc() && value.abs() < 1e12 { format!("{value:.0}") } else { format!("{value:.2}") }
}

fn duration(seconds: f64) -> String {
    match seconds.abs() {
        0.0 => "0 s".to_owned(),
        s if s < 1e-3 => format!("{:.0} µs", seconds * 1e6),
        s if s < 1.0 => format!("{:.2} ms", seconds * 1e3),
        s if s < 120.0 => format!("{seconds:.2} s"),
        s if s < 7200.0 => format!("{:.1} min", seconds / 60.0),
        _ => format!("{:.1} h", seconds / 3600.0),
    }
}

fn scaled(value: f64, base: f64, units: &[&str], space: &str) -> String {
    let mut value = value;
    let mut unit = 0;
    while value.abs() >= base && unit + 1 < units.len() {
        value /= base;
        unit += 1;
    }
    let digits = if unit == 0 { 0 } else { 1 };
    format!("{value:.digits$}{space}{}", units[unit])
}

fn time(nanos: i64) -> String {
    DateTime::from_timestamp_nanos(nanos).format("%Y-%m-%d %H:%M:%S%.3f").to_string()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn column(name: &str, unit: Option<&'static str>, values: Column) -> NamedColumn {
        NamedColumn { name: Arc::from(name), unit, values }
    }

    #[test]
    fn columns_align_and_absence_is_a_dash() {
        let table = Table {
            columns: vec![
                column("workload", None, Column::Text(vec![Some("shop".into()), None, Some("a\u{1b}[2J".into())])),
                column("p99(latency)", Some("s"), Column::Float(vec![Some(0.012_34), None, Some(3.5)])),
                column("sum(bytes_sent)", Some("bytes"), Column::Integer(vec![Some(1536), Some(10), None])),
            ],
        };
        let mut out = Vec::new();
        write_table(&mut out, &table).expect("written");
        let expected = "\
workload  p99(latency)  sum(bytes_sent)
shop          12.34 ms          1.5 KiB
-                    -             10 B
a\u{fffd}[2J           3.50 s                -
";
        assert_eq!(String::from_utf8(out).expect("text"), expected);
    }

    #[test]
    fn an_empty_table_says_so() {
        let mut out = Vec::new();
        write_table(&mut out, &Table::default()).expect("written");
        assert_eq!(out, b"nothing seen\n");
    }
}
