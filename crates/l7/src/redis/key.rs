//! The pattern of a key: what is left when ids and everything that may be somebody's are taken out.

/// Written for an id, and for all that does not look like a word of the program.
const ID: &str = "{id}";
/// A part longer than this is no word.
const WORD_MAX: usize = 24;
/// Words of programs have few digits in them (`v2`, `sha256`); tokens have many.
const DIGITS_MAX: usize = 3;

/// Writes the pattern of a key to `pattern`: parts between `:` (and `/`, `|`) that are plain words stay, the others become
/// `{id}`. A hash tag keeps its braces.
pub(super) fn write_pattern(key: &[u8], pattern: &mut String) {
    pattern.clear();
    let mut rest = key;
    loop {
        let end = rest.iter().position(|byte| is_separator(*byte)).unwrap_or(rest.len());
        push_part(pattern, &rest[..end]);
        let Some(separator) = rest.get(end) else { return };
        pattern.push(char::from(*separator));
        rest = &rest[end + 1..];
    }
}

fn is_separator(byte: u8) -> bool {
    matches!(byte, b':' | b'/' | b'|')
}

fn push_part(pattern: &mut String, part: &[u8]) {
    if let Some(inner) = part.strip_prefix(b"{").and_then(|part| part.strip_suffix(b"}")) {
        pattern.push('{');
        // The id's own braces are enough.
        pattern.push_str(word(inner).unwrap_or("id"));
        pattern.push('}');
        return;
    }
    if let Some(word) = word(part) {
        pattern.push_str(word);
        return;
    }
    // `order-17`: a word, and a number or the like behind it.
    let split = part.iter().rposition(|byte| matches!(byte, b'-' | b'_' | b'.' | b'=' | b'#'));
    if let Some((split, word)) = split.and_then(|at| word(&part[..at]).map(|word| (at, word))) {
        pattern.push_str(word);
        pattern.push(char::from(part[split]));
    }
    pattern.push_str(ID);
}

/// Text that may be shown: short, of letters with few digits in them, none of which are a number of their own.
fn word(part: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(part).ok()?;
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    let is_plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.'));
    let begins = text.is_empty() || text.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_');
    let is_word = text.len() <= WORD_MAX && digits <= DIGITS_MAX && is_plain && begins;
    (is_word && !text.split(['-', '_', '.']).any(is_number) && !is_hexadecimal(text, digits)).then_some(text)
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Eight and more hexadecimal digits are a hash, even where few of them are no letters.
fn is_hexadecimal(text: &str, digits: usize) -> bool {
    text.len() >= 8 && digits > 0 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::write_pattern;

    #[test]
    fn ids_and_strange_parts_are_taken_out() {
        let mut pattern = String::new();
        for (key, expected) in [
            ("user:1234:cart", "user:{id}:cart"),
            ("user:{1234}:cart", "user:{id}:cart"),
            ("{user}:7", "{user}:{id}"),
            ("order-17", "order-{id}"),
            ("a.b_c", "a.b_c"),
            ("user.17.x", "{id}"),
            ("cache:v2:sha256:deadbee1", "cache:v2:sha256:{id}"),
            ("session:Zk3Jd9aQx81", "session:{id}"),
            ("mail:ann@example.com", "mail:{id}"),
            ("u:123e4567-e89b-12d3-a456-426614174000", "u:{id}"),
            ("/shop/17/items", "/shop/{id}/items"),
            ("key:__rand_int__", "key:__rand_int__"),
            ("key:000000000042", "key:{id}"),
            ("a:averyveryverylongwordthatnobodywouldsay", "a:{id}"),
            ("two words", "{id}"),
            ("", ""),
            ("::", "::"),
        ] {
            write_pattern(key.as_bytes(), &mut pattern);
            assert_eq!(pattern, expected, "{key}");
        }
        write_pattern(b"a:\xff\xfe:b", &mut pattern);
        assert_eq!(pattern, "a:{id}:b");
    }
}
