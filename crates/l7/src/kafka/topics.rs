//! Names of topics that a connection told before.

use std::collections::HashMap;

use goldwire_model::record::Text;

use crate::Sink;

use super::request::{Body, Topic};

/// Ids that are remembered. Clients ask about the topics they use, which are few.
const IDS_MAX: usize = 256;

#[derive(Debug, Default)]
pub(super) struct Topics {
    names: HashMap<[u8; 16], Text>,
    /// The only topic of the connection's fetch session (KIP-227): later fetches name what has changed and nothing else.
    session: Option<Text>,
}

impl Topics {
    /// Metadata told the name of an id.
    pub(super) fn learn(&mut self, id: [u8; 16], name: &str, sink: &mut dyn Sink) {
        if self.names.len() < IDS_MAX || self.names.contains_key(&id) {
            self.names.insert(id, sink.text(name));
        }
    }

    /// The first topic that a request names, if its name is known.
    pub(super) fn of(&mut self, body: &Body<'_>, sink: &mut dyn Sink) -> Option<Text> {
        let named = match body.topic {
            Some(Topic::Name(name)) => Some(sink.text(name)),
            Some(Topic::Id(id)) => self.names.get(&id).cloned(),
            None => None,
        };
        match body.session_epoch {
            // A whole fetch: a session may begin.
            Some(..=0) => self.session = named.clone().filter(|_| body.topics == 1),
            Some(_) if body.topics == 0 => return self.session.clone(),
            Some(_) if named != self.session => self.session = None,
            _ => {}
        }
        named
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Texts;

    fn fetch(topic: Option<Topic<'static>>, topics: usize, epoch: i32) -> Body<'static> {
        Body { topic, topics, session_epoch: Some(epoch), is_unanswered: false }
    }

    #[test]
    fn a_session_with_one_topic_is_remembered() {
        let (mut topics, name) = (Topics::default(), Some(Topic::Name("orders")));
        assert_eq!(topics.of(&fetch(name, 1, 0), &mut Texts).as_deref(), Some("orders"));
        assert_eq!(topics.of(&fetch(None, 0, 1), &mut Texts).as_deref(), Some("orders"));
        assert_eq!(topics.of(&fetch(Some(Topic::Name("mails")), 1, 2), &mut Texts).as_deref(), Some("mails"));
        assert_eq!(topics.of(&fetch(None, 0, 3), &mut Texts), None);
        assert_eq!(topics.of(&fetch(name, 2, 0), &mut Texts).as_deref(), Some("orders"));
        assert_eq!(topics.of(&fetch(None, 0, 1), &mut Texts), None);
    }

    #[test]
    fn ids_have_the_names_that_were_told() {
        let mut topics = Topics::default();
        assert_eq!(topics.of(&fetch(Some(Topic::Id([1; 16])), 1, 0), &mut Texts), None);
        topics.learn([1; 16], "orders", &mut Texts);
        assert_eq!(topics.of(&fetch(Some(Topic::Id([1; 16])), 1, 0), &mut Texts).as_deref(), Some("orders"));
        for id in 0..1_000_u16 {
            let [high, low] = id.to_be_bytes();
            topics.learn([high, low, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], "other", &mut Texts);
        }
        assert!(topics.names.len() <= IDS_MAX);
    }
}
