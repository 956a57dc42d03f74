//! Dropped packets and processes as the probes tell them, on this kernel.

mod observer;

use std::{
    net::{TcpListener, TcpStream},
    os::unix::process::CommandExt,
    process::Command,
    time::Duration,
};

use goldwire::decode::{BootTime, Event};
use observer::{Namespace, Observer, Pair};

#[test]
fn a_firewall_drop_is_told_with_reason_flow_and_place() {
    let mut observer = Observer::of_node();
    let namespace = Namespace::new("goldwire-drops");
    namespace.inside("nft add table inet filter");
    namespace.inside("nft add chain inet filter input { type filter hook input priority 0 ; }");
    namespace.inside("nft add rule inet filter input udp dport 4242 drop");
    for _ in 0..5 {
        namespace.inside("socat -u OPEN:/etc/hostname UDP-SENDTO:127.0.0.1:4242,bind=127.0.0.1");
    }
    let mut count = 0;
    observer.collect(1, |event| {
        if let Event::PacketsDropped(event) = event
            && event.destination.to_string() == "127.0.0.1:4242"
        {
            assert_eq!(event.reason, "NETFILTER_DROP");
            assert_eq!((event.protocol, event.source.ip().to_string().as_str()), (17, "127.0.0.1"));
            assert!(event.place.starts_with("nf"), "the function that dropped: {}", event.place);
            assert_ne!(event.network_namespace, 0);
            assert!(event.bytes >= 28 * event.count);
            count += event.count;
        }
        (count >= 5).then_some(())
    });
    assert_eq!(count, 5);
}

#[test]
fn ten_thousand_clean_connections_drop_nothing() {
    let mut observer = Observer::of_node();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let mut dropped = Vec::new();
    for round in 0..10_000 {
        let mut pair = Pair::to(&listener);
        pair.send(b"question");
        pair.answer(b"answer");
        drop(pair);
        if round % 500 == 0 {
            observer.receiver.poll(&mut |event| note_drop(&event, address.port(), &mut dropped));
        }
    }
    for event in observer.collect_for(Duration::from_secs(3), |event| {
        note_drop(&event, address.port(), &mut dropped);
        None::<String>
    }) {
        dropped.push(event);
    }
    assert_eq!(dropped, Vec::<String>::new());
    assert_eq!(observer.receiver.losses().control_ring, 0);
}

fn note_drop(event: &Event<'_>, port: u16, dropped: &mut Vec<String>) {
    if let Event::PacketsDropped(event) = event
        && (event.source.port() == port || event.destination.port() == port)
    {
        dropped.push(format!("{event:?}"));
    }
}

#[test]
fn a_process_is_told_from_fork_to_exit() {
    let mut observer = Observer::of_node();
    observer.skip();
    let before = since_boot();
    let mut child = Command::new("/bin/sh").args(["-c", "exit 7"]).uid(65534).spawn().unwrap();
    let pid = child.id();
    child.wait().unwrap();
    let after = since_boot();
    let mut forked = false;
    let mut executable = String::new();
    let mut started = None;
    let exits = observer.collect(1, |event| match event {
        Event::ProcessForked(event) if event.pid == pid => {
            forked = true;
            assert_eq!(event.parent, std::process::id());
            None
        }
        Event::ProcessExecuted(event) if event.pid == pid => {
            assert_eq!(event.parent, std::process::id());
            event.executable.clone_into(&mut executable);
            assert_eq!((event.arguments.bytes, event.arguments.is_cut), (&b"/bin/sh\0-c\0exit 7\0"[..], false));
            assert_eq!(event.user, Some(65534));
            assert!(event.started >= Some(before) && event.started <= Some(after), "{:?}", event.started);
            started = event.started;
            None
        }
        Event::ProcessExited(event) if event.pid == pid => {
            assert_eq!((event.user, event.started), (Some(65534), started));
            Some(event.status)
        }
        _ => None,
    });
    assert!(forked);
    assert_eq!((executable.as_str(), exits), ("/bin/sh", vec![7 << 8]));
}

/// Arguments are read in the kernel, so that no process is too short for them.
#[test]
fn arguments_of_any_length_are_told() {
    let mut observer = Observer::of_node();
    observer.skip();
    let lengths = [1_usize, 500, 505, 506, 507, 600, 100_000];
    for length in lengths {
        assert!(Command::new("/bin/true").arg("a".repeat(length)).status().unwrap().success());
    }
    let told = observer.collect(lengths.len(), |event| match event {
        Event::ProcessExecuted(event) if event.executable == "/bin/true" => Some((
            event.arguments.bytes.len(),
            event.arguments.is_cut,
            event.arguments.bytes.starts_with(b"/bin/true\0a"),
        )),
        _ => None,
    });
    // The name and two NULs are eleven bytes more.
    let expected = lengths.map(|length| ((length + 11).min(512), length + 11 > 512, true));
    assert_eq!(told, expected);
}

fn since_boot() -> BootTime {
    let time = nix::time::clock_gettime(nix::time::ClockId::CLOCK_BOOTTIME).unwrap();
    BootTime(time.tv_sec() as u64 * 1_000_000_000 + time.tv_nsec() as u64)
}

#[test]
fn refusals_are_no_drops_of_the_firewall() {
    let mut observer = Observer::of_node();
    let unused = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    TcpStream::connect(unused).unwrap_err();
    let reasons = observer.collect_for(Duration::from_secs(2), |event| match event {
        Event::PacketsDropped(event) if event.destination == unused => Some(event.reason.to_owned()),
        _ => None,
    });
    assert_eq!(reasons, ["NO_SOCKET"], "a SYN that nobody wants is dropped, and says why");
}
