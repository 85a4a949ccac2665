//! The way to a gateway through a door: while it is closed nobody gets a connection, as if packets
//! were lost; once it is open everything passes.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use tokio::net::TcpSocket;

/// How long a connection on loopback may take before its queue counts as full.
const CONNECT_TIME: Duration = Duration::from_millis(200);

/// A closed door.
#[derive(Debug)]
pub(crate) struct Door {
    listener: TcpListener,
    address: SocketAddr,
    target: SocketAddr,
    /// They fill the queue of those who want to connect.
    fillers: Vec<TcpStream>,
}

impl Door {
    /// Closes the way to this address.
    pub(crate) fn closed(target: SocketAddr) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build().expect("a runtime");
        let listener = runtime.block_on(async {
            let socket = TcpSocket::new_v4().expect("a socket");
            socket.bind("127.0.0.1:0".parse().expect("an address")).expect("a free port");
            socket.listen(1).expect("a listening socket").into_std().expect("a socket of the system")
        });
        listener.set_nonblocking(false).expect("a socket that waits");
        let address = listener.local_addr().expect("an address");
        let mut fillers = Vec::new();
        while let Ok(filler) = TcpStream::connect_timeout(&address, CONNECT_TIME) {
            fillers.push(filler);
        }
        Self { listener, address, target, fillers }
    }

    /// Where it is.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Opens the door, for good.
    pub(crate) fn open(self) -> Traffic {
        let fillers: Vec<SocketAddr> =
            self.fillers.iter().map(|filler| filler.local_addr().expect("an address")).collect();
        let traffic = Traffic::default();
        let counts = Arc::clone(&traffic.0);
        thread::spawn(move || {
            for visitor in self.listener.incoming().map_while(Result::ok) {
                if !visitor.peer_addr().is_ok_and(|peer| fillers.contains(&peer)) {
                    relay(visitor, self.target, &counts);
                }
            }
        });
        traffic
    }
}

/// How many bytes came through the door, by connection, in the order of their arrival.
#[derive(Debug, Default)]
pub(crate) struct Traffic(Arc<Mutex<Vec<usize>>>);

impl Traffic {
    /// The counts.
    pub(crate) fn bytes(&self) -> Vec<usize> {
        self.0.lock().expect("nobody has panicked").clone()
    }
}

fn relay(visitor: TcpStream, target: SocketAddr, counts: &Arc<Mutex<Vec<usize>>>) {
    let gateway = TcpStream::connect(target).expect("the gateway listens");
    let number = {
        let mut counts = counts.lock().expect("nobody has panicked");
        counts.push(0);
        counts.len() - 1
    };
    let (from, to) = (visitor.try_clone().expect("a socket"), gateway.try_clone().expect("a socket"));
    let counts = Arc::clone(counts);
    thread::spawn(move || pass(from, to, |bytes| counts.lock().expect("nobody has panicked")[number] += bytes));
    thread::spawn(move || pass(gateway, visitor, |_| {}));
}

fn pass(mut from: TcpStream, mut to: TcpStream, mut count: impl FnMut(usize)) {
    let mut buffer = [0; 4096];
    while let Ok(length) = from.read(&mut buffer) {
        count(length);
        if length == 0 || to.write_all(&buffer[..length]).is_err() {
            break;
        }
    }
    // Whoever is gone already does not mind.
    drop(to.shutdown(Shutdown::Write));
}
