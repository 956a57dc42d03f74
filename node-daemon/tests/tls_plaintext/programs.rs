//! Servers and clients over TLS.

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    net::{TcpListener, TcpStream},
    process::{Child, ChildStdout, Command, Stdio},
    sync::Arc,
    time::{Duration, Instant},
};

use tempfile::TempDir;

use crate::observer::{PATIENCE, Running, group::Group};

pub(crate) fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

pub(crate) fn wait_for(port: u16) {
    let end = Instant::now() + PATIENCE;
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        assert!(Instant::now() < end, "nobody listens");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// A folder with a certificate for `localhost` and its key.
pub(crate) fn folder() -> TempDir {
    let folder = TempDir::new().unwrap();
    let output = Command::new("openssl")
        .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"])
        .args(["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", "key.pem"])
        .args(["-out", "cert.pem"])
        .current_dir(folder.path())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    folder
}

/// A server over TLS, in a folder of its own.
pub(crate) struct Server {
    pub(crate) port: u16,
    pub(crate) folder: TempDir,
    pub(crate) program: Running,
    /// Removed last, when the program is gone.
    _group: Arc<Group>,
}

impl Server {
    pub(crate) fn nginx() -> Self {
        Self::nginx_by(&mut Command::new("nginx"))
    }

    pub(crate) fn nginx_by(program: &mut Command) -> Self {
        let (folder, port) = (folder(), free_port());
        let configuration = format!(
            "daemon off; master_process off; pid nginx.pid; error_log error.log; events {{}}\n\
             http {{ access_log off; keepalive_requests 1000000; server {{\n\
             listen 127.0.0.1:{port} ssl http2; ssl_certificate cert.pem; ssl_certificate_key key.pem;\n\
             location / {{ return 200 \"hello\"; }}\n\
             location /missing {{ return 404; }}\n\
             location /files {{ alias {}; }}\n\
             }} }}\n",
            folder.path().display(),
        );
        fs::write(folder.path().join("nginx.conf"), configuration).unwrap();
        program.arg("-p").arg(folder.path()).args(["-c", "nginx.conf", "-e", "error.log"]);
        Self::started(folder, port, program)
    }

    /// A script that finds its port, its certificate and its key in its arguments.
    pub(crate) fn script(program: &mut Command, script: &str) -> Self {
        let (folder, port) = (folder(), free_port());
        fs::write(folder.path().join("script"), script).unwrap();
        program.current_dir(folder.path()).arg("script").arg(port.to_string());
        Self::started(folder, port, program)
    }

    pub(crate) fn started(folder: TempDir, port: u16, program: &mut Command) -> Self {
        let group = Group::entered();
        let running = Running::start(program);
        wait_for(port);
        Self { port, folder, program: running, _group: group }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("https://localhost:{}{path}", self.port)
    }
}

/// One connection for all.
pub(crate) fn curl(urls: &[String]) -> Command {
    let mut curl = Command::new("curl");
    curl.args(["-sk", "--ipv4", "--http1.1", "-o", "/dev/null"]);
    urls.iter().for_each(|url| {
        curl.args([url.as_str(), "-o", "/dev/null"]);
    });
    curl
}

pub(crate) const PATIENT_CLIENT: &str = include_str!("scripts/patient_client.py");

pub(crate) struct PatientClient(Child, BufReader<ChildStdout>);

impl PatientClient {
    pub(crate) fn start(port: u16) -> Self {
        let mut python = Command::new("python3");
        python.args(["-c", PATIENT_CLIENT, &port.to_string()]);
        Self::by(python)
    }

    /// A program that asks so often as each line it is given says, and says when it has.
    pub(crate) fn by(mut program: Command) -> Self {
        let mut child = program.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let mut this = Self(child, output);
        this.wait();
        this
    }

    pub(crate) fn ask(&mut self, times: usize) {
        writeln!(self.0.stdin.as_mut().unwrap(), "{times}").unwrap();
        self.wait();
    }

    pub(crate) fn wait(&mut self) {
        let mut line = String::new();
        self.1.read_line(&mut line).unwrap();
        assert_eq!(line, "asked\n");
    }
}

impl Drop for PatientClient {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        let _ = self.0.wait();
    }
}
