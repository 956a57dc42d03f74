//! HTTP/1.1 over rustls: a library that is compiled into its programs, in each as its compiler likes it.

use std::{net::SocketAddr, path::Path, sync::Arc};

use anyhow::{Context, Result, ensure};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    runtime::Runtime,
};
use tokio_rustls::{
    TlsAcceptor, TlsConnector,
    rustls::{
        ClientConfig, RootCertStore, ServerConfig,
        pki_types::{CertificateDer, PrivateKeyDer, ServerName, pem::PemObject},
    },
};

use crate::book::Book;

const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";

/// Serves until it is killed, by `cert.pem` and `key.pem` of a folder.
pub(crate) fn serve(address: SocketAddr, folder: &Path) -> Result<()> {
    let certificate = CertificateDer::from_pem_file(folder.join("cert.pem"))?;
    let key = PrivateKeyDer::from_pem_file(folder.join("key.pem"))?;
    let mut config = ServerConfig::builder().with_no_client_auth().with_single_cert(vec![certificate], key)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    let acceptor = TlsAcceptor::from(Arc::new(config));
    Runtime::new()?.block_on(async {
        let listener = TcpListener::bind(address).await.with_context(|| format!("cannot listen on {address}"))?;
        loop {
            let (stream, _) = listener.accept().await?;
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                let mut stream = acceptor.accept(stream).await?;
                while read_until(&mut stream, b"\r\n\r\n").await? {
                    stream.write_all(ANSWER).await?;
                }
                anyhow::Ok(())
            });
        }
    })
}

/// So many connections, one after the other, each with so many requests.
pub(crate) fn ask(address: SocketAddr, folder: &Path, connections: usize, times: usize) -> Result<Book> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(folder.join("cert.pem"))?)?;
    let mut config = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    let connector = TlsConnector::from(Arc::new(config));
    Runtime::new()?.block_on(async {
        let mut book = Book { connections: connections as u64, ..Book::default() };
        for _ in 0..connections {
            let stream = TcpStream::connect(address).await?;
            let mut stream = connector.connect(ServerName::try_from("localhost")?, stream).await?;
            for _ in 0..times {
                stream.write_all(b"GET /hidden HTTP/1.1\r\nHost: localhost\r\n\r\n").await?;
                ensure!(read_until(&mut stream, b"hello").await?, "the server went away");
                book.exchange("GET", "/hidden", 200);
            }
            stream.shutdown().await?;
        }
        Ok(book)
    })
}

/// Reads up to what a message ends with. False where there is no more.
async fn read_until(stream: &mut (impl AsyncRead + Unpin), end: &[u8]) -> Result<bool> {
    let mut bytes = Vec::new();
    while !bytes.ends_with(end) {
        if stream.read_buf(&mut bytes).await? == 0 {
            return Ok(false);
        }
    }
    Ok(true)
}
