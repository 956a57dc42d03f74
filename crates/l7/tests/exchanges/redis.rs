//! Conversations with Redis, made up and recorded.

use crate::{
    captures::{played, played_in_bytes},
    support::Talk,
};
use goldwire_l7::Direction;
use goldwire_model::record::Protocol;
use insta::assert_snapshot;

/// A command as clients send it.
pub(crate) fn command(words: &str) -> String {
    let words: Vec<&str> = words.split(' ').collect();
    let bulks: String = words.iter().map(|word| bulk(word)).collect();
    format!("*{}\r\n{bulks}", words.len())
}

pub(crate) fn bulk(text: &str) -> String {
    format!("${}\r\n{text}\r\n", text.len())
}

fn message(channel: &str) -> String {
    format!("*3\r\n{}{}{}", bulk("message"), bulk(channel), bulk("hello"))
}

/// A client that asks one at a time, long enough to be known for it.
fn known_to_wait(mut talk: Talk) -> Talk {
    for _ in 0..6 {
        talk = talk.client(command("PING")).server("+PONG\r\n");
    }
    talk.collected.exchanges.clear();
    talk
}

#[test]
fn commands_keys_and_codes() {
    let talk = Talk::new()
        .client(command("set user:1234:cart secret"))
        .server("+OK\r\n")
        .client(command("GET session:Zk3Jd9aQx81"))
        .server("$-1\r\n")
        .client(command("AUTH bob secret"))
        .server("-WRONGPASS invalid username-password pair or user is disabled.\r\n")
        .client(command("HELLO 3 AUTH bob secret"))
        .server(format!("%1\r\n{}:3\r\n", bulk("proto")))
        .client(command("config get maxmemory"))
        .server(format!("%1\r\n{}{}", bulk("maxmemory"), bulk("0")))
        .client(command("XGROUP CREATE stream:5 readers $"))
        .server("+OK\r\n")
        .client(command("XREADGROUP GROUP g c COUNT 1 BLOCK 100 NOACK STREAMS stream:5 >"))
        .server("_\r\n")
        .client(command("EVAL return 1 lock:9 secret"))
        .server("-NOSCRIPT x\r\n")
        .client(command("EVALSHA abc 0 secret"))
        .server(":1\r\n")
        .client(command("SECRETCOMMAND secret"))
        .server("-ERR unknown command\r\n")
        .client(command("GET moved:1"))
        .server("-MOVED 3999 127.0.0.1:6381\r\n");
    assert_snapshot!(talk.expect_protocol(Protocol::Redis).expect_exchanges(11).close());
}

#[test]
fn a_pipeline_of_any_depth() {
    let asked: String = (0..5_000).map(|index| command(&format!("INCRBY counter:{index} {index}"))).collect();
    let answered: String = (0..5_000).map(|index| format!(":{index}\r\n")).collect();
    let talk = Talk::new().client(asked).server(answered).expect_exchanges(5_000);
    let bytes: u64 = talk.collected.exchanges.iter().map(|exchange| exchange.response_bytes).sum();
    assert_eq!((talk.collected.exchanges[4_999].response_bytes, bytes), (7, 5_000 * 3 + 18_890));
}

#[test]
fn nested_answers_and_all_types() {
    let nested = format!("*3\r\n*2\r\n:1\r\n*0\r\n%1\r\n+a\r\n~1\r\n,1.5\r\n{}", bulk("x\r\n-ERR inside\r\n"));
    let talk = Talk::new()
        .client(["a:1", "b:1", "c:1", "d:1"].map(|key| command(&format!("GET {key}"))).concat())
        .server(format!("{nested}|1\r\n+ttl\r\n:100\r\n+value\r\n!21\r\nSYNTAX invalid syntax\r\n#t\r\n"));
    assert_snapshot!(talk.expect_exchanges(4).close());
}

#[test]
fn pushed_messages_are_no_answers() {
    let pushed = format!(">2\r\n{}*1\r\n{}", bulk("invalidate"), bulk("user:1"));
    let talk = Talk::new()
        .client(command("CLIENT TRACKING ON"))
        .server("+OK\r\n")
        .client(command("GET user:1"))
        .server(format!("{pushed}{}", bulk("x")))
        .server(pushed)
        .client(command("GET user:2"))
        .server(bulk("y"));
    assert_snapshot!(talk.expect_exchanges(3).close());
}

