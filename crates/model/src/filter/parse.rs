//! From tokens to a filter, by recursive descent.
//!
//! ```text
//! either_of  = all_of { "or" all_of }
//! all_of     = one { "and" one }
//! one        = "not" one | "(" either_of ")" | comparison
//! comparison = field sign value | field ["not"] "in" "(" value { "," value } ")"
//! ```
//!
//! Written out by hand rather than with combinators, because each place knows what it expects and says so.

use std::{ops::Range, str::FromStr};

use super::{
    Comparison, FieldRef, Filter, FilterError, Operand, Operator, Test,
    operand::{Unfit, expected_of},
    token::{Placed, Token, tokens},
};
use crate::{
    field::{EndField, Field, Kind, UnknownField},
    limits::{COMPARISONS, FILTER_CHARACTERS, FILTER_DEPTH, LIST_PATTERNS, LIST_VALUES, REGEXES},
};

const SIGNS: [&str; 8] = ["=", "!=", "=~", "!~", "<", "<=", ">", ">="];

impl Filter {
    /// Reads a filter. A text without words matches all.
    ///
    /// # Errors
    /// Where and what is wrong, and what was expected there.
    pub fn parse(text: &str) -> Result<Self, FilterError> {
        if text.chars().count() > FILTER_CHARACTERS {
            let message = format!("this filter has more than {FILTER_CHARACTERS} characters");
            return Err(FilterError::new(text, &(text.len()..text.len()), message));
        }
        let tokens = tokens(text);
        if tokens.is_empty() {
            return Ok(Self::All);
        }
        let mut parser = Parser { text, tokens: &tokens, next: 0, depth: 0, patterns: 0, comparisons: 0 };
        let filter = parser.either_of()?;
        match parser.peek() {
            None => Ok(filter),
            Some(_) => Err(parser.wrong_joint()),
        }
    }
}

impl FromStr for Filter {
    type Err = FilterError;

    fn from_str(text: &str) -> Result<Self, FilterError> {
        Self::parse(text)
    }
}

struct Parser<'a> {
    text: &'a str,
    tokens: &'a [Placed<'a>],
    next: usize,
    depth: usize,
    patterns: usize,
    comparisons: usize,
}

impl<'a> Parser<'a> {
    fn either_of(&mut self) -> Result<Filter, FilterError> {
        let first = self.all_of()?;
        let mut parts = vec![first];
        while self.take_keyword("or") {
            parts.push(self.all_of()?);
        }
        Ok(joined(parts, Filter::Or))
    }

    fn all_of(&mut self) -> Result<Filter, FilterError> {
        let first = self.one()?;
        let mut parts = vec![first];
        while self.take_keyword("and") {
            parts.push(self.one()?);
        }
        Ok(joined(parts, Filter::And))
    }

    fn one(&mut self) -> Result<Filter, FilterError> {
        if self.take_keyword("not") {
            return self.deeper(|parser| Ok(Filter::Not(Box::new(parser.one()?))));
        }
        if self.take(&Token::Open) {
            return self.deeper(|parser| {
                let inner = parser.either_of()?;
                if parser.take(&Token::Close) { Ok(inner) } else { Err(parser.wrong_joint()) }
            });
        }
        self.comparison()
    }

    fn deeper<T>(&mut self, inner: impl FnOnce(&mut Self) -> Result<T, FilterError>) -> Result<T, FilterError> {
        if self.depth == FILTER_DEPTH {
            return Err(self.error(format!("parentheses and `not` are nested more than {FILTER_DEPTH} deep")));
        }
        self.depth += 1;
        let result = inner(self);
        self.depth -= 1;
        result
    }

    fn comparison(&mut self) -> Result<Filter, FilterError> {
        self.comparisons += 1;
        if self.comparisons > COMPARISONS {
            return Err(self.error(format!("this filter has more than {COMPARISONS} comparisons")));
        }
        let field = self.field()?;
        let kind = field.kind();
        let place = self.place();
        let operator = self.operator()?;
        self.check_operator(&field, operator, &place)?;
        let operands = match operator {
            Operator::In | Operator::NotIn => self.list(kind, operator)?,
            _ => vec![self.operand(kind, operator)?],
        };
        Ok(Filter::Compare(Comparison { field, test: Test::new(operator, operands) }))
    }

