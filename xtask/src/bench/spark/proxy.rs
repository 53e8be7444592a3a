//! A slow way to a server: a TCP proxy on loopback that lets every byte wait, in each direction, before it goes on.
//!
//! Knows nothing of what is said. Bytes that come while others wait do not queue behind them: each waits from when it came.

use std::io::{self, Read as _, Write as _};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use crate::run::Outcome;

/// Starts a proxy to a port of this machine, which ends with the program; the port that it listens on.
pub(super) fn start(to: u16, delay: Duration) -> Outcome<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let port = listener.local_addr()?.port();
    thread::spawn(move || {
        for client in listener.incoming().flatten() {
            // A server that can't be reached closes the connection, which is what a client sees of it without a proxy too.
            let _ = join(client, to, delay);
        }
    });
    Ok(port)
}

/// How long a byte takes to an echo and back over a proxy with this delay: the median of many.
pub(super) fn round_trip(delay: Duration) -> Outcome<Duration> {
    const TIMES: usize = 21;
    let echo = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let port = start(echo.local_addr()?.port(), delay)?;
    thread::spawn(move || -> io::Result<()> {
        let (mut stream, _) = echo.accept()?;
        stream.set_nodelay(true)?;
        let mut byte = [0];
        while stream.read(&mut byte)? > 0 {
            stream.write_all(&byte)?;
        }
        Ok(())
    });
    let mut stream = connect(port)?;
    let mut times = Vec::with_capacity(TIMES);
    for _ in 0..TIMES {
        let began = Instant::now();
        stream.write_all(&[1])?;
        stream.read_exact(&mut [0])?;
        times.push(began.elapsed());
    }
    times.sort_unstable();
    Ok(times[TIMES / 2])
}

/// Bytes, and when they may go on; no bytes at the end.
type Parcel = (Instant, Vec<u8>);

fn join(client: TcpStream, to: u16, delay: Duration) -> io::Result<()> {
    client.set_nodelay(true)?;
    let server = connect(to)?;
    for (from, to) in [(client.try_clone()?, server.try_clone()?), (server, client)] {
        let (sender, receiver) = channel();
        thread::spawn(move || collect(from, &sender, delay));
        thread::spawn(move || deliver(to, &receiver));
    }
    Ok(())
}

fn connect(port: u16) -> io::Result<TcpStream> {
    let stream = TcpStream::connect(SocketAddr::from((Ipv4Addr::LOCALHOST, port)))?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// Until the stream ends or nobody takes its bytes any more.
fn collect(mut from: TcpStream, sender: &Sender<Parcel>, delay: Duration) {
    let mut buffer = vec![0; 1 << 16];
    loop {
        let count = from.read(&mut buffer).unwrap_or(0);
        if sender.send((Instant::now() + delay, buffer[..count].to_vec())).is_err() || count == 0 {
            return;
        }
    }
}

fn deliver(mut to: TcpStream, receiver: &Receiver<Parcel>) {
    while let Ok((due, bytes)) = receiver.recv() {
        thread::sleep(due.saturating_duration_since(Instant::now()));
        if bytes.is_empty() || to.write_all(&bytes).is_err() {
            break;
        }
    }
    // Whoever is at the other end may have closed it already.
    let _ = to.shutdown(Shutdown::Write);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_wait_in_each_direction() {
        let delay = Duration::from_millis(20);
        let direct = round_trip(Duration::ZERO).unwrap();
        let slow = round_trip(delay).unwrap();
        assert!(slow >= 2 * delay, "{slow:?}");
        assert!(direct < slow, "{direct:?} {slow:?}");
    }

    #[test]
    fn bytes_do_not_wait_for_each_other() {
        const PIECES: u32 = 25;
        let delay = Duration::from_millis(200);
        let receiver = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let mut sender = connect(start(receiver.local_addr().unwrap().port(), delay).unwrap()).unwrap();
        let (mut received, _) = receiver.accept().unwrap();
        let began = Instant::now();
        for _ in 0..PIECES {
            sender.write_all(&[7]).unwrap();
            thread::sleep(Duration::from_millis(5));
        }
        drop(sender);
        let mut bytes = Vec::new();
        received.read_to_end(&mut bytes).unwrap();
        assert_eq!(bytes, [7; PIECES as usize]);
        // One after another they would take as many times as long.
        let took = began.elapsed();
        assert!(took >= delay && took < delay * PIECES, "{took:?}");
    }
}
