//! Simple and extended queries, pipelines, COPY, and what is made of them when something is missing.

use crate::support::Talk;
use goldwire_l7::Direction;
use goldwire_model::record::Protocol;
use insta::assert_snapshot;

pub(crate) fn message(kind: char, body: impl AsRef<[u8]>) -> Vec<u8> {
    let body = body.as_ref();
    let length = (body.len() as u32 + 4).to_be_bytes();
    [&[kind as u8], &length[..], body].concat()
}

pub(crate) fn startup() -> Vec<u8> {
    b"\0\0\0\x21\0\x03\0\0user\0shop\0database\0shop\0\0".to_vec()
}

pub(crate) fn query(sql: &str) -> Vec<u8> {
    message('Q', format!("{sql}\0"))
}

pub(crate) fn parse(name: &str, sql: &str) -> Vec<u8> {
    message('P', format!("{name}\0{sql}\0\0\0"))
}

pub(crate) fn bind(portal: &str, name: &str) -> Vec<u8> {
    message('B', format!("{portal}\0{name}\0\0\0\0\0\0\0"))
}

pub(crate) fn describe(portal: &str) -> Vec<u8> {
    message('D', format!("P{portal}\0"))
}

pub(crate) fn execute(portal: &str) -> Vec<u8> {
    message('E', format!("{portal}\0\0\0\0\0"))
}

pub(crate) fn sync() -> Vec<u8> {
    message('S', "")
}

pub(crate) fn rows(count: usize) -> Vec<u8> {
    let row = message('D', b"\0\x01\0\0\0\x05a row");
    [message('T', b"\0\x01name\0\0\0\0\0\0\0\0\0\0\x19\xff\xff\xff\xff\xff\xff\0\0"), row.repeat(count)].concat()
}

pub(crate) fn done(tag: &str) -> Vec<u8> {
    message('C', format!("{tag}\0"))
}

pub(crate) fn ready() -> Vec<u8> {
    message('Z', "I")
}

pub(crate) fn failed(code: &str) -> Vec<u8> {
    message('E', format!("SERROR\0VERROR\0C{code}\0Mthis is private\0F{}\0\0", "x".repeat(80)))
}

fn bound() -> Vec<u8> {
    message('2', "")
}

/// A session that has just begun.
fn session() -> Talk {
    let settings = message('S', "standard_conforming_strings\0on\0");
    Talk::new()
        .client(startup())
        .server(message('R', b"\0\0\0\x03"))
        .client(message('p', "private\0"))
        .server([message('R', b"\0\0\0\0"), settings, message('K', b"\0\0\0\x01\0\0\0\x02"), ready()].concat())
}

fn selected(count: usize) -> Vec<u8> {
    [rows(count), done("SELECT 1"), ready()].concat()
}

#[test]
fn recorded_programs() {
    for name in ["psql", "pgbench-simple", "pgbench-extended", "pgbench-prepared"] {
        let talk = Talk::new().recorded(&format!("postgresql/{name}")).expect_protocol(Protocol::Postgresql);
        assert_snapshot!(name, talk.close());
    }
}

#[test]
fn recorded_protocol() {
    for name in ["pipeline", "prepared", "portal", "copy", "deferred"] {
        let talk = Talk::new().recorded(&format!("postgresql/{name}"));
        assert_snapshot!(name, talk.close());
    }
}

#[test]
fn recorded_and_captured_in_part() {
    assert_snapshot!(Talk::new().capture(512, 64).recorded("postgresql/psql").close());
}

#[test]
fn a_session_is_no_exchange() {
    assert_snapshot!(session().expect_protocol(Protocol::Postgresql).client(message('X', "")).close());
}

#[test]
fn simple_queries() {
    let talk = session()
        .client(query("SELECT a FROM t WHERE b = 'private'"))
        .server(selected(2))
        .client(query("BEGIN; UPDATE t SET a = 1; SELECT 1/0"))
        .server([done("BEGIN"), done("UPDATE 1"), failed("22012"), ready()].concat())
        .client(query(""))
        .server([message('I', ""), ready()].concat());
    assert_snapshot!(talk.expect_exchanges(3).close());
}

