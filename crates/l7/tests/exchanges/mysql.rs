//! Text and binary results, prepared statements, several results, and what is made of them when something is missing.

use crate::support::Talk;
use goldwire_l7::{Connection, Direction};
use goldwire_model::record::Protocol;
use insta::assert_snapshot;

pub(crate) fn packet(sequence: u8, payload: impl AsRef<[u8]>) -> Vec<u8> {
    let payload = payload.as_ref();
    let length = (payload.len() as u32).to_le_bytes();
    [&length[..3], &[sequence], payload].concat()
}

/// Packets that count on from `sequence`.
pub(crate) fn packets(sequence: u8, payloads: &[Vec<u8>]) -> Vec<u8> {
    let numbered = payloads.iter().enumerate();
    numbered.flat_map(|(index, payload)| packet(sequence.wrapping_add(index as u8), payload)).collect()
}

pub(crate) const DEPRECATE_EOF: u32 = 1 << 24;
const SSL: u32 = 1 << 11;
const COMPRESS: u32 = 1 << 5;
const QUERY_ATTRIBUTES: u32 = 1 << 27;

pub(crate) fn greeting() -> Vec<u8> {
    let random =
        b"\x08\0\0\0abcdefgh\0\xff\xff\xff\x02\0\xff\xdf\x15\0\0\0\0\0\0\0\0\0\0abcdefghijkl\0caching_sha2_password\0";
    packet(0, [b"\x0a8.0.36\0", &random[..]].concat())
}

pub(crate) fn login(flags: u32) -> Vec<u8> {
    let flags = (flags | 1 << 9 | 1 << 15).to_le_bytes();
    packet(1, [&flags[..], &[0; 28], b"guest\0\x04hash"].concat())
}

pub(crate) fn ok(status: u16) -> Vec<u8> {
    let [low, high] = status.to_le_bytes();
    vec![0, 0, 0, low, high, 0, 0]
}

/// What ends rows.
fn end(is_eof: bool, status: u16) -> Vec<u8> {
    let [low, high] = status.to_le_bytes();
    if is_eof { vec![0xfe, 0, 0, low, high] } else { vec![0xfe, 0, 0, low, high, 0, 0] }
}

pub(crate) fn error(code: u16, text: &str) -> Vec<u8> {
    let [low, high] = code.to_le_bytes();
    [&[0xff, low, high], &b"#42S02"[..], text.as_bytes()].concat()
}

fn session(flags: u32) -> Talk {
    Talk::new().server(greeting()).client(login(flags)).server(packet(2, b"\x01\x03")).server(packet(3, ok(2)))
}

pub(crate) fn query(sql: &str) -> Vec<u8> {
    packet(0, format!("\x03{sql}"))
}

fn definition() -> Vec<u8> {
    b"\x03def\x04shop\x05items\x05items\x04name\x04name\x0c\x2d\0\0\x04\0\0\xfc\0\0\0\0\0".to_vec()
}

/// A result of one column.
pub(crate) fn result(is_eof: bool, rows: usize, status: u16) -> Vec<Vec<u8>> {
    let mut payloads = vec![vec![1], definition()];
    if is_eof {
        payloads.push(end(true, status));
    }
    payloads.extend(std::iter::repeat_n(b"\x07private".to_vec(), rows));
    payloads.push(end(is_eof, status));
    payloads
}

fn selected(rows: usize) -> Vec<u8> {
    packets(1, &result(false, rows, 2))
}

pub(crate) fn execute(number: u32) -> Vec<u8> {
    packet(0, [&b"\x17"[..], &number.to_le_bytes(), b"\0\x01\0\0\0"].concat())
}

pub(crate) fn prepared(number: u32, parameters: u8, columns: u8, is_eof: bool) -> Vec<u8> {
    let mut payloads = vec![[&b"\0"[..], &number.to_le_bytes(), &[columns, 0, parameters, 0, 0, 0, 0]].concat()];
    for count in [parameters, columns] {
        payloads.extend(std::iter::repeat_n(definition(), usize::from(count)));
        if is_eof && count > 0 {
            payloads.push(end(true, 2));
        }
    }
    packets(1, &payloads)
}

