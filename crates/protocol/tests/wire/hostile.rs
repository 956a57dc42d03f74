//! Bytes that are no answer: each gives a typed error, and none a panic.

use std::{
    future::ready,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use arrow_flight::{FlightData, encode::FlightDataEncoderBuilder};
use arrow_schema::{DataType, Field, Schema};
use futures::{StreamExt, TryStreamExt, stream};
use goldwire_answer::PartialAnswer;
use goldwire_protocol::decode::{self, DecodeError};
use proptest::prelude::*;

use super::{
    answers,
    round_trip::{messages, run},
};

fn decoded(messages: Vec<FlightData>) -> Result<PartialAnswer, DecodeError> {
    run(decode::partial_answer(stream::iter(messages.into_iter().map(Ok))))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn changed_bytes_never_panic(answer in answers::answer(), changes in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>(), any::<u8>(), any::<bool>()), 1..6)) {
        let mut messages = run(messages(answer));
        for (message, place, byte, in_header) in changes {
            let message = message.get_mut(&mut messages);
            let part = if in_header { &mut message.data_header } else { &mut message.data_body };
            let mut bytes = part.to_vec();
            if !bytes.is_empty() {
                *place.get_mut(&mut bytes) = byte;
            }
            *part = bytes.into();
        }
        let _ = decoded(messages);
    }

    #[test]
    fn cut_and_shuffled_messages_never_panic(answer in answers::answer(), cut in any::<prop::sample::Index>(), drop in any::<prop::sample::Index>()) {
        let mut messages = run(messages(answer));
        let number = drop.index(messages.len());
        let message = &mut messages[number];
        message.data_body.truncate(cut.index(message.data_body.len() + 1));
        let rotated = messages.len() - number;
        messages.rotate_left(rotated % 3 % 2);
        let _ = decoded(messages);
    }

    #[test]
    fn garbage_never_panics(header in prop::collection::vec(any::<u8>(), 0..200), body in prop::collection::vec(any::<u8>(), 0..200)) {
        let message = FlightData { data_header: header.into(), data_body: body.into(), ..FlightData::default() };
        prop_assert!(decoded(vec![message]).is_err());
    }
}

#[test]
fn nothing_is_no_answer() {
    assert!(matches!(decoded(Vec::new()), Err(DecodeError::Empty)));
}

#[test]
fn an_answer_without_coverage_is_refused() {
    let mut messages = run(messages(answers::large()));
    if let Some(last) = messages.last_mut() {
        last.app_metadata = bytes::Bytes::new();
    }
    assert!(matches!(decoded(messages), Err(DecodeError::Coverage { .. })));
}

/// A schema message of an answer that says it is of this kind, with so many columns.
fn schema_of(kind: &str, columns: usize) -> FlightData {
    let fields: Vec<Field> =
        (0..columns).map(|number| Field::new(format!("c{number}"), DataType::Float64, true)).collect();
    let metadata = std::collections::HashMap::from([("goldwire.kind".to_owned(), kind.to_owned())]);
    let schema = Arc::new(Schema::new_with_metadata(fields, metadata));
    let messages: Vec<FlightData> =
        run(FlightDataEncoderBuilder::new().with_schema(schema).build(stream::empty()).try_collect()).unwrap();
    messages.into_iter().next().unwrap()
}

#[test]
fn body_of_a_schema_that_will_not_do_is_not_taken() {
    for (kind, columns, wrong) in
        [("table", 3, "got table where"), ("spaghetti", 3, "unknown kind"), ("groups", 5_000, "more than 4096 columns")]
    {
        let taken = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&taken);
        let bodies = stream::repeat_with(move || {
            counted.fetch_add(1, Ordering::Relaxed);
            Ok(FlightData { data_body: vec![0; 1 << 20].into(), ..FlightData::default() })
        });
        let messages = stream::once(ready(Ok(schema_of(kind, columns)))).chain(bodies);
        let error = run(decode::partial_answer(messages)).unwrap_err().to_string();
        assert!(error.contains(wrong), "{error}");
        assert_eq!(taken.load(Ordering::Relaxed), 0, "{kind}");
    }
}
