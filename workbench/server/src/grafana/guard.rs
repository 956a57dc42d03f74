//! The workbench holds the data source's secrets and asks nobody to sign in, so only pages of its own may use it.

use axum::{
    extract::Request,
    http::{HeaderMap, header},
    middleware::Next,
    response::{IntoResponse, Response},
};

use super::error::ApiError;

/// Refuses names that are not of this machine (a site may let its name point here) and requests from other sites.
pub(super) async fn loopback_only(request: Request, next: Next) -> Response {
    let own = is_own(request.headers(), request.uri().host());
    if own {
        next.run(request).await
    } else {
        ApiError::Forbidden("only pages of this machine may ask".into()).into_response()
    }
}

fn is_own(headers: &HeaderMap, uri_host: Option<&str>) -> bool {
    let text = |name: header::HeaderName| headers.get(name).map(|value| value.to_str().unwrap_or_default());
    let host = text(header::HOST).or(uri_host).unwrap_or_default();
    let same_origin = text(header::ORIGIN).is_none_or(|origin| origin == format!("http://{host}"));
    is_loopback(host) && same_origin
}

fn is_loopback(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(v6) => v6.split(']').next(),
        None => host.split(':').next(),
    };
    name.is_some_and(|name| {
        name == "localhost" || name.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(header::HeaderName, &str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.clone(), value.parse().unwrap())).collect()
    }

    #[test]
    fn only_this_machine_may_ask() {
        for host in ["localhost:3300", "127.0.0.1:1", "[::1]:3300"] {
            assert!(is_own(&headers(&[(header::HOST, host)]), None), "{host}");
        }
        for host in ["example.org", "127.0.0.1.example.org:3300", "10.0.0.1", ""] {
            assert!(!is_own(&headers(&[(header::HOST, host)]), None), "{host}");
        }
    }

    #[test]
    fn other_sites_may_not_ask() {
        let from = |origin| headers(&[(header::HOST, "localhost:3300"), (header::ORIGIN, origin)]);
        assert!(is_own(&from("http://localhost:3300"), None));
        assert!(!is_own(&from("http://localhost:80"), None));
        assert!(!is_own(&from("https://example.org"), None));
    }
}
