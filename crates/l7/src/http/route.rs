//! The route of a path: what is left when ids are taken out.

/// Written for an id.
const ID: &str = "{id}";
/// Hexadecimal text at least this long is an id, as hashes, object ids and uuids without dashes are.
const HEX_MIN: usize = 8;

/// Replaces path segments that are ids (numbers, uuids, long hexadecimal, both with a short prefix word as in
/// `order-17`) by `{id}`. Pure text in, text out: how many distinct routes are kept is the caller's to bound.
#[must_use]
pub fn route(path: &str) -> String {
    let mut route = String::with_capacity(path.len());
    for (index, segment) in path.split('/').enumerate() {
        if index > 0 {
            route.push('/');
        }
        push_segment(&mut route, segment);
    }
    route
}

fn push_segment(route: &mut String, segment: &str) {
    if is_id(segment) {
        route.push_str(ID);
        return;
    }
    match segment.rsplit_once(['-', '_', ':', '=']) {
        Some((word, id)) if !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit()) => {
            route.push_str(word);
            route.push_str(&segment[word.len()..=word.len()]);
            route.push_str(ID);
        }
        _ => route.push_str(segment),
    }
}

fn is_id(segment: &str) -> bool {
    let bytes = segment.as_bytes();
    let digits = bytes.iter().filter(|byte| byte.is_ascii_digit()).count();
    !bytes.is_empty() && (digits == bytes.len() || is_uuid(bytes) || is_hex_id(bytes, digits))
}

/// Words such as `facade` are hexadecimal too, so a digit is asked for.
fn is_hex_id(bytes: &[u8], digits: usize) -> bool {
    bytes.len() >= HEX_MIN && digits > 0 && bytes.iter().all(u8::is_ascii_hexdigit)
}

/// 8-4-4-4-12 hexadecimal digits.
fn is_uuid(bytes: &[u8]) -> bool {
    bytes.len() == 36
        && bytes.iter().enumerate().all(|(index, byte)| match index {
            8 | 13 | 18 | 23 => *byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

#[cfg(test)]
mod tests {
    use super::route;

    #[test]
    fn ids_are_taken_out() {
        for (path, expected) in [
            ("/", "/"),
            ("/orders/17", "/orders/{id}"),
            ("/orders/17/items/3/", "/orders/{id}/items/{id}/"),
            ("/u/123e4567-e89b-12d3-a456-426614174000", "/u/{id}"),
            ("/blob/9f86d081884c7d65", "/blob/{id}"),
            ("/order-17", "/order-{id}"),
            ("/v1/facade/deadbeef", "/v1/facade/deadbeef"),
            ("/v2/a.b_c", "/v2/a.b_c"),
            ("*", "*"),
            ("", ""),
        ] {
            assert_eq!(route(path), expected);
        }
    }
}
