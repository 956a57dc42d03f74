//! What unit tests share.

use std::net::IpAddr;

use goldwire_model::record::Text;

use crate::{Exchange, Proxied, Sink, TlsHandshake};

/// A sink that makes texts and keeps nothing.
pub(crate) struct Texts;

impl Sink for Texts {
    fn text(&mut self, text: &str) -> Text {
        text.into()
    }

    fn route(&mut self, path: &Text) -> Text {
        path.clone()
    }

    fn key_pattern(&mut self, pattern: &str) -> Text {
        pattern.into()
    }

    fn tls(&mut self, _: TlsHandshake) {}

    fn proxied(&mut self, _: Proxied) {}

    fn compressed(&mut self) {}

    fn resolved(&mut self, _: &Text, _: IpAddr, _: u32) {}

    fn exchange(&mut self, _: Exchange) {}

    fn lost(&mut self, _: u64) {}

    fn missed(&mut self, _: u64) {}
}
