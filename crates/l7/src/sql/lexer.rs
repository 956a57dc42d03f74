//! Cuts SQL into tokens, as far as it takes to find literals, names and keywords. A statement that was captured in part is
//! read up to where it is cut.

/// Whose rules of quoting a statement follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Quoting {
    /// MySQL's rules, else PostgreSQL's.
    pub(crate) mysql: bool,
    /// A backslash in a plain string escapes what follows it: the rule in MySQL, the exception in PostgreSQL.
    pub(crate) backslash: bool,
}

impl Quoting {
    pub(crate) const POSTGRESQL: Self = Self { mysql: false, backslash: false };
    pub(crate) const MYSQL: Self = Self { mysql: true, backslash: true };
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A keyword or a name.
    Word,
    /// A name in quotes.
    QuotedName,
    /// A string or a number, in whatever quoting and base.
    Literal,
    /// `$1` or `?`: its value is elsewhere.
    Parameter,
    /// `(` or `[`.
    Open,
    /// `)` or `]`.
    Close,
    Comma,
    Dot,
    Semicolon,
    /// A character of an operator.
    Operator,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Token<'a> {
    pub(super) kind: Kind,
    pub(super) bytes: &'a [u8],
    /// White space or a comment is in front of it.
    pub(super) spaced: bool,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Lexer<'a> {
    rest: &'a [u8],
    /// The statement is all there.
    whole: bool,
    quoting: Quoting,
    before: Option<Kind>,
    /// The last token was a string with backslashes, which another string behind a line's end continues.
    in_escapes: bool,
    /// A literal, a name or a comment had no end.
    pub(super) open_ended: bool,
    pub(super) has_comments: bool,
    /// What is behind a semicolon is not read.
    only_first: bool,
}

impl<'a> Lexer<'a> {
    pub(super) fn new(text: &'a [u8], whole: bool, quoting: Quoting) -> Self {
        Self {
            rest: text,
            whole,
            quoting,
            before: None,
            in_escapes: false,
            open_ended: false,
            has_comments: false,
            only_first: false,
        }
    }

    /// Bytes that are left.
    pub(super) const fn len(&self) -> usize {
        self.rest.len()
    }

    pub(super) const fn is_whole(&self) -> bool {
        self.whole
    }

    /// Of several statements only the present one.
    pub(super) const fn only_first(self) -> Self {
        Self { only_first: true, ..self }
    }

    pub(super) const fn quoting(&self) -> Quoting {
        self.quoting
    }

    /// Passes over white space and comments; whether there were any.
    fn skip_space(&mut self) -> bool {
        let before = self.rest;
        loop {
            self.rest = self.rest.trim_ascii_start();
            let comment = self.comment();
            if comment == 0 {
                let passed = &before[..before.len() - self.rest.len()];
                self.in_escapes &= passed.contains(&b'\n');
                return !passed.is_empty();
            }
            self.has_comments = true;
            self.rest = &self.rest[comment..];
        }
    }

    /// Length of a comment at this place, 0 where there is none.
    fn comment(&mut self) -> usize {
        let is_line = match self.rest {
            [b'#', ..] => self.quoting.mysql,
            [b'-', b'-', rest @ ..] => !self.quoting.mysql || rest.first().is_none_or(|byte| *byte <= b' '),
            _ => false,
        };
        if is_line {
            return self.rest.iter().position(|byte| *byte == b'\n').unwrap_or(self.rest.len());
        }
        match self.rest {
            [b'/', b'*', inner @ ..] => match self.run_by_version(inner) {
                0 => self.block_comment(),
                run => run,
            },
            [b'*', b'/', ..] if self.quoting.mysql => 2,
            _ => 0,
        }
    }

    /// MySQL runs what is in `/*!40101 ... */`: length of its beginning. Its end is passed over where it comes.
    fn run_by_version(&self, inner: &[u8]) -> usize {
        let mark = match inner {
            [b'!', ..] if self.quoting.mysql => 1,
            [b'M', b'!', ..] if self.quoting.mysql => 2,
            _ => return 0,
        };
        let digits = inner[mark..].iter().take(6).take_while(|byte| byte.is_ascii_digit()).count();
        2 + mark + digits
    }