#[test]
fn subscriptions_are_confirmed_channel_by_channel() {
    let confirmed = |word: &str, channel: &str, count: u8| format!("*3\r\n{}{}:{count}\r\n", bulk(word), bulk(channel));
    let talk = Talk::new()
        .client(command("SUBSCRIBE a:1 b:2"))
        .server(confirmed("subscribe", "a:1", 1))
        .server(message("a:1"))
        .server(confirmed("subscribe", "b:2", 2))
        .expect_exchanges(1)
        .server(message("b:2"))
        .client(command("PING") + &command("UNSUBSCRIBE"))
        .server(format!("*2\r\n{}{}", bulk("pong"), bulk("")))
        .server(confirmed("unsubscribe", "a:1", 1) + &message("b:2"))
        .server(confirmed("unsubscribe", "b:2", 0))
        .expect_exchanges(3)
        .client(command("LRANGE list 0 2"))
        .server(message("is data here"));
    assert_snapshot!(talk.expect_exchanges(4).close());
}

#[test]
fn subscriptions_of_resp3_leave_room_for_commands() {
    let talk = Talk::new()
        .client(command("SUBSCRIBE a:1") + &command("GET b"))
        .server(format!(">3\r\n{}{}:1\r\n", bulk("subscribe"), bulk("a:1")))
        .server(format!(">3\r\n{}{}{}", bulk("message"), bulk("a:1"), bulk("x")))
        .server(bulk("b"))
        .client(command("SSUBSCRIBE a:1"))
        .server("-NOPERM no\r\n");
    assert_snapshot!(talk.expect_exchanges(3).close());
}

#[test]
fn a_transaction_is_an_exchange_a_command() {
    let asked = ["MULTI", "SET a:1 x", "SUBSCRIBE news", "EXEC"].map(command).concat();
    let confirmed = format!("*3\r\n{}{}:1\r\n", bulk("subscribe"), bulk("news"));
    let talk = Talk::new()
        .client(asked)
        .server(format!("+OK\r\n+QUEUED\r\n+QUEUED\r\n*2\r\n+OK\r\n{confirmed}"))
        .server(message("news"))
        .client(command("MULTI") + &command("EXEC"))
        .server("+OK\r\n-EXECABORT Transaction discarded\r\n");
    assert_snapshot!(talk.expect_exchanges(6).close());
}

#[test]
fn monitored_commands_are_no_answers() {
    let line = "+1339518083.107412 [0 127.0.0.1:60866] \"keys\" \"*\"\r\n";
    let talk = Talk::new()
        .client(command("MONITOR"))
        .server(format!("+OK\r\n{line}{line}"))
        .client(command("RESET"))
        .server(format!("{line}+RESET\r\n"))
        .client(command("PING"))
        .server("+PONG\r\n");
    assert_snapshot!(talk.expect_exchanges(3).close());
}

#[test]
fn commands_without_answers_have_none() {
    let asked = ["CLIENT REPLY SKIP", "SET a 1", "GET a", "CLIENT REPLY OFF", "SET a 2", "CLIENT REPLY ON", "GET a"];
    let talk = Talk::new().client(asked.map(command).concat()).server("$1\r\n1\r\n+OK\r\n$1\r\n2\r\n");
    assert_snapshot!(talk.expect_exchanges(7).close());
}

#[test]
fn inline_commands_count_if_both_sides_agree() {
    let talk = Talk::new().client("PING\r\n").expect_protocol(None).server("+PONG\r\n");
    let talk = talk.expect_protocol(Protocol::Redis).client("\r\nget inline:1\r\n").server("$1\r\nx\r\n");
    assert_snapshot!(talk.client("nonsense\r\n").server("-ERR unknown command\r\n").expect_exchanges(3).close());
    for (client, server) in [("PING\r\n", "PONG\r\n"), ("", "+OK POP3 ready\r\n"), ("HELO x\r\n", "")] {
        let talk = Talk::new().client(client).server(server).client("*1\r\n").expect_protocol(None);
        assert_eq!(talk.close(), "");
    }
}

