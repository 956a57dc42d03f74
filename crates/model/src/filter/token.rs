//! The words and signs of a filter's text.
//!
//! No text is refused here: what is no word and no sign becomes a token of its own, so that the parser can say what it
//! expected in its place.

use std::ops::Range;

use winnow::{
    LocatingSlice, Parser,
    combinator::{alt, opt, preceded, repeat, terminated},
    error::EmptyError,
    token::{any, none_of, one_of, take_till, take_while},
};

use super::Operator;

type Input<'a> = LocatingSlice<&'a str>;
type Lexed<T> = winnow::Result<T, EmptyError>;

/// A word or a sign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token<'a> {
    /// `(`
    Open,
    /// `)`
    Close,
    /// `,`
    Comma,
    /// A sign that compares; `in` is a word.
    Operator(Operator),
    /// A field, a keyword or a value without quotes.
    Word(&'a str),
    /// A value in quotes, without them and with its escapes read.
    Quoted(String),
    /// A quote that nothing closes.
    Unterminated,
    /// A sign that the language does not have: `==`, `<>`, `!`.
    Foreign(&'a str),
}

/// A token and its place in the text, in bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Placed<'a> {
    pub(super) token: Token<'a>,
    pub(super) place: Range<usize>,
}

/// All tokens of the text, without blanks and comments.
pub(super) fn tokens(text: &str) -> Vec<Placed<'_>> {
    let placed = token.with_span().map(|(token, place)| Placed { token, place });
    let mut all = preceded(blank, repeat(0.., terminated(placed, blank)));
    // Every character begins a token or is blank, so nothing is left over and nothing fails.
    all.parse(LocatingSlice::new(text)).unwrap_or_default()
}

fn token<'a>(input: &mut Input<'a>) -> Lexed<Token<'a>> {
    alt((
        '('.value(Token::Open),
        ')'.value(Token::Close),
        ','.value(Token::Comma),
        alt(("==", "<>")).map(Token::Foreign),
        operator.map(Token::Operator),
        quoted,
        take_while(1.., is_word).map(Token::Word),
        any.take().map(Token::Foreign),
    ))
    .parse_next(input)
}

fn operator(input: &mut Input<'_>) -> Lexed<Operator> {
    alt((
        "=~".value(Operator::Matches),
        "!~".value(Operator::NotMatches),
        "!=".value(Operator::NotEqual),
        "<=".value(Operator::LessOrEqual),
        ">=".value(Operator::GreaterOrEqual),
        '='.value(Operator::Equal),
        '<'.value(Operator::Less),
        '>'.value(Operator::Greater),
    ))
    .parse_next(input)
}

/// Characters of names, numbers, addresses, patterns and paths. A single quote opens a text only where a token begins.
pub(super) fn is_word(character: char) -> bool {
    !character.is_whitespace() && !matches!(character, '(' | ')' | ',' | '=' | '!' | '<' | '>' | '"')
}

/// Blanks, and comments from `--` to the end of the line. Within a word `--` is part of it.
fn blank(input: &mut Input<'_>) -> Lexed<()> {
    let space = take_while(1.., char::is_whitespace).void();
    let comment = ("--", take_till(0.., '\n')).void();
    repeat(0.., alt((space, comment))).parse_next(input)
}

fn quoted<'a>(input: &mut Input<'a>) -> Lexed<Token<'a>> {
    let quote = one_of(['"', '\'']).parse_next(input)?;
    let piece = alt((preceded('\\', any).map(unescape), none_of(quote).map(|character| (None, character))));
    let text = repeat(0.., piece).fold(String::new, |mut text, (backslash, character): (Option<char>, char)| {
        text.extend(backslash);
        text.push(character);
        text
    });
    let (text, closed) = (text, opt(quote)).parse_next(input)?;
    Ok(if closed.is_some() { Token::Quoted(text) } else { Token::Unterminated })
}

/// `\"`, `\'`, `\\`, `\n`, `\r` and `\t` are read; before anything else the backslash stays, so that `"\d"` and `"\*"`
/// need no second one.
fn unescape(character: char) -> (Option<char>, char) {
    match character {
        'n' => (None, '\n'),
        'r' => (None, '\r'),
        't' => (None, '\t'),
        '"' | '\'' | '\\' => (None, character),
        other => (Some('\\'), other),
    }
}

/// The text in double quotes, as [`tokens`] reads it back.
pub(super) fn quote(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '"' => quoted.push_str("\\\""),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            '\\' if characters.peek().is_none_or(|next| is_escape(*next)) => quoted.push_str("\\\\"),
            other => quoted.push(other),
        }
    }
    quoted.push('"');
    quoted
}

/// Characters that a backslash before them would change.
fn is_escape(character: char) -> bool {
    matches!(character, 'n' | 'r' | 't' | '"' | '\'' | '\\' | '\n' | '\r' | '\t')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(text: &str) -> Vec<Token<'_>> {
        tokens(text).into_iter().map(|placed| placed.token).collect()
    }

    #[test]
    fn signs_need_no_blanks_around_them() {
        use Token::{Close, Comma, Open, Word};
        assert_eq!(
            kinds("a=b and(c>=1,d)"),
            [
                Word("a"),
                Token::Operator(Operator::Equal),
                Word("b"),
                Word("and"),
                Open,
                Word("c"),
                Token::Operator(Operator::GreaterOrEqual),
                Word("1"),
                Comma,
                Word("d"),
                Close,
            ]
        );
    }

    #[test]
    fn comments_end_with_their_line() {
        assert_eq!(kinds("a -- b \"c\n d --e"), [Token::Word("a"), Token::Word("d")]);
        assert_eq!(kinds("a--b -5"), [Token::Word("a--b"), Token::Word("-5")]);
    }

    #[test]
    fn quotes_hold_anything() {
        assert_eq!(kinds(r#""a \"b\" \\ \d \n""#), [Token::Quoted("a \"b\" \\ \\d \n".into())]);
        assert_eq!(kinds("'it\"s'"), [Token::Quoted("it\"s".into())]);
        assert_eq!(kinds("\"open"), [Token::Unterminated]);
        assert_eq!(kinds("\"open\\"), [Token::Unterminated]);
    }

    #[test]
    fn foreign_signs_are_kept_for_the_parser() {
        assert_eq!(kinds("== <> !"), [Token::Foreign("=="), Token::Foreign("<>"), Token::Foreign("!")]);
    }

    #[test]
    fn quoting_is_read_back() {
        for text in ["", "a", "\"", "\\", "\\\\", "\\d+\\.", "\\n", "\n", "\\\n", "a\\", "\\\"", "'", "\\'", "é\t"] {
            assert_eq!(kinds(&quote(text)), [Token::Quoted(text.into())], "{text:?}");
        }
    }
}
