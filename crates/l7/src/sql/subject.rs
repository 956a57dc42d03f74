//! What a statement does, and to which table.

use super::{
    keywords::{is_any, operation},
    lexer::{Kind, Lexer, Token},
};

/// A longer name is none.
const NAME_MAX: usize = 256;
/// Of database, schema and table.
const PARTS_MAX: usize = 3;

/// Operation and target.
pub(super) fn find(lexer: Lexer<'_>) -> (Option<&'static str>, Option<String>) {
    let mut tokens = lexer;
    let Some(first) = tokens.find(|token| !matches!(token.kind, Kind::Open | Kind::Semicolon)) else {
        return (None, None);
    };
    let (lexer, tokens) = (lexer.only_first(), tokens.only_first());
    match operation(first.bytes).filter(|_| first.kind == Kind::Word) {
        Some("WITH") => behind_with(lexer, tokens),
        Some(operation) => (Some(operation), target(operation, tokens)),
        None => (None, None),
    }
}

/// A statement behind its common table expressions. These are no tables.
fn behind_with<'a>(lexer: Lexer<'a>, mut tokens: Lexer<'a>) -> (Option<&'static str>, Option<String>) {
    let mut depth = 0_u32;
    while let Some(token) = tokens.next() {
        match token.kind {
            Kind::Open => depth += 1,
            Kind::Close => depth = depth.saturating_sub(1),
            Kind::Word if depth == 0 => {
                let main = operation(token.bytes).filter(|name| is_any(name.as_bytes(), &BEHIND_WITH));
                if let Some(operation) = main {
                    let target = target(operation, tokens).filter(|name| !is_defined(lexer, name));
                    return (Some(operation), target);
                }
            }
            _ => {}
        }
    }
    (None, None)
}

const BEHIND_WITH: [&str; 8] = ["SELECT", "INSERT", "UPDATE", "DELETE", "MERGE", "VALUES", "TABLE", "REPLACE"];

/// Whether the statement itself says what `name` is: `name AS (`, `name (columns) AS (`.
fn is_defined(lexer: Lexer<'_>, name: &str) -> bool {
    let mut tokens = lexer;
    while let Some(token) = tokens.next() {
        let is_name = match token.kind {
            Kind::Word => token.bytes.eq_ignore_ascii_case(name.as_bytes()),
            Kind::QuotedName => part(&token, &lexer).eq_ignore_ascii_case(name),
            _ => false,
        };
        let mut behind = tokens;
        if is_name && behind.next().is_some_and(|next| next.kind == Kind::Open || is_any(next.bytes, &["AS"])) {
            return true;
        }
    }
    false
}

fn target(operation: &str, tokens: Lexer<'_>) -> Option<String> {
    match operation {
        "SELECT" | "DELETE" => behind_from(tokens),
        "INSERT" | "REPLACE" | "MERGE" => {
            name_behind(tokens, &["INTO", "LOW_PRIORITY", "DELAYED", "HIGH_PRIORITY", "IGNORE", "ONLY"])
        }
        "UPDATE" => name_behind(tokens, &["ONLY", "LOW_PRIORITY", "IGNORE"]),
        "TRUNCATE" | "LOCK" => name_behind(tokens, &["TABLE", "TABLES", "ONLY"]),
        "COPY" | "TABLE" | "DESCRIBE" | "DESC" => name_behind(tokens, &["ONLY"]),
        "CREATE" | "ALTER" | "DROP" | "RENAME" => defined(tokens),
        "LOAD" => {
            let mut tokens = tokens;
            tokens.find(|token| is_any(token.bytes, &["INTO"]))?;
            name_behind(tokens, &["TABLE"])
        }
        _ => None,
    }
}

/// The first table behind `FROM` of the query itself, or of a query that stands in that place.
fn behind_from(mut tokens: Lexer<'_>) -> Option<String> {
    let (mut depth, mut own) = (0_i32, 0_i32);
    while let Some(token) = tokens.next() {
        match token.kind {
            Kind::Open => depth += 1,
            Kind::Close => depth -= 1,
            Kind::Word if depth == own && is_any(token.bytes, &["FROM"]) => {
                let mut ahead = tokens;
                while ahead.next()?.kind == Kind::Open {
                    tokens = ahead;
                    depth += 1;
                }
                own = depth;
                let mut ahead = tokens;
                if !is_any(ahead.next()?.bytes, &["SELECT"]) {
                    return table(tokens);
                }
            }
            _ => {}
        }
        if depth < own {
            return None;
        }
    }
    None
}

/// A name in `FROM`, where functions may stand as well.
fn table(tokens: Lexer<'_>) -> Option<String> {
    let (name, mut behind) = name(tokens, &["ONLY"])?;
    (behind.next().map(|token| token.kind) != Some(Kind::Open)).then_some(name)
}

/// A name behind any of these words.
fn name_behind(tokens: Lexer<'_>, words: &[&str]) -> Option<String> {
    name(tokens, words).map(|(name, _)| name)
}

/// The table that is made, changed or dropped; of an index the table that it is on.
fn defined(mut tokens: Lexer<'_>) -> Option<String> {
    const BEFORE: [&str; 11] = [
        "OR",
        "REPLACE",
        "GLOBAL",
        "LOCAL",
        "TEMP",
        "TEMPORARY",
        "UNLOGGED",
        "MATERIALIZED",
        "FOREIGN",
        "UNIQUE",
        "RECURSIVE",
    ];
    let kind = tokens.find(|token| !is_any(token.bytes, &BEFORE))?;
    if is_any(kind.bytes, &["TABLE", "VIEW"]) {
        return name_behind(tokens, &["IF", "NOT", "EXISTS", "ONLY"]);
    }
    if !is_any(kind.bytes, &["INDEX"]) {
        return None;
    }
    tokens.find(|token| is_any(token.bytes, &["ON"]))?;
    name_behind(tokens, &["ONLY"])
}