#[test]
fn a_replica_is_left_alone() {
    let talk = Talk::new()
        .client(command("REPLCONF capa eof"))
        .server("+OK\r\n")
        .client(command("PSYNC ? -1"))
        .server("\n\n")
        .server("+FULLRESYNC d5f733ebb672cff6b5cd5e51bfec9149acbd720f 0\r\n$EOF:16e3b5\r\nREDIS\x7f\x09")
        .client(command("REPLCONF ACK 0"));
    assert_snapshot!(talk.expect_protocol(None).expect_exchanges(2).close());
    let talk = Talk::new().client(command("SYNC")).server("$1000\r\nREDIS").client(command("GET a"));
    assert_snapshot!(talk.expect_protocol(None).close());
}

#[test]
fn shutting_down_has_no_answer() {
    assert_snapshot!(Talk::new().client(command("SHUTDOWN NOSAVE")).close(), @"SHUTDOWN ? 30/0B first - last -");
}

#[test]
fn what_is_cut_off_is_told() {
    let no_answer = Talk::new().client(command("BLPOP jobs:1 0"));
    assert_snapshot!(no_answer.close(), @"BLPOP jobs:{id} 34/0B first - last - NoAnswer");
    let truncated = Talk::new().client(command("GET a:1")).server("$100\r\nabc");
    assert_snapshot!(truncated.reset(), @"GET a:{id} 22/9B first 1ms last - Truncated");
    let begun = Talk::new().client("*3\r\n$3\r\nSET\r\n$3\r\na:1\r\n$100\r\nabc");
    assert_snapshot!(begun.reset(), @"SET a:{id} 31/0B first - last - NoAnswer");
}

#[test]
fn large_values_are_passed_over() {
    let (length, head) = (50_000_000, "*3\r\n$3\r\nSET\r\n$4\r\nbig1\r\n$50000000\r\n");
    let talk = Talk::new().client(head);
    assert_eq!(talk.connection.body_until(Direction::Request), head.len() as u64 + length + 1);
    let talk = talk.lose(Direction::Request, length - 10).client(format!("{}\r\n", "x".repeat(10))).server("+OK\r\n");
    let talk = talk.expect_exchanges(1).client(command("GET big1")).server("$50000000\r\n");
    assert_eq!(talk.connection.body_until(Direction::Response), 5 + 11 + length + 1);
    let talk = talk.lose(Direction::Response, length + 1).expect_exchanges(1).server("\n");
    assert_snapshot!(talk.expect_exchanges(2).close());
}

#[test]
fn what_is_not_captured_of_a_value_is_followed() {
    let values = format!("*2\r\n{}{}", bulk(&"x".repeat(300)), bulk("y"));
    let talk = Talk::new()
        .capture(100, 64)
        .client(command(&format!("MSET a {} b 1", "x".repeat(300))) + &command("PING"))
        .server("+OK\r\n+PONG\r\n")
        .client(command("MGET a b"))
        .server(values);
    assert_snapshot!(talk.expect_exchanges(3).close());
}

#[test]
fn an_answer_whose_middle_is_not_captured_ends_with_the_next_command() {
    let list = format!("*200\r\n{}", bulk("element").repeat(200));
    let (first, second) = list.split_at(2_000);
    let talk = Talk::new()
        .capture(100, 20)
        .client(command("LRANGE a 0 -1"))
        .server(first)
        .server(second)
        .expect_exchanges(0)
        .client(command("GET b"))
        .expect_exchanges(1)
        .server(bulk("b"))
        .client(command("LRANGE a 0 -1"))
        .server(&list);
    assert_snapshot!(talk.close());
}

#[test]
fn a_lost_command_leaves_the_others_paired() {
    let talk = known_to_wait(Talk::new())
        .lose_client(command("GET lost"))
        .server(bulk("lost"))
        .client(command("GET a"))
        .server(bulk("a"))
        .wait()
        .client(command("GET b"))
        .server(bulk("b"));
    assert_snapshot!(talk.close());
}

#[test]
fn a_lost_answer_leaves_the_others_paired() {
    let talk = known_to_wait(Talk::new())
        .client(command("GET lost"))
        .lose_server(bulk("lost"))
        .client(command("GET a"))
        .server(bulk("a"))
        .client(command("GET b"))
        .server(bulk("b"));
    assert_snapshot!(talk.close());
}