#[test]
fn encryption_goes_to_who_reads_it() {
    let wish = b"\0\0\0\x08\x04\xd2\x16\x2f";
    let talk = Talk::new().client(wish).server("N").client(startup()).server(ready()).client(query("SELECT 1"));
    assert_snapshot!(talk.server(selected(1)).expect_protocol(Protocol::Postgresql).close());
    let hello = b"\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03";
    Talk::new().client(wish).server("S").client(hello).expect_protocol(Protocol::Tls);
}

#[test]
fn a_wish_to_cancel_is_no_exchange() {
    let talk = Talk::new().client(b"\0\0\0\x10\x04\xd2\x16\x2e\0\0\0\x01\0\0\0\x02");
    assert!(talk.connection.is_ignored());
    assert_eq!(talk.close(), "");
}

#[test]
fn names_stand_for_statements() {
    let talk = session()
        .client([parse("s1", "SELECT a FROM t"), sync()].concat())
        .server([message('1', ""), ready()].concat())
        .client([bind("", "s1"), execute(""), sync()].concat())
        .server([bound(), done("SELECT 0"), ready()].concat())
        .client([bind("p", "s1"), execute("p"), execute("p"), sync()].concat())
        .server([bound(), rows(1), message('s', ""), done("SELECT 1"), ready()].concat())
        .client([bind("", "unknown"), execute(""), sync()].concat())
        .server([failed("26000"), ready()].concat());
    assert_snapshot!(talk.expect_exchanges(4).close());
}

#[test]
fn an_error_is_one_exchange_whatever_it_skips() {
    let one = |sql: &str| [parse("", sql), bind("", ""), describe(""), execute("")].concat();
    let answered = |tag| [message('1', ""), bound(), message('n', ""), done(tag)].concat();
    let talk = session()
        .client([one("INSERT INTO a VALUES (1)"), one("SELEC"), one("DELETE FROM b"), sync()].concat())
        .client([one("DELETE FROM c"), sync()].concat())
        .server([answered("INSERT 0 1"), failed("42601"), ready(), answered("DELETE 1"), ready()].concat());
    assert_snapshot!(talk.expect_exchanges(3).close());
}

#[test]
fn answers_one_by_one_have_their_own_times() {
    let talk = session()
        .client([parse("", "SELECT 1"), bind("", ""), execute("")].concat())
        .client([bind("", ""), execute(""), sync()].concat())
        .server([message('1', ""), bound()].concat())
        .server(message('D', b"\0\0"))
        .server(done("SELECT 1"))
        .server(bound())
        .server([done("SELECT 1"), ready()].concat());
    assert_snapshot!(talk.expect_exchanges(2).close());
}

#[test]
fn copying_counts_what_is_copied() {
    let talk = session()
        .client(query("COPY t FROM STDIN"))
        .server(message('G', b"\0\0\0"))
        .client([message('d', vec![b'x'; 1_000]), message('d', vec![b'x'; 1_000])].concat())
        .client(message('c', ""))
        .server([done("COPY 2"), ready()].concat())
        .client(query("COPY t TO STDOUT"))
        .server([message('H', b"\0\0\0"), message('d', vec![b'x'; 1_000]), message('c', "")].concat())
        .server([done("COPY 1"), ready()].concat());
    assert_snapshot!(talk.expect_exchanges(2).close());
}

#[test]
fn copying_more_than_is_captured() {
    let line = message('d', "a line\n");
    let talk = session()
        .capture(512, 64)
        .client(query("COPY t FROM STDIN"))
        .server(message('G', b"\0\0\0"))
        .client(line.repeat(1_000))
        .client([line.repeat(1_000), message('c', "")].concat())
        .server([done("COPY 2000"), ready()].concat())
        .client(query("SELECT 1"))
        .server(selected(1));
    assert_snapshot!(talk.expect_exchanges(2).close());
}

