//! A statement's text without its values: literals become `?`, lists of them `(?)`, white space and comments a space.

use super::{
    keywords::is_any,
    lexer::{Kind, Lexer, Token},
};

/// Longest text that is told.
const TEXT_MAX: usize = 1_024;

pub(super) struct Written {
    pub(super) text: String,
    /// There was no literal, and no comment that could hold one.
    pub(super) plain: bool,
}

/// The text, or nothing where quotes do not add up: then nobody can tell what is a literal.
pub(super) fn without_values(lexer: Lexer<'_>) -> Option<Written> {
    let mut tokens = lexer;
    let mut writer = Writer { bytes: Vec::with_capacity(lexer.len().min(TEXT_MAX)), ..Writer::default() };
    while let Some(token) = tokens.next() {
        writer.take(&token, &mut tokens);
    }
    if tokens.open_ended && tokens.is_whole() {
        return None;
    }
    let Writer { bytes, plain, .. } = writer;
    let mut text = whole_characters(bytes);
    text.truncate(text.trim_end_matches([' ', ';']).len());
    Some(Written { text, plain: plain && !tokens.has_comments })
}

/// Text of bytes that may be cut inside of a character, or be in another encoding.
fn whole_characters(bytes: Vec<u8>) -> String {
    let cut = std::str::from_utf8(&bytes).err().filter(|error| error.error_len().is_none());
    let mut bytes = bytes;
    bytes.truncate(cut.map_or(bytes.len(), |error| error.valid_up_to()));
    let mut text =
        String::from_utf8(bytes).unwrap_or_else(|wrong| String::from_utf8_lossy(wrong.as_bytes()).into_owned());
    text.truncate(text.floor_char_boundary(TEXT_MAX));
    text
}

struct Writer {
    bytes: Vec<u8>,
    plain: bool,
    /// The token before was a literal.
    after_literal: bool,
    /// The token before was `IN`, `ARRAY` or `VALUES`.
    list: List,
    depth: u32,
    /// The depth at which the first tuple of `VALUES` is, while it is written.
    tuple: Option<u32>,
}

impl Default for Writer {
    fn default() -> Self {
        let (bytes, list) = (Vec::new(), List::None);
        Self { bytes, plain: true, after_literal: false, list, depth: 0, tuple: None }
    }
}

/// What a word announces.
#[derive(Clone, Copy, PartialEq, Eq)]
enum List {
    None,
    /// One list.
    One,
    /// Any number of them.
    Tuples,
}

impl Writer {
    fn take<'a>(&mut self, token: &Token<'a>, tokens: &mut Lexer<'a>) {
        let list = std::mem::replace(&mut self.list, announced(token));
        match token.kind {
            Kind::Open if list != List::None => self.begin_list(list, token, tokens),
            Kind::Open => {
                self.depth += 1;
                self.write(token);
            }
            Kind::Close => {
                self.depth = self.depth.saturating_sub(1);
                self.write(token);
                if self.tuple == Some(self.depth) {
                    self.tuple = None;
                    pass_tuples(tokens);
                }
            }
            _ => self.write(token),
        }
    }

    fn begin_list<'a>(&mut self, list: List, open: &Token<'a>, tokens: &mut Lexer<'a>) {
        if let Some(behind) = behind_constants(*tokens) {
            self.put(if open.bytes == b"[" { b"[?]" } else { b" (?)" });
            self.plain = false;
            *tokens = behind;
            if list == List::Tuples {
                pass_tuples(tokens);
            }
            return;
        }
        if list == List::Tuples {
            self.tuple = Some(self.depth);
        }
        self.depth += 1;
        self.write(open);
    }

    /// Strings one behind the other are one.
    fn write(&mut self, token: &Token<'_>) {
        let is_literal = token.kind == Kind::Literal;
        let after_literal = std::mem::replace(&mut self.after_literal, is_literal);
        self.plain &= !is_literal;
        if is_literal && after_literal {
            return;
        }
        if token.spaced && !self.bytes.is_empty() {
            self.put(b" ");
        }
        self.put(if is_literal { b"?" } else { token.bytes });
    }

    /// What does not fit any more is left out.
    fn put(&mut self, part: &[u8]) {
        let room = TEXT_MAX - self.bytes.len();
        self.bytes.extend_from_slice(&part[..part.len().min(room)]);
    }
}

fn announced(token: &Token<'_>) -> List {
    match token.kind {
        Kind::Word if is_any(token.bytes, &["IN", "ARRAY"]) => List::One,
        Kind::Word if is_any(token.bytes, &["VALUES", "VALUE"]) => List::Tuples,
        _ => List::None,
    }
}

