//! One question to the router: which address it has on its other side (RFC 6886, section 3.2). Many routers answer it, and those that
//! do not say nothing: it is asked once, and waited for shortly.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use tokio::net::UdpSocket;
use tokio::time::timeout;

/// The port of a router (RFC 6886, section 1.1).
pub const PORT: u16 = 5351;
/// Version 0, operation 0: "external address".
const QUESTION: [u8; 2] = [0, 0];

/// The address that the router says it has; `None` where it says none.
pub async fn external_address(router: SocketAddr, within: Duration) -> Option<Ipv4Addr> {
    let asked = async {
        let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).await.ok()?;
        socket.connect(router).await.ok()?;
        socket.send(&QUESTION).await.ok()?;
        let mut answer = [0; 16];
        let length = socket.recv(&mut answer).await.ok()?;
        address_in(answer.get(..length)?)
    };
    timeout(within, asked).await.ok().flatten()
}

/// Version 0, operation 128, result 0, four bytes of time, and the address.
fn address_in(answer: &[u8]) -> Option<Ipv4Addr> {
    match answer {
        [0, 128, 0, 0, _, _, _, _, a, b, c, d] => {
            let address = Ipv4Addr::new(*a, *b, *c, *d);
            (!address.is_unspecified()).then_some(address)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_router_that_answers_says_its_address() {
        let router = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let at = router.local_addr().unwrap();
        let asked = tokio::spawn(external_address(at, Duration::from_secs(2)));
        let mut question = [0; 4];
        let (length, from) = router.recv_from(&mut question).await.unwrap();
        assert_eq!(question[..length], QUESTION);
        router.send_to(&[0, 128, 0, 0, 0, 0, 0, 9, 100, 64, 3, 4], from).await.unwrap();
        assert_eq!(asked.await.unwrap(), Some(Ipv4Addr::new(100, 64, 3, 4)));
    }

    #[tokio::test]
    async fn one_that_does_not_costs_no_more_than_the_wait() {
        let silent = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let within = Duration::from_millis(50);
        assert_eq!(external_address(silent.local_addr().unwrap(), within).await, None);
    }

    #[test]
    fn what_is_no_answer_says_nothing() {
        for answer in [
            &[0, 128, 0, 3, 0, 0, 0, 9, 1, 2, 3, 4][..],
            &[2, 128],
            &[],
            &[0, 128, 0, 0, 0, 0, 0, 9, 0, 0, 0, 0],
        ] {
            assert_eq!(address_in(answer), None, "{answer:?}");
        }
    }
}