    /// PostgreSQL's nest.
    fn block_comment(&mut self) -> usize {
        let (mut depth, mut at) = (0, 0);
        while at < self.rest.len() {
            match &self.rest[at..] {
                [b'/', b'*', ..] if depth == 0 || !self.quoting.mysql => (depth, at) = (depth + 1, at + 2),
                [b'*', b'/', ..] if depth == 1 => return at + 2,
                [b'*', b'/', ..] => (depth, at) = (depth - 1, at + 2),
                _ => at += 1,
            }
        }
        self.open_ended = true;
        at
    }

    /// Length of what begins with the quote at `from`, up to the same quote again; twice is the quote itself.
    fn quoted(&mut self, from: usize, backslash: bool) -> usize {
        let (quote, mut at) = (self.rest[from], from + 1);
        while at < self.rest.len() {
            match self.rest[at] {
                b'\\' if backslash => at += 2,
                byte if byte == quote && self.rest.get(at + 1) == Some(&quote) => at += 2,
                byte if byte == quote => return at + 1,
                _ => at += 1,
            }
        }
        self.open_ended = true;
        self.rest.len()
    }

    fn string(&mut self, from: usize, backslash: bool) -> (Kind, usize) {
        self.in_escapes = backslash;
        (Kind::Literal, self.quoted(from, backslash))
    }

    /// `$1`, `$tag$...$tag$`, or just the character.
    fn dollar(&mut self) -> (Kind, usize) {
        let after = &self.rest[1..];
        let digits = after.iter().take_while(|byte| byte.is_ascii_digit()).count();
        if digits > 0 {
            return (Kind::Parameter, 1 + digits);
        }
        let tag = after.iter().take_while(|byte| is_word_byte(**byte) && **byte != b'$').count();
        if after.get(tag) != Some(&b'$') {
            return (Kind::Operator, 1);
        }
        let (delimiter, body) = self.rest.split_at(tag + 2);
        match body.windows(delimiter.len()).position(|window| window == delimiter) {
            Some(end) => (Kind::Literal, end + 2 * delimiter.len()),
            None => {
                self.open_ended = true;
                (Kind::Literal, self.rest.len())
            }
        }
    }

    /// A word, or a string whose kind the word in front of its quote tells.
    fn word(&mut self) -> (Kind, usize) {
        let length = self.rest.iter().take_while(|byte| is_word_byte(**byte)).count();
        if self.rest.get(length) != Some(&b'\'') {
            return (Kind::Word, length);
        }
        match &self.rest[..length] {
            [b'e' | b'E'] if !self.quoting.mysql => self.string(length, true),
            [b'b' | b'B' | b'x' | b'X' | b'n' | b'N'] => self.string(length, self.quoting.backslash),
            [b'_', ..] if self.quoting.mysql => self.string(length, self.quoting.backslash),
            _ => (Kind::Word, length),
        }
    }

    /// Whether a sign, or a dot, here is a number's.
    fn begins_number(&self) -> bool {
        let follows_value =
            matches!(self.before, Some(Kind::Word | Kind::QuotedName | Kind::Literal | Kind::Parameter | Kind::Close));
        match self.rest {
            [b'-' | b'+', b'0'..=b'9', ..] | [b'-' | b'+', b'.', b'0'..=b'9', ..] => !follows_value,
            [b'.', b'0'..=b'9', ..] => !follows_value,
            [b'0'..=b'9', ..] => true,
            _ => false,
        }
    }

    fn number(&self) -> usize {
        let mut at = 1;
        let decimal = !matches!(self.rest.get(1), Some(b'x' | b'X'));
        while let Some(byte) = self.rest.get(at) {
            let exponent = matches!(byte, b'+' | b'-') && matches!(self.rest[at - 1], b'e' | b'E');
            if !(is_word_byte(*byte) || *byte == b'.' || (exponent && decimal)) {
                break;
            }
            at += 1;
        }
        at
    }

