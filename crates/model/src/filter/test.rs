//! What a value must be like.

use std::{fmt, net::IpAddr};

use super::{Operand, evaluate::Value, list::List, truth::Truth};

/// An operator and what it compares with.
#[derive(Clone, Debug, PartialEq)]
pub struct Test {
    operator: Operator,
    /// One, but for `in` and `not in`.
    operands: Vec<Operand>,
    /// The operands once more where they are many.
    list: Option<Box<List>>,
}

/// How a value is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Operator {
    /// `=`
    Equal,
    /// `!=`
    NotEqual,
    /// `=~`
    Matches,
    /// `!~`
    NotMatches,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
    /// `in`
    In,
    /// `not in`
    NotIn,
}

impl Operator {
    /// As the language spells it.
    #[must_use]
    pub const fn symbol(self) -> &'static str {
        match self {
            Self::Equal => "=",
            Self::NotEqual => "!=",
            Self::Matches => "=~",
            Self::NotMatches => "!~",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
            Self::In => "in",
            Self::NotIn => "not in",
        }
    }

    /// `!=`, `!~` and `not in`: the exact opposites of `=`, `=~` and `in`.
    #[must_use]
    pub const fn is_negated(self) -> bool {
        matches!(self, Self::NotEqual | Self::NotMatches | Self::NotIn)
    }

    /// `<`, `<=`, `>` and `>=`.
    #[must_use]
    pub const fn is_order(self) -> bool {
        matches!(self, Self::Less | Self::LessOrEqual | Self::Greater | Self::GreaterOrEqual)
    }

    /// The operator that holds where this one does not. The orders have none: neither `<` nor `>=` holds for a field
    /// that is absent.
    #[must_use]
    pub const fn opposite(self) -> Option<Self> {
        Some(match self {
            Self::Equal => Self::NotEqual,
            Self::NotEqual => Self::Equal,
            Self::Matches => Self::NotMatches,
            Self::NotMatches => Self::Matches,
            Self::In => Self::NotIn,
            Self::NotIn => Self::In,
            _ => return None,
        })
    }

    fn orders(self, value: f64, limit: f64) -> bool {
        match self {
            Self::Less => value < limit,
            Self::LessOrEqual => value <= limit,
            Self::Greater => value > limit,
            Self::GreaterOrEqual => value >= limit,
            _ => false,
        }
    }
}

impl fmt::Display for Operator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.symbol())
    }
}

impl Test {
    pub(super) fn new(operator: Operator, operands: Vec<Operand>) -> Self {
        let list = List::of(&operands).map(Box::new);
        Self { operator, operands, list }
    }

    /// How it compares.
    #[must_use]
    pub const fn operator(&self) -> Operator {
        self.operator
    }

    /// What it compares with: one, but for `in` and `not in`.
    #[must_use]
    pub fn operands(&self) -> &[Operand] {
        &self.operands
    }

    /// True where it is the opposite of a test that says what a value is.
    #[must_use]
    pub const fn is_negated(&self) -> bool {
        self.operator.is_negated()
    }

    /// Whether a text is as wanted. Numbers and addresses in text form are read, so that group keys can be tested.
    #[must_use]
    pub fn matches_text(&self, text: &str) -> bool {
        if self.operator.is_order() {
            return text.parse().is_ok_and(|number| self.orders(number));
        }
        self.any(|list| list.has_text(text), |operand| operand.is_text(text))
    }

    /// Whether a number is as wanted: seconds, bytes, milliseconds since the epoch or a plain one.
    #[must_use]
    pub fn matches_number(&self, number: f64) -> bool {
        if self.operator.is_order() {
            return self.orders(number);
        }
        self.any(|list| list.has_number(number), |operand| operand.is_number(number))
    }

    /// Whether an address is as wanted.
    #[must_use]
    pub fn matches_address(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.any(|list| list.has_address(address), |operand| operand.is_address(address))
    }

    /// Whether it is as wanted that there is no value.
    #[must_use]
    pub const fn matches_absent(&self) -> bool {
        self.is_negated()
    }

    /// Whether a value is as wanted.
    #[must_use]
    pub fn matches(&self, value: &Value<'_>) -> Truth {
        match value {
            Value::Absent => self.matches_absent().into(),
            Value::Unknown => Truth::Unknown,
            Value::Text(text) => self.matches_text(text).into(),
            #[expect(clippy::cast_precision_loss, reason = "ports, ids and statuses are far below 2^53")]
            Value::Integer(number) => self.matches_number(*number as f64).into(),
            Value::Float(number) => self.matches_number(*number).into(),
            Value::Address(address) => self.matches_address(*address).into(),
            #[expect(clippy::cast_precision_loss, reason = "a moment to the microsecond is enough")]
            Value::Time(time) => self.matches_number(time.0 as f64 / 1e6).into(),
        }
    }

    /// The texts that `=` and `in` (or their opposites) name, where none has a wildcard: a dictionary can be asked for
    /// them.
    #[must_use]
    pub fn exact_texts(&self) -> Option<Vec<&str>> {
        self.operands.iter().map(Operand::exact_text).collect()
    }

    fn any(&self, has: impl Fn(&List) -> bool, is: impl Fn(&Operand) -> bool) -> bool {
        let found = match &self.list {
            Some(list) => has(list),
            None => self.operands.iter().any(is),
        };
        found != self.is_negated()
    }

    fn orders(&self, number: f64) -> bool {
        self.operands.iter().any(|operand| match operand {
            Operand::Number(limit) => self.operator.orders(number, limit.value()),
            _ => false,
        })
    }
}
