//! Where a request goes: path and host, without what may be secret.

use std::borrow::Cow;

/// Paths are cut here.
const PATH_MAX: usize = 1024;
/// Longer than any name that DNS can hold.
const HOST_MAX: usize = 255;

/// The four forms of a target, RFC 9112 section 3.2: authority (where there is one) and path.
pub(crate) fn split_target<'a>(method: &str, target: &'a str) -> (Option<&'a str>, Option<&'a str>) {
    if method == "CONNECT" {
        return (Some(target), None);
    }
    if target.starts_with('/') {
        return (None, Some(plain_path(target)));
    }
    match target.split_once("://") {
        Some((scheme, rest)) if !scheme.contains(['/', '?']) => {
            let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
            (Some(&rest[..end]), Some(plain_path(&rest[end..])))
        }
        _ => (None, Some(plain_path(target))),
    }
}

/// Without query and fragment, bounded in length.
pub(crate) fn plain_path(target: &str) -> &str {
    let end = target.find(['?', '#']).unwrap_or(target.len());
    let end = target.floor_char_boundary(end.min(PATH_MAX));
    if end == 0 { "/" } else { &target[..end] }
}

/// Without user and port, in lower case.
pub(crate) fn host_name(authority: &str) -> Cow<'_, str> {
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host).trim();
    let host = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) && !name.ends_with(':') => name,
        _ => host,
    };
    let host = &host[..host.floor_char_boundary(host.len().min(HOST_MAX))];
    if host.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return Cow::Owned(host.to_ascii_lowercase());
    }
    Cow::Borrowed(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_paths_are_cut_between_characters() {
        let path = format!("/{}", "ü".repeat(2_000));
        assert_eq!(plain_path(&path).len(), 1_023);
    }

    #[test]
    fn hosts_lose_user_and_port() {
        for (authority, host) in
            [("Shop.Example:8080", "shop.example"), ("u:p@h:1", "h"), ("[::1]:80", "[::1]"), ("h", "h"), ("", "")]
        {
            assert_eq!(host_name(authority), host);
        }
    }
}