#[test]
fn recorded_programs() {
    for name in ["mariadb", "dump"] {
        let talk = Talk::new().recorded(&format!("mysql/{name}")).expect_protocol(Protocol::Mysql);
        assert_snapshot!(name, talk.close());
    }
    assert_eq!(Talk::new().recorded("mysql/refused").close(), "");
    let compressed = Talk::new().recorded("mysql/compressed");
    assert!(compressed.connection.is_ignored());
    assert_eq!(compressed.close(), "");
}

#[test]
fn recorded_protocol() {
    for name in ["prepared", "cursor", "several", "commands", "pipeline"] {
        assert_snapshot!(name, Talk::new().recorded(&format!("mysql/{name}")).close());
        let old = format!("{name}-eof");
        assert_snapshot!(old.clone(), Talk::new().recorded(&format!("mysql/{old}")).close());
    }
}

#[test]
fn recorded_and_captured_in_part() {
    assert_snapshot!(Talk::new().capture(512, 64).recorded("mysql/mariadb").close());
}

#[test]
fn queries() {
    for flags in [0, DEPRECATE_EOF] {
        let is_eof = flags == 0;
        let talk = session(flags)
            .expect_protocol(Protocol::Mysql)
            .client(query("SELECT name FROM items WHERE id = 'private'"))
            .server(packets(1, &result(is_eof, 2, 2)))
            .client(query("DELETE FROM `shop`.`items`"))
            .server(packet(1, ok(2)))
            .client(query("SELECT * FROM nowhere"))
            .server(packet(1, error(1146, "this is private")))
            .client(query("SELECT name FROM broken"))
            .server(packets(1, &[vec![1], definition()]))
            .server(packets(3, &if is_eof { vec![end(true, 2)] } else { vec![] }))
            .server(packet(if is_eof { 4 } else { 3 }, error(1317, "this is private")))
            .client(packet(0, b"\x0e"))
            .server(packet(1, ok(2)));
        assert_snapshot!(format!("queries_{is_eof}"), talk.expect_exchanges(5).close());
    }
}

#[test]
fn several_results_are_one_exchange() {
    let first = result(true, 2, 2 | 8);
    let second = packets(1 + first.len() as u8, &[ok(2 | 8)]);
    let third = packets(2 + first.len() as u8, &result(true, 1, 2));
    let talk = session(0)
        .client(query("CALL everything('private')"))
        .server(packets(1, &first))
        .server(second)
        .server(third)
        .client(query("SELECT 1"))
        .server(packets(1, &result(true, 1, 2)));
    assert_snapshot!(talk.expect_exchanges(2).close());
}

#[test]
fn prepared_statements() {
    for flags in [0, DEPRECATE_EOF] {
        let is_eof = flags == 0;
        let talk = session(flags)
            .client(packet(0, b"\x16SELECT name FROM items WHERE id = ? AND x = 'private'"))
            .server(prepared(7, 1, 1, is_eof))
            .client(execute(7))
            .server(packets(1, &result(is_eof, 3, 2)))
            .client([packet(0, b"\x18\x07\0\0\0\0\0private"), execute(7)].concat())
            .server(packets(1, &result(is_eof, 0, 2)))
            .client([packet(0, b"\x19\x07\0\0\0"), execute(7)].concat())
            .server(packet(1, error(1243, "unknown")));
        assert_snapshot!(format!("prepared_{is_eof}"), talk.expect_exchanges(4).close());
    }
}

#[test]
fn adopted_with_either_kind_of_end() {
    for is_eof in [true, false] {
        let talk = Talk::adopted()
            .client(packet(0, b"\x16SELECT name FROM items WHERE id = ?"))
            .server(prepared(7, 1, 1, is_eof))
            .client(execute(7))
            .server(packets(1, &result(is_eof, 3, 2)))
            .client(query("SELECT name FROM items"))
            .server(packets(1, &result(is_eof, 3, 2)));
        assert_snapshot!(format!("adopted_{is_eof}"), talk.expect_exchanges(3).close());
    }
}

#[test]
fn a_file_is_part_of_the_request() {
    let talk = session(DEPRECATE_EOF)
        .client(query("LOAD DATA LOCAL INFILE 'private' INTO TABLE items"))
        .server(packet(1, b"\xfbprivate"))
        .client([packet(2, vec![b'x'; 1_000]), packet(3, vec![b'x'; 500])].concat())
        .client(packet(4, b""))
        .server(packet(5, ok(2)))
        .client(query("SELECT 1"))
        .server(selected(1));
    assert_snapshot!(talk.expect_exchanges(2).close());
}

