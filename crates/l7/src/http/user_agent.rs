//! Kinds of clients, by what they call themselves. The header itself has any number of values and may name people, so only its
//! class is kept.

/// Parts of the header's value, in lower case, and the class they show. The first that is found counts.
const CLASSES: &[(&str, &[&str])] = &[
    ("health_check", &["kube-probe/", "elb-healthchecker/", "googlehc/", "consul health", "haproxy"]),
    ("bot", &["bot/", "bot)", "bot;", "crawler", "spider", "slurp"]),
    ("load_test", &["h2load", "wrk", "apachebench/", "k6/", "hey/", "vegeta", "locust"]),
    ("monitoring", &["prometheus/", "blackbox", "grafana", "datadog", "uptime"]),
    ("curl", &["curl/", "libcurl"]),
    ("wget", &["wget/"]),
    ("python", &["python", "aiohttp", "httpx"]),
    ("go", &["go-http-client/", "grpc-go/", "go-resty/"]),
    ("java", &["java/", "okhttp", "apache-httpclient", "grpc-java", "jersey", "jetty"]),
    ("node", &["node", "axios", "undici", "got ("]),
    ("dotnet", &[".net", "dotnet"]),
    ("rust", &["hyper/", "reqwest/", "tonic/", "ureq/"]),
    ("ruby", &["ruby", "faraday"]),
    ("php", &["php", "guzzle"]),
    ("browser", &["mozilla/", "opera/"]),
];

/// Of a class that is not in the list.
const OTHER: &str = "other";
/// Bytes of a value that are looked at.
const VALUE_MAX: usize = 512;

/// Classes of the `User-Agent` headers on one connection, RFC 9110 section 10.1.5. Most connections have one client, so the
/// last answer is remembered.
#[derive(Debug)]
pub struct UserAgents {
    last: Vec<u8>,
    class: &'static str,
}

impl Default for UserAgents {
    fn default() -> Self {
        Self { last: Vec::new(), class: OTHER }
    }
}

impl UserAgents {
    /// The class of a header's value; `other` where it is none that is known.
    pub fn class(&mut self, value: &[u8]) -> &'static str {
        let value = &value[..value.len().min(VALUE_MAX)];
        if self.last != value {
            self.last.clear();
            self.last.extend_from_slice(value);
            self.class = class_of(value);
        }
        self.class
    }
}

fn class_of(value: &[u8]) -> &'static str {
    let value = String::from_utf8_lossy(value).to_ascii_lowercase();
    let found = CLASSES.iter().find(|(_, parts)| parts.iter().any(|part| value.contains(part)));
    found.map_or(OTHER, |(class, _)| class)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clients_call_themselves() {
        let mut agents = UserAgents::default();
        for (value, class) in [
            ("curl/7.88.1", "curl"),
            ("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/126.0 Safari/537.36", "browser"),
            ("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", "bot"),
            ("python-requests/2.31", "python"),
            ("Go-http-client/1.1", "go"),
            ("kube-probe/1.30", "health_check"),
            ("grpc-go/1.60.0", "go"),
            ("my-service", "other"),
            ("", "other"),
        ] {
            assert_eq!(agents.class(value.as_bytes()), class, "{value}");
        }
    }
}
