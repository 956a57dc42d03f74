//! The values of `in (…)` as sets, so that a long list takes no longer than a short one.

use std::{collections::HashSet, net::IpAddr};

use super::Operand;

/// Lists up to here are gone through.
const SHORT: usize = 8;

/// What is asked for by value, and what must be tried one by one.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct List {
    texts: HashSet<Box<str>>,
    /// Bits of the numbers; both zeros are one.
    numbers: HashSet<u64>,
    addresses: HashSet<IpAddr>,
    /// Patterns, networks and ranges.
    others: Vec<Operand>,
}

impl List {
    /// `None` where there are too few values to be worth it.
    pub(super) fn of(operands: &[Operand]) -> Option<Self> {
        if operands.len() <= SHORT {
            return None;
        }
        let mut list =
            Self { texts: HashSet::new(), numbers: HashSet::new(), addresses: HashSet::new(), others: Vec::new() };
        operands.iter().for_each(|operand| list.add(operand));
        Some(list)
    }

    fn add(&mut self, operand: &Operand) {
        match operand {
            Operand::Number(number) => {
                self.numbers.insert(bits(number.value()));
            }
            Operand::Address(address) => {
                self.addresses.insert(*address);
            }
            other => match other.exact_text() {
                Some(text) => {
                    self.texts.insert(text.into());
                }
                None => self.others.push(other.clone()),
            },
        }
    }

    /// As [`Operand::is_text`] of each.
    pub(super) fn has_text(&self, text: &str) -> bool {
        self.texts.contains(text)
            || (!self.numbers.is_empty() && text.parse().is_ok_and(|number| self.numbers.contains(&bits(number))))
            || (!self.addresses.is_empty()
                && text.parse().is_ok_and(|address: IpAddr| self.addresses.contains(&address.to_canonical())))
            || self.others.iter().any(|other| other.is_text(text))
    }

    /// As [`Operand::is_number`] of each.
    pub(super) fn has_number(&self, number: f64) -> bool {
        self.numbers.contains(&bits(number))
            || (!self.texts.is_empty() && self.texts.contains(number.to_string().as_str()))
            || self.others.iter().any(|other| other.is_number(number))
    }

    /// As [`Operand::is_address`] of each.
    pub(super) fn has_address(&self, address: IpAddr) -> bool {
        self.addresses.contains(&address)
            || (!self.texts.is_empty() && self.texts.contains(address.to_string().as_str()))
            || self.others.iter().any(|other| other.is_address(address))
    }
}

fn bits(number: f64) -> u64 {
    // -0 + 0 is 0.
    (number + 0.0).to_bits()
}