/// A name, up to database, schema and table, behind any of these words.
fn name<'a>(mut tokens: Lexer<'a>, words: &[&str]) -> Option<(String, Lexer<'a>)> {
    let lexer = tokens;
    let first = tokens.find(|token| !(token.kind == Kind::Word && is_any(token.bytes, words)))?;
    if first.kind == Kind::Word && is_any(first.bytes, &NEVER_NAMES) {
        return None;
    }
    let mut name = named(&first, &lexer)?;
    for _ in 1..PARTS_MAX {
        let mut ahead = tokens;
        if ahead.next().is_none_or(|token| token.kind != Kind::Dot) {
            break;
        }
        // Where the name is cut it is not clear.
        name.push('.');
        name.push_str(&named(&ahead.next()?, &lexer)?);
        tokens = ahead;
    }
    (!name.is_empty() && name.len() <= NAME_MAX).then_some((name, tokens))
}

/// Words that stand where a name could.
const NEVER_NAMES: [&str; 9] = ["SELECT", "SET", "VALUES", "WHERE", "LATERAL", "UNNEST", "TABLE", "FROM", "DUAL"];

fn named(token: &Token<'_>, lexer: &Lexer<'_>) -> Option<String> {
    matches!(token.kind, Kind::Word | Kind::QuotedName).then(|| part(token, lexer))
}

/// A name as the database knows it: quotes taken off, and in lower case where PostgreSQL makes it so.
fn part(token: &Token<'_>, lexer: &Lexer<'_>) -> String {
    let text = String::from_utf8_lossy(token.bytes);
    match token.kind {
        Kind::QuotedName => {
            let quote = &text[..1];
            let inner = text[1..].strip_suffix(quote).unwrap_or(&text[1..]);
            inner.replace(&quote.repeat(2), quote)
        }
        _ if lexer.quoting().mysql => text.into_owned(),
        _ => text.to_ascii_lowercase(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::lexer::Quoting;
    use super::*;

    fn found(text: &str, whole: bool, quoting: Quoting) -> String {
        let (operation, target) = find(Lexer::new(text.as_bytes(), whole, quoting));
        format!("{} {}", operation.unwrap_or("-"), target.as_deref().unwrap_or("-"))
    }

    #[test]
    fn operations_and_targets() {
        let cases = [
            ("select a, (select max(b) from c) from Shop.Orders o", "SELECT shop.orders"),
            ("SELECT extract(year FROM x) FROM \"Odd\"\"Name\"", "SELECT Odd\"Name"),
            ("SELECT 1", "SELECT -"),
            ("SELECT * FROM (SELECT * FROM inside) x", "SELECT inside"),
            ("SELECT * FROM ((a JOIN b ON x)) x", "SELECT a"),
            ("SELECT * FROM generate_series(1, 2)", "SELECT -"),
            ("(SELECT * FROM a) UNION (SELECT * FROM b)", "SELECT a"),
            ("/* x */ -- y\n INSERT INTO a.b (c) VALUES (1)", "INSERT a.b"),
            ("update only t set x = 1", "UPDATE t"),
            ("DELETE FROM ONLY t WHERE x", "DELETE t"),
            ("WITH x AS (SELECT * FROM t) INSERT INTO u SELECT * FROM x", "INSERT u"),
            ("WITH x AS (SELECT * FROM t) SELECT * FROM x", "SELECT -"),
            ("WITH RECURSIVE x(a) AS (SELECT 1) SELECT * FROM t, x", "SELECT t"),
            ("COPY t (a) FROM STDIN", "COPY t"),
            ("COPY (SELECT 1) TO STDOUT", "COPY -"),
            ("TRUNCATE TABLE a, b", "TRUNCATE a"),
            ("CREATE TEMP TABLE IF NOT EXISTS x (a int)", "CREATE x"),
            ("CREATE UNIQUE INDEX i ON t (a)", "CREATE t"),
            ("CREATE INDEX CONCURRENTLY ON t (a)", "CREATE t"),
            ("DROP FUNCTION f", "DROP -"),
            ("BEGIN", "BEGIN -"),
            ("; SELECT 1; SELECT * FROM t", "SELECT -"),
            ("EXPLAIN SELECT * FROM t", "EXPLAIN -"),
            ("hello world", "- -"),
            ("", "- -"),
        ];
        for (text, expected) in cases {
            assert_eq!(found(text, true, Quoting::POSTGRESQL), expected, "{text}");
        }
    }

    #[test]
    fn those_of_mysql() {
        let cases = [
            ("INSERT IGNORE t VALUES (1)", "INSERT t"),
            ("REPLACE INTO `my``db`.T SET x = 1", "REPLACE my`db.T"),
            ("DELETE t1 FROM t1 JOIN t2", "DELETE t1"),
            ("/*!40000 ALTER TABLE `x` DISABLE KEYS */", "ALTER x"),
            ("LOAD DATA LOCAL INFILE 'a' INTO TABLE t", "LOAD t"),
            ("SELECT 1 FROM DUAL", "SELECT -"),
        ];
        for (text, expected) in cases {
            assert_eq!(found(text, true, Quoting::MYSQL), expected, "{text}");
        }
    }

    #[test]
    fn a_cut_name_is_none() {
        assert_eq!(found("SELECT * FROM accou", false, Quoting::POSTGRESQL), "SELECT -");
        assert_eq!(found("SELECT * FROM shop.accou", false, Quoting::POSTGRESQL), "SELECT -");
        assert_eq!(found("SELECT * FROM t WHE", false, Quoting::POSTGRESQL), "SELECT t");
    }
}
