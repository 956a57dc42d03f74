//! A daemon that is confined to a cgroup sees its own and nothing else.

mod observer;

use std::{net::TcpListener, process::Command, time::Duration};

use goldwire::decode::{Event, Role};
use observer::{Observer, Running, group::Group};

#[test]
fn only_the_end_inside_is_told() {
    let group = Group::new("goldwire-confined-client");
    let mut observer = Observer::of_cgroup(group.path.clone());
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let mut client = group.shell(&format!("exec socat -u OPEN:/etc/hostname TCP:127.0.0.1:{port}"));
    drop(listener.accept().unwrap());
    client.0.wait().unwrap();
    let mut segments = 0;
    let mut roles = Vec::new();
    let closed = observer.collect_for(Duration::from_secs(1), |event| match event {
        Event::TcpEstablished(event)
            if event.addresses.remote.port() == port || event.addresses.local.port() == port =>
        {
            roles.push(event.role);
            None
        }
        Event::TcpSegment(segment) => {
            segments += u32::from(segment.length > 0);
            None
        }
        Event::TcpClosed(event) if event.addresses.remote.port() == port => Some(event.owner_pid),
        Event::ProcessExecuted(event) => {
            assert_eq!(event.cgroup_name, "goldwire-confined-client");
            None
        }
        _ => None,
    });
    assert_eq!((closed, roles, segments), (vec![Some(client.0.id())], vec![Role::Client], 1));
}

#[test]
fn accepted_and_adopted_connections_inside_are_told() {
    let group = Group::new("goldwire-confined-server");
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let server = group.shell(&format!("exec socat TCP-LISTEN:{port},bind=127.0.0.1,fork,reuseaddr EXEC:cat"));
    let connect = || {
        for _ in 0..100 {
            if let Ok(stream) = std::net::TcpStream::connect(("127.0.0.1", port)) {
                return stream;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        panic!("the server does not listen")
    };
    let before = connect();
    std::thread::sleep(Duration::from_millis(200));
    let mut observer = Observer::of_cgroup(group.path.clone());
    let after = connect();
    let mut established = Vec::new();
    let mut adopted = Vec::new();
    let mut listening = Vec::new();
    observer.collect_for(Duration::from_secs(1), |event| {
        match event {
            Event::TcpEstablished(event) => established.push((event.role, event.addresses.remote)),
            Event::TcpAdopted(event) => adopted.push((event.role, event.addresses.remote)),
            Event::TcpListening(event) => listening.push(event.local.port()),
            _ => {}
        }
        None::<()>
    });
    assert_eq!(established, [(Role::Server, after.local_addr().unwrap())]);
    assert_eq!(adopted, [(Role::Server, before.local_addr().unwrap())]);
    assert_eq!(listening, [port]);
    drop(server);
}

#[test]
fn only_what_programs_inside_say_in_tls_is_told() {
    let group = Group::new("goldwire-confined-tls");
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let folder = tempfile::TempDir::new().unwrap();
    let make = "openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=localhost -keyout key.pem -out cert.pem";
    let made = Command::new("sh").args(["-c", make]).current_dir(folder.path()).output().unwrap();
    assert!(made.status.success());
    let mut server = Command::new("openssl");
    server.args(["s_server", "-quiet", "-www", "-key", "key.pem", "-cert", "cert.pem", "-port", &port.to_string()]);
    let _server = Running::start(server.current_dir(folder.path()));
    let mut observer = Observer::of_tls_in(group.path.clone());
    let ask = format!("curl -sk --retry 20 --retry-connrefused --retry-delay 1 https://127.0.0.1:{port}/inside");
    let mut client = group.shell(&format!("exec {ask}"));
    client.0.wait().unwrap();
    let outside = Command::new("sh").args(["-c", &ask]).output().unwrap();
    assert!(outside.status.success());
    let told = observer.collect_for(Duration::from_secs(1), |event| match event {
        Event::Plaintext(event) => Some((event.pid, event.prefix.starts_with(b"GET /inside"))),
        _ => None,
    });
    assert!(told.contains(&(client.0.id(), true)), "{told:?}");
    assert!(told.iter().all(|(pid, _)| *pid == client.0.id()), "{told:?}");
}