#[test]
fn replication_is_one_exchange() {
    let talk = session()
        .client(query("START_REPLICATION SLOT \"s\" LOGICAL 0/0"))
        .server(message('W', b"\0\0\0"))
        .server(message('d', "wal"))
        .client(message('d', "status"))
        .server(message('d', "wal"));
    assert_snapshot!(talk.expect_exchanges(1).close());
}

#[test]
fn what_comes_unasked_is_passed_over() {
    let notice = message('N', "SNOTICE\0C00000\0\0");
    let heard = message('A', b"\0\0\0\x01news\0private\0");
    let talk = session()
        .server([heard.clone(), notice.clone()].concat())
        .client(query("SELECT 1"))
        .server([notice, selected(1)].concat())
        .server(heard)
        .server(message('E', "SFATAL\0C57P01\0\0"));
    assert_snapshot!(talk.expect_exchanges(1).close());
}

#[test]
fn backslashes_escape_where_the_server_says_so() {
    let talk = session()
        .server(message('S', "standard_conforming_strings\0off\0"))
        .client(query(r"SELECT 'it\'s private' FROM t"))
        .server(selected(1));
    assert_snapshot!(talk.close());
}

#[test]
fn the_end_of_a_connection() {
    let asked = || session().client([parse("", "SELECT a FROM t"), bind("", ""), execute(""), sync()].concat());
    assert_snapshot!("asked_and_closed", asked().close());
    let begun = asked().server([message('1', ""), bound(), rows(1)].concat());
    assert_snapshot!("begun_and_closed", begun.reset());
    let fatal = session().client(query("SELECT pg_sleep(1)")).server(message('E', "SFATAL\0C57P01\0\0"));
    assert_snapshot!("failed_and_closed", fatal.close());
}

#[test]
fn a_large_result_is_timed_to_its_end() {
    let result = selected(10_000);
    let mut talk = session().capture(512, 64).client(query("SELECT a FROM t"));
    for part in result.chunks(20_000) {
        talk = talk.server(part);
    }
    let talk = talk.client([parse("", "SELECT b FROM u"), bind("", ""), execute(""), sync()].concat());
    let mut talk = talk.server([message('1', ""), bound(), rows(5_000)].concat());
    talk = talk.server([rows(5_000), done("SELECT 1"), ready()].concat());
    assert_snapshot!(talk.client(query("SELECT 3")).server(selected(1)).expect_exchanges(3).close());
}

#[test]
fn a_large_result_with_an_unseen_error_is_lost() {
    let talk = session()
        .capture(512, 64)
        .client(query("SELECT a FROM t"))
        .server([rows(1_000), failed("22012"), ready()].concat())
        .client(query("SELECT 1"))
        .server(selected(1));
    assert_snapshot!(talk.close());
}

#[test]
fn a_large_result_whose_end_is_hidden_is_lost() {
    let talk = session()
        .capture(512, 0)
        .client(query("SELECT a FROM t"))
        .server(selected(1_000))
        .client(query("SELECT 1"))
        .server(selected(1));
    assert_snapshot!(talk.close());
}

#[test]
fn a_long_value_need_not_be_captured() {
    let value = message('D', [&b"\0\x01\0\x03\x0d\x40"[..], &vec![b'x'; 200_000]].concat());
    let mut talk = session().client(query("SELECT a FROM t")).server(&value[..16_384]);
    let until = talk.connection.body_until(Direction::Response);
    assert!(until > 200_000, "{until}");
    let rest = value.len() as u64 - 16_384 - 1;
    talk = talk.lose(Direction::Response, rest).server([&b"x"[..], &done("SELECT 1"), &ready()].concat());
    let long = query(&format!("INSERT INTO t VALUES ('{}')", "x".repeat(100_000)));
    talk = talk.client(&long[..16_384]).lose(Direction::Request, 100_000 - 16_384);
    assert!(talk.connection.body_until(Direction::Request) > 100_000);
    talk = talk.client(&long[100_000..]).server([done("INSERT 0 1"), ready()].concat());
    assert_snapshot!(talk.close());
}

