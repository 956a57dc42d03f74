//! Who listens where. Names are of the demo's own domain, answered by the DNS server on node-c.

/// nginx, on node-a.
pub const GATEWAY_PORT: u16 = 80;
/// The front, on node-a, behind the gateway.
pub const SHOP_PORT: u16 = 8080;
/// On node-b.
pub const CATALOG_PORT: u16 = 8081;
/// On node-b.
pub const ORDERS_PORT: u16 = 8082;
/// On node-c.
pub const PAYMENTS_PORT: u16 = 8083;
/// On node-b.
pub const REDIS_PORT: u16 = 6379;
/// On node-c.
pub const DNS_PORT: u16 = 53;
/// Nothing listens here on node-b: connections are refused.
pub const CLOSED_PORT: u16 = 9;
/// The firewall of node-b drops what comes here: connections are never answered.
pub const SILENT_PORT: u16 = 9999;

/// Name, and node by its place in the cluster.
pub const NAMES: [(&str, usize); 6] = [
    ("gateway.demo", 0),
    ("catalog.demo", 1),
    ("orders.demo", 1),
    ("warehouse.demo", 1),
    ("payments.demo", 2),
    ("dns.demo", 2),
];

/// A name that the DNS server knows not to exist. The dot keeps the resolver from trying other domains.
pub const UNKNOWN_NAME: &str = "discontinued.demo.";
