//! gRPC server reflection, so that `grpcurl` and its like can list and call what a node serves.
//!
//! `arrow-flight` ships its messages as code without their descriptor, so the descriptor is told here, as the Arrow
//! Flight RPC specification gives it (<https://arrow.apache.org/docs/format/Flight.html>).

use prost_types::{
    DescriptorProto, EnumDescriptorProto, EnumValueDescriptorProto, FieldDescriptorProto, FileDescriptorProto,
    FileDescriptorSet, MethodDescriptorProto, OneofDescriptorProto, ServiceDescriptorProto,
    field_descriptor_proto::{Label, Type},
};
use tonic_reflection::server::v1::{ServerReflection, ServerReflectionServer};

const FLIGHT: &str = ".arrow.flight.protocol.";
const TIMESTAMP: &str = ".google.protobuf.Timestamp";

/// The v1 reflection service over Flight, health and reflection itself.
pub(crate) fn service() -> Result<ServerReflectionServer<impl ServerReflection>, tonic_reflection::server::Error> {
    tonic_reflection::server::Builder::configure()
        .register_file_descriptor_set(FileDescriptorSet { file: vec![timestamp_file(), flight_file()] })
        .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
        .build_v1()
}

/// One field of a message: name, number, and type (a message or enum by its name).
struct FieldSpec(&'static str, i32, Kind);

enum Kind {
    Plain(Type),
    Message(&'static str),
    RepeatedMessage(&'static str),
    RepeatedString,
    Enum(&'static str),
    OptionalDouble,
    Timestamp,
}

use Kind::{Enum, Message, OptionalDouble, Plain, RepeatedMessage, RepeatedString, Timestamp};
use Type::{Bool, Bytes, Int64, String as Text, Uint64};

fn messages() -> Vec<(&'static str, Vec<FieldSpec>)> {
    vec![
        (
            "HandshakeRequest",
            vec![FieldSpec("protocol_version", 1, Plain(Uint64)), FieldSpec("payload", 2, Plain(Bytes))],
        ),
        (
            "HandshakeResponse",
            vec![FieldSpec("protocol_version", 1, Plain(Uint64)), FieldSpec("payload", 2, Plain(Bytes))],
        ),
        ("Empty", vec![]),
        ("ActionType", vec![FieldSpec("type", 1, Plain(Text)), FieldSpec("description", 2, Plain(Text))]),
        ("Criteria", vec![FieldSpec("expression", 1, Plain(Bytes))]),
        ("Action", vec![FieldSpec("type", 1, Plain(Text)), FieldSpec("body", 2, Plain(Bytes))]),
        ("Result", vec![FieldSpec("body", 1, Plain(Bytes))]),
        ("SchemaResult", vec![FieldSpec("schema", 1, Plain(Bytes))]),
        (
            "FlightDescriptor",
            vec![
                FieldSpec("type", 1, Enum("FlightDescriptor.DescriptorType")),
                FieldSpec("cmd", 2, Plain(Bytes)),
                FieldSpec("path", 3, RepeatedString),
            ],
        ),
        (
            "FlightInfo",
            vec![
                FieldSpec("schema", 1, Plain(Bytes)),
                FieldSpec("flight_descriptor", 2, Message("FlightDescriptor")),
                FieldSpec("endpoint", 3, RepeatedMessage("FlightEndpoint")),
                FieldSpec("total_records", 4, Plain(Int64)),
                FieldSpec("total_bytes", 5, Plain(Int64)),
                FieldSpec("ordered", 6, Plain(Bool)),
                FieldSpec("app_metadata", 7, Plain(Bytes)),
            ],
        ),
        (
            "PollInfo",
            vec![
                FieldSpec("info", 1, Message("FlightInfo")),
                FieldSpec("flight_descriptor", 2, Message("FlightDescriptor")),
                FieldSpec("progress", 3, OptionalDouble),
                FieldSpec("expiration_time", 4, Timestamp),
            ],
        ),
        (
            "FlightEndpoint",
            vec![
                FieldSpec("ticket", 1, Message("Ticket")),
                FieldSpec("location", 2, RepeatedMessage("Location")),
                FieldSpec("expiration_time", 3, Timestamp),
                FieldSpec("app_metadata", 4, Plain(Bytes)),
            ],
        ),
        ("Location", vec![FieldSpec("uri", 1, Plain(Text))]),
        ("Ticket", vec![FieldSpec("ticket", 1, Plain(Bytes))]),
        (
            "FlightData",
            vec![
                FieldSpec("flight_descriptor", 1, Message("FlightDescriptor")),
                FieldSpec("data_header", 2, Plain(Bytes)),
                FieldSpec("app_metadata", 3, Plain(Bytes)),
                FieldSpec("data_body", 1000, Plain(Bytes)),
            ],
        ),
        ("PutResult", vec![FieldSpec("app_metadata", 1, Plain(Bytes))]),
    ]
}

/// Name, request, answer; whether each side streams.
const METHODS: [(&str, &str, &str, bool, bool); 10] = [
    ("Handshake", "HandshakeRequest", "HandshakeResponse", true, true),
    ("ListFlights", "Criteria", "FlightInfo", false, true),
    ("GetFlightInfo", "FlightDescriptor", "FlightInfo", false, false),
    ("PollFlightInfo", "FlightDescriptor", "PollInfo", false, false),
    ("GetSchema", "FlightDescriptor", "SchemaResult", false, false),
    ("DoGet", "Ticket", "FlightData", false, true),
    ("DoPut", "FlightData", "PutResult", true, true),
    ("DoExchange", "FlightData", "FlightData", true, true),
    ("DoAction", "Action", "Result", false, true),
    ("ListActions", "Empty", "ActionType", false, true),
];

fn flight_file() -> FileDescriptorProto {
    FileDescriptorProto {
        name: Some("Flight.proto".to_owned()),
        package: Some("arrow.flight.protocol".to_owned()),
        dependency: vec!["google/protobuf/timestamp.proto".to_owned()],
        message_type: messages().into_iter().map(|(name, fields)| message(name, fields)).collect(),
        service: vec![ServiceDescriptorProto {
            name: Some("FlightService".to_owned()),
            method: METHODS.iter().map(method).collect(),
            ..Default::default()
        }],
        syntax: Some("proto3".to_owned()),
        ..Default::default()
    }
}

fn timestamp_file() -> FileDescriptorProto {
    let fields = vec![FieldSpec("seconds", 1, Plain(Int64)), FieldSpec("nanos", 2, Plain(Type::Int32))];
    FileDescriptorProto {
        name: Some("google/protobuf/timestamp.proto".to_owned()),
        package: Some("google.protobuf".to_owned()),
        message_type: vec![message("Timestamp", fields)],
        syntax: Some("proto3".to_owned()),
        ..Default::default()
    }
}

fn message(name: &str, fields: Vec<FieldSpec>) -> DescriptorProto {
    // proto3 keeps `optional` as a oneof of its own, by the name of the field with an underscore.
    let oneof_decl = fields
        .iter()
        .filter(|field| matches!(field.2, OptionalDouble))
        .map(|field| OneofDescriptorProto { name: Some(format!("_{}", field.0)), ..Default::default() })
        .collect();
    let enum_type = if name == "FlightDescriptor" { vec![descriptor_type()] } else { vec![] };
    DescriptorProto {
        name: Some(name.to_owned()),
        field: fields.into_iter().map(field).collect(),
        oneof_decl,
        enum_type,
        ..Default::default()
    }
}

fn descriptor_type() -> EnumDescriptorProto {
    let value = |(number, name): (i32, &&str)| EnumValueDescriptorProto {
        name: Some((*name).to_owned()),
        number: Some(number),
        ..Default::default()
    };
    EnumDescriptorProto {
        name: Some("DescriptorType".to_owned()),
        value: (0..).zip(&["UNKNOWN", "PATH", "CMD"]).map(value).collect(),
        ..Default::default()
    }
}

fn field(FieldSpec(name, number, kind): FieldSpec) -> FieldDescriptorProto {
    let optional = matches!(kind, OptionalDouble);
    let (label, r#type, type_name) = match kind {
        Plain(plain) => (Label::Optional, plain, None),
        RepeatedString => (Label::Repeated, Text, None),
        OptionalDouble => (Label::Optional, Type::Double, None),
        Message(name) => (Label::Optional, Type::Message, Some(format!("{FLIGHT}{name}"))),
        RepeatedMessage(name) => (Label::Repeated, Type::Message, Some(format!("{FLIGHT}{name}"))),
        Enum(name) => (Label::Optional, Type::Enum, Some(format!("{FLIGHT}{name}"))),
        Timestamp => (Label::Optional, Type::Message, Some(TIMESTAMP.to_owned())),
    };
    FieldDescriptorProto {
        name: Some(name.to_owned()),
        number: Some(number),
        label: Some(label.into()),
        r#type: Some(r#type.into()),
        type_name,
        oneof_index: optional.then_some(0),
        proto3_optional: optional.then_some(true),
        ..Default::default()
    }
}

fn method(
    &(name, request, answer, client_streams, server_streams): &(&str, &str, &str, bool, bool),
) -> MethodDescriptorProto {
    MethodDescriptorProto {
        name: Some(name.to_owned()),
        input_type: Some(format!("{FLIGHT}{request}")),
        output_type: Some(format!("{FLIGHT}{answer}")),
        client_streaming: Some(client_streams),
        server_streaming: Some(server_streams),
        ..Default::default()
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_descriptors_hold_together() {
        assert!(super::service().is_ok());
    }
}