#[test]
fn packets_that_go_on() {
    let long = [&b"\x03INSERT INTO items VALUES ('"[..], &vec![b'x'; 0x100_0000], b"')"].concat();
    let (first, rest) = long.split_at(0xff_ffff);
    let mut talk = session(DEPRECATE_EOF);
    for part in [packet(0, first), packet(1, rest)].concat().chunks(1 << 20) {
        talk = talk.client(part);
    }
    let mut row = vec![0xfe];
    row.extend(0x100_0000_u64.to_le_bytes());
    row.extend(vec![b'x'; 0x100_0000]);
    let (begun, ended) = row.split_at(0xff_ffff);
    talk = talk.server(packet(2, ok(2))).client(query("SELECT name FROM items"));
    let answer = packets(1, &[vec![1], definition(), begun.to_vec(), ended.to_vec(), end(false, 2)]);
    for part in answer.chunks(1 << 20) {
        talk = talk.server(part);
    }
    assert_snapshot!(talk.client(query("SELECT 1")).server(selected(1)).expect_exchanges(3).close());
}

#[test]
fn a_long_statement_need_not_be_captured() {
    let long = query(&format!("INSERT INTO items VALUES ('{}')", "x".repeat(200_000)));
    let talk = session(DEPRECATE_EOF).client(&long[..16_384]);
    assert!(talk.connection.body_until(Direction::Request) > 200_000);
    let rest = long.len() as u64 - 16_384 - 1;
    let talk = talk.lose(Direction::Request, rest).client(")").server(packet(1, ok(2)));
    assert_snapshot!(talk.expect_exchanges(1).close());
}

#[test]
fn session_behind_its_upgrade_goes_on_with_what_was_agreed() {
    for flags in [0, DEPRECATE_EOF] {
        let wish = packet(1, [&(SSL | flags | 1 << 9).to_le_bytes()[..], &[0; 28]].concat());
        let upgraded = Talk::new().server(greeting()).client(wish).connection.upgraded();
        assert!(upgraded.is_some());
        let mut log_in = login(SSL | flags);
        log_in[3] = 2;
        let inside = Talk::on(Connection::inside(upgraded), 0)
            .client(log_in)
            .server(packet(3, ok(2)))
            .client(query("SELECT name FROM items WHERE id = 'private'"))
            .server(packets(1, &result(flags == 0, 2, 2)))
            .client(packet(0, b"\x0e"))
            .server(packet(1, ok(2)));
        let lines = inside.expect_protocol(Protocol::Mysql).expect_exchanges(2).close();
        assert!(lines.starts_with("SELECT items `SELECT name FROM items WHERE id = ?`"), "{lines}");
    }
}

#[test]
fn joined_command_without_statement_is_a_candidate() {
    let ping = || packet(0, b"\x0e");
    let foreign = Talk::adopted().client(ping()).server(packet(1, b"pong")).client(ping()).server(packet(1, b"pong"));
    assert_eq!(foreign.expect_protocol(None).close(), "");
    let talk = Talk::adopted().client(ping()).server(packet(1, ok(2)));
    assert_eq!(talk.expect_protocol(Protocol::Mysql).expect_exchanges(1).close().lines().count(), 1);
}

#[test]
fn encryption_goes_to_who_reads_it() {
    let wish = packet(1, [&(SSL | 1 << 9).to_le_bytes()[..], &[0; 28]].concat());
    let hello = b"\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03";
    Talk::new().server(greeting()).client([&wish[..], hello].concat()).expect_protocol(Protocol::Tls);
}

#[test]
fn nothing_compressed_is_read() {
    let talk = Talk::new().server(greeting()).client(login(COMPRESS));
    assert!(talk.connection.is_ignored() && talk.collected.is_compressed);
}

#[test]
fn attributes_are_passed_over() {
    let talk = session(DEPRECATE_EOF | QUERY_ATTRIBUTES)
        .client(packet(0, b"\x03\0\x01SELECT name FROM items"))
        .server(selected(1))
        .client(packet(0, b"\x03\x01\x01\0\x01\xfe\0\x05trace\x07privateSELECT name FROM items"))
        .server(selected(1));
    assert_snapshot!(talk.expect_exchanges(2).close());
}