#[test]
fn a_gap_in_a_pipeline_never_mispairs() {
    let mut talk = Talk::new().client(command("GET a") + &command("GET b")).server(bulk("a"));
    talk = talk.lose_client(command("GET lost")).client(command("GET c")).wait();
    for value in ["b", "lost", "c"] {
        talk = talk.server(bulk(value));
    }
    talk = talk.client(command("GET unsure")).server(bulk("unsure")).wait();
    assert_snapshot!(talk.client(command("GET sure")).server("+OK\r\n").close());
}

#[test]
fn an_answer_whose_end_was_lost_is_not_called_truncated() {
    let talk = Talk::new().client(command("GET a")).server("$4\r\n").lose_server("body\r\n");
    assert_snapshot!(talk.counted().close(), @"GET a 20/10B first 1ms last -");
}

fn rounds(mut talk: Talk, count: usize) -> Talk {
    for index in 0..count {
        talk = talk.client(command(&format!("GET key-{index}"))).server(bulk(&index.to_string()));
    }
    talk
}

#[test]
fn rounds_of_an_adopted_connection_are_told_once_they_are_certain() {
    for count in [1, 3, 5, 100] {
        let talk = rounds(Talk::adopted(), count).expect_exchanges(0).wait().expect_exchanges(count);
        let talk = talk.client(command("GET next")).server(bulk("x")).expect_exchanges(count + 1);
        assert_eq!(talk.collected.lost, 0);
        let talk = rounds(Talk::adopted(), count);
        assert_eq!(talk.close(), format!("lost {count}\n"));
    }
    let long = rounds(Talk::adopted(), 3_000).wait().expect_exchanges(1_024);
    assert_eq!(long.collected.lost, 3_000 - 1_024);
}

#[test]
fn what_was_under_way_when_a_connection_was_adopted_spoils_no_pair() {
    let mut talk = Talk::adopted();
    for (asked, answered) in [(1, 0), (2, 1), (3, 2)] {
        talk = talk.client(command(&format!("GET key-{asked}"))).server(bulk(&answered.to_string()));
    }
    talk = rounds(talk.server(bulk("3")), 2).wait();
    assert_snapshot!(talk.close());
}

#[test]
fn a_command_that_is_not_recognised_shows_that_something_is_under_way() {
    let (begun, rest) = ("*2\r\n$", "3\r\nGET\r\n$1\r\na\r\n");
    let talk = known_to_wait(Talk::new()).client("*1\r\n").lose_client("$4\r\nPING\r\n").server("+PONG\r\n").wait();
    let talk = talk.client(begun).client(rest).client(command("GET b")).server(bulk("a")).server(bulk("b"));
    assert_snapshot!(talk.client(command("GET c")).server(bulk("c")).close());
}

#[test]
fn adopted_connections_are_followed_from_a_pause_on() {
    let talk = Talk::adopted()
        .server(bulk("the end of something"))
        .client(command("GET before"))
        .server(bulk("unsure"))
        .expect_protocol(Protocol::Redis)
        .wait()
        .client(command("GET a"))
        .server(bulk("a"));
    assert_snapshot!(talk.close());
    let mut talk = Talk::adopted();
    for index in 0..8 {
        talk = talk.client(command("GET paced")).server(bulk(&index.to_string())).lose(Direction::Request, 0);
        talk.time += 10_000_000;
    }
    assert_snapshot!(talk.close());
}

#[test]
fn recorded_applications() {
    for name in ["commands-0", "commands-1", "resp3-0", "resp3-1", "pipeline-0", "pipeline-2"] {
        let name = format!("redis/{name}");
        let lines = played(&name);
        assert_eq!(played_in_bytes(&name), lines, "{name}");
        assert_snapshot!(name.replace('/', "-"), lines);
    }
    assert_eq!(played("redis/pipeline-1").lines().filter(|line| line.starts_with("SET key:__rand_int__ ")).count(), 48);
}

#[test]
fn recorded_listeners_and_others() {
    for name in ["subscriber-0", "subscriber-1", "monitor-0", "monitor-1", "blocking", "inline", "replica"] {
        let name = format!("redis/{name}");
        assert_snapshot!(name.replace('/', "-"), played(&name));
    }
}