    fn field(&mut self) -> Result<FieldRef, FilterError> {
        let place = self.place();
        let Some(Token::Word(word)) = self.peek() else { return Err(self.wrong_field()) };
        if is_keyword(word) {
            return Err(self.wrong_field());
        }
        self.next += 1;
        let name = match self.quoted_label(word, place.end) {
            Some(key) => format!("{word}{key}"),
            None => (*word).to_owned(),
        };
        read_field(&name).map_err(|unknown| {
            let error = FilterError::new(self.text, &place, unknown.to_string()).expecting(["field"]);
            error.suggesting(unknown.suggestion)
        })
    }

    /// `source.labels."any key"`: the quote stands right behind the word.
    fn quoted_label(&mut self, word: &str, end: usize) -> Option<&'a str> {
        let following = self.tokens.get(self.next)?;
        match &following.token {
            Token::Quoted(key) if word.ends_with(".labels.") && following.place.start == end => {
                self.next += 1;
                Some(key)
            }
            _ => None,
        }
    }

    fn operator(&mut self) -> Result<Operator, FilterError> {
        if let Some(Token::Operator(operator)) = self.peek() {
            let operator = *operator;
            self.next += 1;
            return Ok(operator);
        }
        if self.take_keyword("in") {
            return Ok(Operator::In);
        }
        if self.take_keyword("not") {
            return if self.take_keyword("in") { Ok(Operator::NotIn) } else { Err(self.unexpected(&["in"])) };
        }
        let suggestion = match self.peek() {
            Some(Token::Foreign("==")) | Some(Token::Word("is" | "eq")) => Some("="),
            Some(Token::Foreign("<>")) | Some(Token::Word("ne")) => Some("!="),
            Some(Token::Word("like" | "matches" | "~")) => Some("=~"),
            _ => None,
        };
        let expected: Vec<&str> = SIGNS.into_iter().chain(["in", "not in"]).collect();
        Err(self.unexpected(&expected).suggesting(suggestion))
    }

    fn check_operator(&self, field: &FieldRef, operator: Operator, place: &Range<usize>) -> Result<(), FilterError> {
        let takes = operators_of(field.kind());
        if takes.contains(&operator.symbol()) {
            return Ok(());
        }
        let kind = field.kind().name();
        let message = format!("`{operator}` does not go with {field}, which is of kind {kind}: use {}", list(takes));
        Err(FilterError::new(self.text, place, message).expecting(takes.iter().copied()))
    }

    fn list(&mut self, kind: Kind, operator: Operator) -> Result<Vec<Operand>, FilterError> {
        if !self.take(&Token::Open) {
            return Err(self.unexpected(&["("]));
        }
        let mut operands = vec![self.operand(kind, operator)?];
        let mut patterns = usize::from(operands[0].is_pattern());
        loop {
            if self.take(&Token::Close) {
                return Ok(operands);
            }
            if !self.take(&Token::Comma) {
                return Err(self.unexpected(&[",", ")"]));
            }
            if operands.len() == LIST_VALUES {
                return Err(self.error(format!("this list has more than {LIST_VALUES} values")));
            }
            operands.push(self.operand(kind, operator)?);
            patterns += usize::from(operands.last().is_some_and(Operand::is_pattern));
            if patterns > LIST_PATTERNS {
                let what = "patterns, networks and ranges";
                return Err(self.error(format!("this list has more than {LIST_PATTERNS} {what}")));
            }
        }
    }

    fn operand(&mut self, kind: Kind, operator: Operator) -> Result<Operand, FilterError> {
        let place = self.place();
        let text = match self.peek() {
            Some(Token::Quoted(text)) => text.as_str(),
            Some(Token::Word(word)) if !is_keyword(word) => word,
            _ => return Err(self.wrong_value(kind, operator)),
        };
        if matches!(operator, Operator::Matches | Operator::NotMatches) {
            self.patterns += 1;
            if self.patterns > REGEXES {
                return Err(self.error(format!("this filter has more than {REGEXES} regular expressions")));
            }
        }
        self.next += 1;
        Operand::read(text, kind, operator)
            .map_err(|Unfit { message, expected }| FilterError::new(self.text, &place, message).expecting([expected]))
    }

    fn peek(&self) -> Option<&'a Token<'a>> {
        self.tokens.get(self.next).map(|placed| &placed.token)
    }

    fn take(&mut self, wanted: &Token<'_>) -> bool {
        let found = self.peek() == Some(wanted);
        self.next += usize::from(found);
        found
    }

    fn take_keyword(&mut self, keyword: &str) -> bool {
        let found = matches!(self.peek(), Some(Token::Word(word)) if word.eq_ignore_ascii_case(keyword));
        self.next += usize::from(found);
        found
    }

    /// Of the next token, else the end of the text.
    fn place(&self) -> Range<usize> {
        self.tokens.get(self.next).map_or(self.text.len()..self.text.len(), |placed| placed.place.clone())
    }

    fn error(&self, message: String) -> FilterError {
        FilterError::new(self.text, &self.place(), message)
    }

    fn unexpected(&self, expected: &[&str]) -> FilterError {
        self.unexpected_words(&list(expected), expected)
    }

    /// The same, with its own words for what was expected.
    fn unexpected_words(&self, words: &str, expected: &[&str]) -> FilterError {
        match self.peek() {
            Some(Token::Unterminated) => {
                self.error("this quote is never closed".to_owned()).expecting(["closing quote"])
            }
            Some(_) => {
                self.error(format!("expected {words}, found {}", self.found())).expecting(expected.iter().copied())
            }
            None => {
                let message = format!("expected {words}, but the filter ends here");
                self.error(message).expecting(expected.iter().copied())
            }
        }
    }

    fn found(&self) -> String {
        format!("`{}`", self.text.get(self.place()).unwrap_or_default())
    }

    fn wrong_field(&self) -> FilterError {
        self.unexpected(&["field", "not", "("])
    }

    /// Behind a complete comparison.
    fn wrong_joint(&self) -> FilterError {
        let suggestion = match self.peek() {
            Some(Token::Word("&&" | "&") | Token::Comma) => Some("and"),
            Some(Token::Word("||" | "|")) => Some("or"),
            _ => None,
        };
        let expected: &[&str] = if self.depth > 0 { &["and", "or", ")"] } else { &["and", "or", "end"] };
        self.unexpected(expected).suggesting(suggestion)
    }

    fn wrong_value(&self, kind: Kind, operator: Operator) -> FilterError {
        let expected = expected_of(kind, operator);
        match self.peek() {
            Some(Token::Word(_)) => {
                let message = format!("{} is a word of the language: a text like it needs quotes", self.found());
                self.error(message).expecting([expected])
            }
            _ => self.unexpected_words(expected, &[expected]),
        }
    }
}

