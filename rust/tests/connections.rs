//! A connection is used again, but none that a server is about to close.

use std::time::Duration;

use devicegrant::{Http, Request, Secret, Transport};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

#[tokio::test]
async fn a_connection_is_used_again_but_not_after_four_seconds()
-> Result<(), Box<dyn std::error::Error>> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = format!("http://{}/", listener.local_addr()?);
    let (opened, mut connections) = tokio::sync::mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            let _ = opened.send(());
            tokio::spawn(async move {
                let mut request = [0; 4096];
                // Each of these requests comes in one piece.
                while socket.read(&mut request).await.is_ok_and(|read| read > 0) {
                    let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}";
                    socket.write_all(answer).await?;
                }
                Ok::<_, std::io::Error>(())
            });
        }
    });

    let http = Http::new(b"")?;
    let mut number_after = async |wait: u64| {
        tokio::time::sleep(Duration::from_secs(wait)).await;
        let request = Request::get(&address, &Secret::new("token"))?;
        let answer = http.send(request).await;
        assert!(answer.is_ok_and(|answer| answer.status == 200));
        let mut number = 0;
        while connections.try_recv().is_ok() {
            number += 1;
        }
        Ok::<_, devicegrant::Error>(number)
    };
    assert_eq!(number_after(0).await?, 1);
    assert_eq!(number_after(1).await?, 0, "the first is used again");
    assert_eq!(number_after(5).await?, 1, "the first has rested too long");
    Ok(())
}