#[test]
fn pipelining() {
    let talk = session(DEPRECATE_EOF)
        .client([query("SELECT a FROM a"), query("SELECT b FROM b"), query("SELECT c FROM c")].concat())
        .server(selected(2))
        .server([packet(1, error(1146, "no")), packet(1, ok(2))].concat());
    assert_snapshot!(talk.expect_exchanges(3).close());
}

#[test]
fn backslashes_do_not_escape_where_the_server_says_so() {
    let talk = session(DEPRECATE_EOF)
        .client(query("SET sql_mode = 'NO_BACKSLASH_ESCAPES'"))
        .server(packet(1, ok(2 | 0x200)))
        .client(query(r"SELECT 'private\' AS private, 'private' FROM items"))
        .server(selected(1));
    assert_snapshot!(talk.close());
}

#[test]
fn the_end_of_a_connection() {
    let asked = || session(DEPRECATE_EOF).client(query("SELECT name FROM items"));
    assert_snapshot!("asked", asked().close());
    assert_snapshot!("begun", asked().server(&selected(10)[..60]).reset());
}

#[test]
fn a_large_result_is_timed_to_its_end() {
    for is_eof in [true, false] {
        let flags = if is_eof { 0 } else { DEPRECATE_EOF };
        let mut talk = session(flags).capture(512, 64).client(query("SELECT name FROM items"));
        for part in packets(1, &result(is_eof, 10_000, 2)).chunks(20_000) {
            talk = talk.server(part);
        }
        let broken =
            [vec![vec![1], definition()], vec![b"\x07private".to_vec(); 1_000], vec![error(1317, "no")]].concat();
        talk = talk.client(query("SELECT broken FROM items")).server(packets(1, &broken));
        let more = [result(is_eof, 1_000, 2 | 8), vec![ok(2)]].concat();
        talk = talk.client(query("CALL everything()")).server(packets(1, &more));
        talk = talk.client(query("SELECT 1")).server(packets(1, &result(is_eof, 1, 2)));
        assert_snapshot!(format!("large_{is_eof}"), talk.close());
    }
}

#[test]
fn a_large_result_whose_end_is_hidden_is_lost() {
    let talk = session(DEPRECATE_EOF)
        .capture(512, 0)
        .client(query("SELECT name FROM items"))
        .server(selected(1_000))
        .client(query("SELECT 1"))
        .server(selected(1));
    assert_snapshot!(talk.close());
}

#[test]
fn adopted_in_the_middle_of_a_result() {
    let talk =
        Talk::adopted().server(&selected(300)[1_000..]).client(query("SELECT name FROM items")).server(selected(1));
    assert_snapshot!(talk.expect_exchanges(1).close());
}

#[test]
fn a_lost_query_leaves_the_others_paired() {
    let talk = session(DEPRECATE_EOF)
        .client(query("SELECT a FROM a"))
        .server(selected(1))
        .lose_client(query("SELECT b FROM b"))
        .server(selected(600))
        .client(query("SELECT c FROM c"))
        .server(selected(1));
    assert_snapshot!(talk.wait().close());
}

#[test]
fn a_lost_answer_leaves_the_others_paired() {
    let talk = session(DEPRECATE_EOF)
        .client(query("SELECT a FROM a"))
        .lose_server(selected(1))
        .client(query("SELECT b FROM b"))
        .server(packet(1, error(1146, "no")))
        .client(query("SELECT c FROM c"))
        .server(selected(1));
    assert_snapshot!(talk.wait().close());
}

#[test]
fn a_lost_middle_of_an_answer_ends_it() {
    let answer = selected(100);
    let talk = session(DEPRECATE_EOF)
        .client(query("SELECT a FROM a"))
        .server(&answer[..200])
        .lose_server(&answer[200..600])
        .server(&answer[600..])
        .client(query("SELECT b FROM b"))
        .server(selected(1));
    assert_snapshot!(talk.wait().close());
}

#[test]
fn a_gap_among_many_commands_never_mispairs() {
    let mut talk = session(DEPRECATE_EOF);
    for name in ["a", "b", "c"] {
        talk = talk.client(query(&format!("SELECT {name} FROM {name}")));
    }
    talk = talk.server(selected(1)).lose_client(query("SELECT d FROM d")).client(query("SELECT e FROM e")).wait();
    for code in [1002, 1003, 1004, 1005] {
        talk = talk.server(packet(1, error(code, "no")));
    }
    assert_snapshot!(talk.client(query("SELECT f FROM f")).server(packet(1, error(1006, "no"))).close());
}