/// Passes over a list, or a list of lists, of nothing but values, whose opening has been read. A list that the capture cuts
/// counts as one.
fn behind_constants(mut tokens: Lexer<'_>) -> Option<Lexer<'_>> {
    let (mut depth, mut has_any) = (1_u32, false);
    while let Some(token) = tokens.next() {
        match token.kind {
            Kind::Literal | Kind::Parameter => has_any = true,
            Kind::Word if is_any(token.bytes, &["NULL", "DEFAULT", "TRUE", "FALSE"]) => has_any = true,
            Kind::Comma => {}
            Kind::Open => depth += 1,
            Kind::Close => depth -= 1,
            _ => return None,
        }
        if depth == 0 {
            return has_any.then_some(tokens);
        }
    }
    (has_any && !tokens.is_whole()).then_some(tokens)
}

/// Passes over further tuples of `VALUES`.
fn pass_tuples(tokens: &mut Lexer<'_>) {
    loop {
        let mut ahead = *tokens;
        let [comma, open] = [ahead.next(), ahead.next()].map(|token| token.map(|token| token.kind));
        if (comma, open) != (Some(Kind::Comma), Some(Kind::Open)) {
            return;
        }
        let mut depth = 1_u32;
        while depth > 0 {
            match ahead.next().map(|token| token.kind) {
                Some(Kind::Open) => depth += 1,
                Some(Kind::Close) => depth -= 1,
                Some(_) => {}
                None => break,
            }
        }
        *tokens = ahead;
    }
}

#[cfg(test)]
mod tests {
    use super::super::lexer::Quoting;
    use super::*;

    fn written(text: &str, whole: bool, quoting: Quoting) -> Option<String> {
        without_values(Lexer::new(text.as_bytes(), whole, quoting)).map(|written| written.text)
    }

    fn postgresql(text: &str) -> String {
        written(text, true, Quoting::POSTGRESQL).expect("quotes add up")
    }

    #[test]
    fn values_are_replaced() {
        assert_eq!(postgresql("SELECT 'a' , 1\n FROM \"T\" -- x\n WHERE b=$1;"), "SELECT ? , ? FROM \"T\" WHERE b=$1");
        assert_eq!(postgresql("SELECT 'a'\n'b', E'c'"), "SELECT ?, ?");
        let own = written("SELECT \"a\", `b` # c\n+ -1", true, Quoting::MYSQL).expect("quotes add up");
        assert_eq!(own, "SELECT ?, `b` + ?");
    }

    #[test]
    fn lists_are_collapsed() {
        assert_eq!(postgresql("a IN (1, -2,\n3) AND b in('x')"), "a IN (?) AND b in (?)");
        assert_eq!(postgresql("a IN ($1, $2)"), "a IN (?)");
        assert_eq!(postgresql("a IN (SELECT 1)"), "a IN (SELECT ?)");
        assert_eq!(postgresql("(a, b) IN ((1, 2), (3, 4))"), "(a, b) IN (?)");
        assert_eq!(postgresql("a = ANY(ARRAY[1,2])"), "a = ANY(ARRAY[?])");
        assert_eq!(postgresql("VALUES (1, NULL), (2, 'x') RETURNING id"), "VALUES (?) RETURNING id");
        assert_eq!(postgresql("VALUES (now(), 1), (now(), 2), (f(3), 4) x"), "VALUES (now(), ?) x");
        assert_eq!(postgresql("UPDATE a = VALUES(a), b = VALUES(b)"), "UPDATE a = VALUES(a), b = VALUES(b)");
    }

    #[test]
    fn cuts_are_taken_as_they_come() {
        let cut = |text| written(text, false, Quoting::POSTGRESQL).expect("text");
        assert_eq!(cut("SELECT a FROM b WHERE c = 'sec"), "SELECT a FROM b WHERE c = ?");
        assert_eq!(cut("SELECT a FROM accou"), "SELECT a FROM");
        assert_eq!(cut("a IN (1, 2, 3"), "a IN (?)");
        assert_eq!(cut("VALUES (1), (2), ('x"), "VALUES (?)");
        assert_eq!(written("SELECT 'a", true, Quoting::POSTGRESQL), None);
    }

    #[test]
    fn length_is_bounded_at_a_character() {
        let long = format!("SELECT x{}", "ü".repeat(2_000));
        let text = postgresql(&long);
        assert_eq!(text.len(), 1_024);
        assert!(long.starts_with(&text));
    }
}