#[test]
fn adopted_between_exchanges() {
    let talk = Talk::adopted().client(query("SELECT a FROM t")).server(selected(1)).expect_exchanges(1);
    assert_snapshot!(talk.expect_protocol(Protocol::Postgresql).close());
}

#[test]
fn adopted_with_prepared_statements() {
    let talk = Talk::adopted()
        .client([bind("", "s1"), execute(""), sync()].concat())
        .server([bound(), rows(1), done("SELECT 1"), ready()].concat());
    assert_snapshot!(talk.expect_exchanges(1).close());
}

#[test]
fn adopted_in_the_middle_of_a_result() {
    let talk = Talk::adopted()
        .server(&rows(10)[37..])
        .server([done("SELECT 1"), ready()].concat())
        .client(query("SELECT a FROM t"))
        .server(selected(1));
    assert_snapshot!(talk.expect_exchanges(1).close());
}

#[test]
fn a_lost_query_leaves_the_others_paired() {
    let talk = session()
        .client(query("SELECT 'a' FROM a"))
        .server(selected(1))
        .lose_client(query("SELECT 'b' FROM b"))
        .server([failed("42601"), ready()].concat())
        .client(query("SELECT 'c' FROM c"))
        .server(selected(1));
    assert_snapshot!(talk.wait().close());
}

#[test]
fn a_lost_answer_leaves_the_others_paired() {
    let talk = session()
        .client(query("SELECT 'a' FROM a"))
        .lose_server(selected(1))
        .client(query("SELECT 'b' FROM b"))
        .server(selected(1))
        .client(query("SELECT 'c' FROM c"))
        .server(selected(1));
    assert_snapshot!(talk.wait().close());
}

#[test]
fn a_lost_middle_of_an_answer_ends_it() {
    let talk = session()
        .client(query("SELECT 'a' FROM a"))
        .server(rows(10))
        .lose_server(rows(10))
        .server([&rows(3)[7..], &done("SELECT 1"), &ready()].concat())
        .client(query("SELECT 'b' FROM b"))
        .server(selected(1));
    assert_snapshot!(talk.wait().close());
}

#[test]
fn what_was_prepared_unseen_is_not_guessed() {
    let run = || [bind("", "s1"), execute(""), sync()].concat();
    let answer = || [bound(), done("SELECT 0"), ready()].concat();
    let talk = session()
        .client([parse("s1", "SELECT a FROM t"), sync()].concat())
        .server([message('1', ""), ready()].concat())
        .lose_client(query("SELECT 1"))
        .server(selected(1))
        .client(run())
        .server(answer())
        .lose_client([message('C', "Ss1\0"), parse("s1", "SELECT b FROM u"), sync()].concat())
        .server([message('3', ""), message('1', ""), ready()].concat())
        .client(run())
        .server(answer());
    assert_snapshot!(talk.wait().close());
}

#[test]
fn a_gap_among_many_rounds_never_mispairs() {
    let mut talk = session();
    for index in 0..3 {
        talk = talk.client(query(&format!("SELECT a FROM t{index}")));
    }
    talk = talk.server(selected(1)).lose_client(query("SELECT a FROM lost")).client(query("SELECT a FROM t4")).wait();
    for code in ["00001", "00002", "00003", "00004"] {
        talk = talk.server([failed(code), ready()].concat());
    }
    assert_snapshot!(talk.client(query("SELECT a FROM t5")).server([failed("00005"), ready()].concat()).close());
}

#[test]
fn a_round_that_goes_on_while_its_answers_are_hidden() {
    let run = || [bind("", "s1"), execute("")].concat();
    let answer = |count| [bound(), rows(count), done("SELECT 1")].concat();
    let talk = session()
        .capture(512, 64)
        .client([parse("s1", "SELECT a FROM t"), run(), run()].concat())
        .server([message('1', ""), answer(1_000)].concat())
        .client([run(), sync()].concat())
        .server(answer(1))
        .server([answer(1), ready()].concat())
        .client(query("SELECT 1"))
        .server(selected(1));
    assert_snapshot!(talk.close());
}
