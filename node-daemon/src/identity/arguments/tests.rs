//! What is shown, and what never is.

use proptest::prelude::*;

use super::*;

fn shown(arguments: &[&str]) -> String {
    let bytes = format!("{}\0", arguments.join("\0"));
    command_line(&Arguments { bytes: bytes.as_bytes(), is_cut: false }).unwrap_or_default()
}

#[test]
fn what_is_no_secret_stays() {
    for arguments in [
        &["nginx", "-g", "daemon off;"][..],
        &["java", "-XX:MaxMetaspaceSize=256m", "-Dspring.profiles.active=prod", "-jar", "/opt/App2/Shop-1.2.3.jar"],
        &["docker", "run", "-p", "8080:80", "--password-file", "/run/secrets/db"],
        &["curl", "-fsSL", "https://example.com:8443/v1/items?page=2", "-H", "accept: text/html"],
        &["python3", "train.py", "--max_tokens=512", "--tokenizer", "gpt2", "--author", "ann"],
        &["ssh", "git@example.com", "-i", "/home/ann/.ssh/id_ed25519", "-p", "2222"],
        &["postgres: shop orders 10.0.0.1(4242) idle"],
        &["pod", "5f0c0f1e-8c6a-4f6e-9d3b-0a1b2c3d4e5f", "/usr/lib/jvm/java-17-openjdk-amd64/bin/java"],
    ] {
        assert_eq!(shown(arguments), arguments.join(" "));
    }
}