fn joined(mut parts: Vec<Filter>, join: impl FnOnce(Vec<Filter>) -> Filter) -> Filter {
    match (parts.pop(), parts.is_empty()) {
        (Some(only), true) => only,
        (last, _) => {
            parts.extend(last);
            join(parts)
        }
    }
}

fn is_keyword(word: &str) -> bool {
    ["and", "or", "not", "in"].iter().any(|keyword| word.eq_ignore_ascii_case(keyword))
}

pub(super) fn read_field(name: &str) -> Result<FieldRef, UnknownField> {
    match name.strip_prefix("either.").map(EndField::from_name) {
        Some(Some(end)) => Ok(FieldRef::Either(end)),
        _ => Field::parse(name).map(FieldRef::Exact),
    }
}

/// Which operators go with a field of this kind.
const fn operators_of(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::Text | Kind::Address => &["=", "!=", "=~", "!~", "in", "not in"],
        Kind::Integer => &["=", "!=", "=~", "!~", "<", "<=", ">", ">=", "in", "not in"],
        Kind::Duration | Kind::Bytes | Kind::Number | Kind::Time => &["=", "!=", "<", "<=", ">", ">=", "in", "not in"],
    }
}

fn list(words: &[&str]) -> String {
    let quoted = |word: &&str| match *word {
        "field" => "a field".to_owned(),
        "end" => "the end".to_owned(),
        sign => format!("`{sign}`"),
    };
    let words: Vec<String> = words.iter().map(quoted).collect();
    match words.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} or {last}", rest.join(", ")),
        None => String::new(),
    }
}