    fn token(&mut self) -> (Kind, usize) {
        let escapes = std::mem::take(&mut self.in_escapes);
        match self.rest[0] {
            _ if self.begins_number() => (Kind::Literal, self.number()),
            b'\'' => self.string(0, self.quoting.backslash || escapes),
            b'"' if self.quoting.mysql => self.string(0, self.quoting.backslash),
            b'"' => (Kind::QuotedName, self.quoted(0, false)),
            b'`' if self.quoting.mysql => (Kind::QuotedName, self.quoted(0, false)),
            b'$' if !self.quoting.mysql => self.dollar(),
            b'?' if self.quoting.mysql => (Kind::Parameter, 1),
            b'(' | b'[' => (Kind::Open, 1),
            b')' | b']' => (Kind::Close, 1),
            b',' => (Kind::Comma, 1),
            b'.' => (Kind::Dot, 1),
            b';' => (Kind::Semicolon, 1),
            byte if is_word_byte(byte) => self.word(),
            _ => (Kind::Operator, 1),
        }
    }
}

fn is_word_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'$' || byte >= 0x80
}

impl<'a> Iterator for Lexer<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        let spaced = self.skip_space();
        if self.rest.is_empty() {
            return None;
        }
        let (kind, length) = self.token();
        let (bytes, rest) = self.rest.split_at(length.min(self.rest.len()));
        self.rest = rest;
        self.before = Some(kind);
        if kind == Kind::Semicolon && self.only_first {
            self.rest = &[];
            return None;
        }
        // A name that the cut may have shortened is none.
        if rest.is_empty() && !self.whole && matches!(kind, Kind::Word | Kind::QuotedName) {
            return None;
        }
        Some(Token { kind, bytes, spaced })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(text: &str, quoting: Quoting) -> Vec<(Kind, String)> {
        let tokens = Lexer::new(text.as_bytes(), true, quoting);
        tokens.map(|token| (token.kind, String::from_utf8_lossy(token.bytes).into_owned())).collect()
    }

    fn literals(text: &str, quoting: Quoting) -> Vec<String> {
        let kept = kinds(text, quoting).into_iter().filter(|(kind, _)| *kind == Kind::Literal);
        kept.map(|(_, text)| text).collect()
    }

    #[test]
    fn strings_of_postgresql() {
        let text = r"'a''b' E'c\'d' 'e\' B'01' $$f'$$ $t$ $$ g $t$ U&'h' $1 x$y$z";
        assert_eq!(
            literals(text, Quoting::POSTGRESQL),
            ["'a''b'", r"E'c\'d'", r"'e\'", "B'01'", "$$f'$$", "$t$ $$ g $t$", "'h'"]
        );
        let continued = "E'a' \n 'b\\'c' x";
        assert_eq!(literals(continued, Quoting::POSTGRESQL), ["E'a'", "'b\\'c'"]);
        let nonconforming = Quoting { backslash: true, ..Quoting::POSTGRESQL };
        assert_eq!(literals(r"'it\'s'", nonconforming), [r"'it\'s'"]);
    }

    #[test]
    fn strings_of_mysql() {
        let text = r#"'a\'b' "c\"d" _utf8'e' N'f' `g"` # 'h'"#;
        assert_eq!(literals(text, Quoting::MYSQL), [r"'a\'b'", r#""c\"d""#, "_utf8'e'", "N'f'"]);
    }

    #[test]
    fn numbers() {
        for quoting in [Quoting::POSTGRESQL, Quoting::MYSQL] {
            let text = "1 -2.5 + .5e-7 0xfe-1 t.a1 1_000 (-3)";
            let expected = ["1", "2.5", ".5e-7", "0xfe", "1", "1_000", "-3"];
            let seen = literals(text, quoting);
            assert_eq!(seen, expected);
        }
    }

    #[test]
    fn comments_are_white_space() {
        let text = "a /* 'x' /* */ */ b -- 'y'\n c";
        assert_eq!(kinds(text, Quoting::POSTGRESQL).len(), 3);
        let run = "/*!40101 SET */ a --b";
        let words: Vec<_> = kinds(run, Quoting::MYSQL).into_iter().map(|(_, text)| text).collect();
        assert_eq!(words, ["SET", "a", "-", "-", "b"]);
    }

    #[test]
    fn ends_are_missed() {
        for open in ["'a", "\"a", "E'a\\'", "$x$ a", "/* a"] {
            let mut lexer = Lexer::new(open.as_bytes(), true, Quoting::POSTGRESQL);
            lexer.by_ref().for_each(drop);
            assert!(lexer.open_ended, "{open}");
        }
        assert_eq!(Lexer::new(b"select fro", false, Quoting::MYSQL).count(), 1);
    }
}