#[test]
fn secrets_are_cut_where_something_says_so() {
    for (arguments, expected) in [
        (&["x", "--password", "-hunter2", "--verbose"][..], "x --password *** --verbose"),
        (&["x", "--db.password=a&b c", "-Dtoken=x"], "x --db.password=*** -Dtoken=***"),
        (&["mysql", "-uroot", "-phunter2", "shop"], "mysql -uroot -p*** shop"),
        (&["mysql", "-p", "shop"], "mysql -p shop"),
        (&["mysql", "-psecret"], "mysql -p***"),
        (&["x", "--password:hunter2"], "x --password:***"),
        (&["sshpass", "-p", "hunter2", "ssh", "host"], "sshpass -p *** ssh host"),
        (&["docker", "login", "-u", "ann", "-p", "hunter2"], "docker login -u ann -p ***"),
        (&["curl", "-sSu", "ann:hunter2", "http://x"], "curl -sSu ann:*** http://x"),
        (&["wget", "--user=ann:hunter2"], "wget --user=ann:***"),
        (&["curl", "-H", "Authorization: Bearer a.b c"], "curl -H Authorization: ***"),
        (&["curl", "--header=X-Api-Key: abc", "y"], "curl --header=X-Api-Key: *** y"),
        (&["curl", "--header=Authorization: Basic abc"], "curl --header=Authorization: Basic ***"),
        (&["env", "PGPASSWORD=hunter2", "psql"], "env PGPASSWORD=*** psql"),
        (&["psql", "host=db password=hunter2 user=ann"], "psql host=db password=*** user=ann"),
        (&["psql", "postgresql://ann:p@ss/w@db/shop"], "psql postgresql://ann:***@db/shop"),
        (&["git", "clone", "https://abc@example.com/x"], "git clone https://***@example.com/x"),
        (&["x", "http://h/?a=1&api_key=abc&b=2"], "x http://h/?a=1&api_key=***&b=2"),
        (&["x", "--set=auth.password=hunter2"], "x --set=auth.password=***"),
        (&["x", r#"{"user":"ann","password":"a b"}"#], r#"x {"user":"ann","password":***"#),
        (&["x", r#"{"user": "ann", "password": "hunter2"}"#], r#"x {"user": "ann", "password": ***"#),
        (&["sh", "-c", "mysql -phunter2 < x && PASSWORD='a b' run"], "sh -c mysql -p*** < x && PASSWORD=*** run"),
        (&["bash", "-c", r#"sh -c "curl -u 'ann:hunter2' http://x""#], r#"bash -c sh -c "curl -u 'ann:***' http://x""#),
        (&["x", "ghp_16C7e42F292c6912E7710c838347Ae178B4a"], "x ***"),
        (&["x", "--key=0123456789abcdef0123456789abcdef", "sha256:"], "x --key=*** sha256:"),
    ] {
        assert_eq!(shown(arguments), expected);
    }
}

/// The command lines of a file: words, or what stands within single quotes.
fn lines(file: &str) -> impl Iterator<Item = Vec<String>> {
    file.lines().filter(|line| !line.starts_with('#')).map(|line| {
        let mut arguments = vec![String::new()];
        let mut is_quoted = false;
        for letter in line.chars() {
            match letter {
                '\'' => is_quoted = !is_quoted,
                ' ' if !is_quoted => arguments.push(String::new()),
                letter => arguments.last_mut().expect("one at least").push(letter),
            }
        }
        arguments
    })
}

fn shown_line(arguments: &[String]) -> String {
    let plain: Vec<String> = arguments.iter().map(|argument| argument.replace(['«', '»'], "")).collect();
    shown(&plain.iter().map(String::as_str).collect::<Vec<_>>())
}

#[test]
fn realistic_command_line_with_secret_hides_it() {
    let mut readable = Vec::new();
    for arguments in lines(include_str!("tests/secret.txt")) {
        let shown = shown_line(&arguments);
        let line = arguments.join(" ");
        let secrets: Vec<&str> = line.split('«').skip(1).filter_map(|rest| Some(rest.split_once('»')?.0)).collect();
        assert!(!secrets.is_empty(), "{line}");
        if secrets.iter().any(|secret| shown.contains(secret)) || !shown.contains(HIDDEN) {
            readable.push(shown);
        }
    }
    assert!(readable.is_empty(), "{}", readable.join("\n"));
}

#[test]
fn realistic_command_line_without_secret_stays_readable() {
    let hidden =
        lines(include_str!("tests/innocent.txt")).map(|arguments| (shown_line(&arguments), arguments.join(" ")));
    let hidden: Vec<String> = hidden.filter(|(shown, line)| shown != line).map(|(shown, _)| shown).collect();
    assert!(hidden.is_empty(), "{}", hidden.join("\n"));
}

#[test]
fn half_a_word_is_not_shown() {
    let cut = |bytes: &str| command_line(&Arguments { bytes: bytes.as_bytes(), is_cut: true });
    assert_eq!(cut("psql\0postgresql://ann:hunt").as_deref(), Some("psql …"));
    assert_eq!(cut("sh\0-c\0echo a && psql postgresql://ann:hunt").as_deref(), Some("sh -c echo a && psql …"));
    assert_eq!(command_line(&Arguments::default()), None);
    let bytes = [0xff, b'a', 0, b'\n', 0];
    assert_eq!(command_line(&Arguments { bytes: &bytes, is_cut: false }).as_deref(), Some("\u{fffd}a "));
}

/// How a secret is given, in arguments of which each `{}` is the secret.
const MARKERS: &[&[&str]] = &[
    &["x", "--password", "{}"],
    &["x", "--password={}"],
    &["x", "-password", "{}"],
    &["x", "--api-key", "{}"],
    &["x", "--client_secret={}"],
    &["x", "--accessToken", "{}"],
    &["x", "--auth={}"],
    &["mysql", "-p{}"],
    &["sudo", "/usr/bin/mysqldump", "-p{}", "shop"],
    &["sshpass", "-p", "{}"],
    &["sshpass", "-p{}"],
    &["redis-cli", "-a", "{}"],
    &["curl", "-u", "ann:{}"],
    &["curl", "--user", "ann:{}"],
    &["curl", "-uann:{}"],
    &["curl", "-H", "Authorization: Bearer {}"],
    &["curl", "-H", "authorization: {}"],
    &["curl", "-HCookie: {}"],
    &["env", "PGPASSWORD={}"],
    &["env", "AWS_SECRET_ACCESS_KEY={}"],
    &["env", "GITHUB_TOKEN={}", "x"],
    &["x", "redis://:{}@host:6379/0"],
    &["x", "amqp://ann:{}@host"],
    &["sh", "-c", "x --password {} y"],
    &["sh", "-c", "export TOKEN={}; x"],
    &["sh", "-c", "mysql -p{}"],
    &["sh", "-c", "curl -u ann:{} http://x"],
    &["sh", "-c", "curl -H 'Authorization: Bearer {}' http://x"],
    &["sh", "-c", "curl -H \"Authorization: Token {}\" http://x"],
    &["x", "host=db password={} user=ann"],
    &["x", "{\"password\": \"{}\"}"],
    &["x", "{\"password\":\"{}\"}"],
];

proptest! {
    #[test]
    fn a_secret_behind_a_marker_never_appears(secret in "[A-Za-z0-9!#$%*+,./:?@^_~-]{6,24}", marker in 0..MARKERS.len()) {
        // Marked, so that no other word is taken for it.
        let secret = format!("Q{secret}Q");
        let arguments: Vec<String> = MARKERS[marker].iter().map(|part| part.replace("{}", &secret)).collect();
        let shown = shown(&arguments.iter().map(String::as_str).collect::<Vec<_>>());
        prop_assert!(!shown.contains(&secret), "{shown}");
        prop_assert!(shown.contains(HIDDEN), "{shown}");
        // Nor a half of it.
        let half = &secret[..secret.len() / 2];
        prop_assert!(!shown.contains(half) && !shown.contains(&secret[half.len()..]), "{shown}");
    }

    #[test]
    fn any_bytes_are_taken(bytes in prop::collection::vec(any::<u8>(), 0..512), is_cut: bool) {
        if let Some(shown) = command_line(&Arguments { bytes: &bytes, is_cut }) {
            prop_assert!(!shown.contains(char::is_control));
        }
    }
}
