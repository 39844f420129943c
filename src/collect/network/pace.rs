//! How fast one resolver is asked. Many answer a machine only so often: AdGuard Home lets 20 questions a second through for
//! all machines of a /24 together and drops the others (its configuration: `ratelimit`, `ratelimit_subnet_len_ipv4`),
//! dnsmasq passes on 150 at once and refuses more (dnsmasq(8): `dns-forward-max`). Whoever asks faster sees failures that he
//! made himself.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::{Instant, sleep_until};

use crate::evidence::Lookup;
use crate::evidence::dns::{AskError, Rcode, Reply};

/// Between a refusal and the next try: whoever counts by the second has begun anew by then.
pub(super) const PAUSE: Duration = Duration::from_millis(1200);
/// How often something is asked again that was refused.
const AGAIN: usize = 2;
/// After so many tries again that came to nothing, nothing is tried again: the resolver is no better at another time.
const FRUITLESS: usize = 6;

/// The pace at one resolver, or at several that may pass questions on to each other.
pub(super) struct Pace {
    every: Duration,
    /// So many may come one right after the other.
    burst: u32,
    places: Semaphore,
    /// When the next question is due.
    next: Mutex<Option<Instant>>,
    /// Whether any question was answered: one that is lost is then worth another try.
    heard: AtomicBool,
    /// How many tries again came to nothing.
    fruitless: AtomicUsize,
}

impl Pace {
    /// For this house's resolvers.
    pub(super) fn house((a_second, burst): (u32, u32)) -> Self {
        Self::new(a_second, burst, 24)
    }

    /// For one server of the internet: what a home's router forwards without noticing.
    pub(super) fn outside() -> Self {
        Self::new(50, 24, 24)
    }

    pub(super) fn new(a_second: u32, burst: u32, at_once: usize) -> Self {
        Self {
            every: Duration::from_secs(1) / a_second.max(1),
            burst,
            places: Semaphore::new(at_once),
            next: Mutex::new(None),
            heard: AtomicBool::new(false),
            fruitless: AtomicUsize::new(0),
        }
    }

    /// Waits until so many questions may be sent. `None` never comes before the resolver is dropped.
    pub(super) async fn turn(&self, questions: u32) -> Option<SemaphorePermit<'_>> {
        let place = self.places.acquire().await.ok()?;
        sleep_until(self.due(questions)).await;
        Some(place)
    }

    /// The moment at which so many questions are due, which puts off those that come after.
    fn due(&self, questions: u32) -> Instant {
        let now = Instant::now();
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        let unused = now.checked_sub(self.every * self.burst).unwrap_or(now);
        let due = next.map_or(unused, |next| next.max(unused));
        *next = Some(due + self.every * questions);
        due
    }

    /// Asks, and after a pause again where the answer looks like that of a resolver which had enough. What fails each
    /// time, or at one that never answers, is what there is to be seen.
    pub(super) async fn ask<T: Answer, F: Future<Output = Option<T>>>(
        &self,
        questions: u32,
        probe: impl Fn() -> F,
    ) -> Option<T> {
        let mut answer = self.once(questions, &probe).await?;
        for again in 0..AGAIN {
            // Silence is three tries already: one more is enough.
            let lost = answer.is_lost() && self.heard.load(Ordering::Relaxed) && again == 0;
            let in_vain = self.fruitless.load(Ordering::Relaxed) >= FRUITLESS;
            if in_vain || !(lost || answer.is_refusal()) {
                break;
            }
            tokio::time::sleep(PAUSE).await;
            answer = self.once(questions, &probe).await?;
            if answer.is_lost() || answer.is_refusal() {
                self.fruitless.fetch_add(1, Ordering::Relaxed);
            }
        }
        Some(answer)
    }

    /// Asks once, in its turn.
    pub(super) async fn once<T: Answer, F: Future<Output = Option<T>>>(
        &self,
        questions: u32,
        probe: &impl Fn() -> F,
    ) -> Option<T> {
        let _place = self.turn(questions).await?;
        let answer = probe().await?;
        if !answer.is_lost() {
            self.heard.store(true, Ordering::Relaxed);
        }
        Some(answer)
    }
}

/// What a resolver that had enough makes of a question.
pub(super) trait Answer {
    /// It says that it does not want to answer, or that it failed just now.
    fn is_refusal(&self) -> bool;
    /// It says nothing.
    fn is_lost(&self) -> bool;
}

impl Answer for Result<Reply, AskError> {
    fn is_refusal(&self) -> bool {
        self.as_ref().is_ok_and(|reply| reply.rcode == Rcode::Refused)
    }

    fn is_lost(&self) -> bool {
        matches!(self, Err(AskError::Timeout))
    }
}

/// With what it took: time, or attempts.
impl<T> Answer for (Result<Reply, AskError>, T) {
    fn is_refusal(&self) -> bool {
        self.0.is_refusal()
    }

    fn is_lost(&self) -> bool {
        self.0.is_lost()
    }
}

/// What `getaddrinfo` gives: its text for "could not find out" is the same for a refusal and for silence.
impl Answer for Result<Vec<std::net::IpAddr>, AskError> {
    fn is_refusal(&self) -> bool {
        false
    }

    fn is_lost(&self) -> bool {
        self.is_err()
    }
}

impl Answer for Lookup {
    fn is_refusal(&self) -> bool {
        self.result.is_refusal()
    }

    fn is_lost(&self) -> bool {
        self.result.is_lost()
    }
}

/// The pace at each server.
pub(super) struct Paces {
    house: Pace,
    outside: HashMap<SocketAddr, Pace>,
}

impl Paces {
    /// `outside` is empty where the router answers in place of every server: then all questions are asked of the same one.
    pub(super) fn new(house: (u32, u32), outside: impl Iterator<Item = SocketAddr>) -> Self {
        Self { house: Pace::house(house), outside: outside.map(|server| (server, Pace::outside())).collect() }
    }

    /// For all resolvers of this machine together: a stub passes on to the router what it is asked, a Pi-hole too.
    pub(super) fn house(&self) -> &Pace {
        &self.house
    }

    /// For a server of the internet.
    pub(super) fn of(&self, server: SocketAddr) -> &Pace {
        self.outside.get(&server).unwrap_or(&self.house)
    }
}

#[cfg(test)]
mod tests {
    use futures::future::join_all;

    use super::*;
    use crate::collect::network::PACE;
    use crate::net::dns::{Question, RecordType, ask};
    use crate::net::testing::dns::Zone;

    const SECOND: Duration = Duration::from_secs(1);

    /// The most moments that lie within one second.
    fn most_in_a_second(moments: &[Instant]) -> usize {
        let within =
            |from: &Instant| moments.iter().filter(|at| *at >= from && **at < *from + SECOND).count();
        moments.iter().map(within).max().unwrap_or(0)
    }

    #[tokio::test(start_paused = true)]
    async fn no_second_has_more_questions_than_adguard_home_lets_through_whatever_is_asked() {
        for hosts in [1, 7, 60, 200] {
            let pace = Pace::house(PACE);
            let asked = Mutex::new(Vec::new());
            let (pace, asked) = (&pace, &asked);
            let each = (0..hosts).map(|host| async move {
                let questions = 1 + host % 3;
                let _place = pace.turn(questions).await;
                asked.lock().unwrap().extend((0..questions).map(|_| Instant::now()));
                tokio::time::sleep(Duration::from_millis(u64::from(host * 37 % 400))).await;
            });
            join_all(each).await;
            let asked = asked.lock().unwrap();
            assert!(most_in_a_second(&asked) <= 20, "{hosts}: {}", most_in_a_second(&asked));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_few_questions_wait_for_nobody() {
        let pace = Pace::house(PACE);
        let began = Instant::now();
        for _ in 0..8 {
            let _place = pace.turn(1).await;
        }
        assert_eq!(began.elapsed(), Duration::ZERO);
    }

    #[tokio::test]
    async fn a_resolver_that_counts_answers_every_paced_question() {
        let zone = Zone::new("example.com").a("nas.example.com", [192, 168, 1, 5]);
        let (server, counted) = zone.counting(20).await;
        let pace = Pace::house(PACE);
        let question = Question::new("nas.example.com", RecordType::A);
        let asked = (0..40).map(|_| pace.ask(1, || async { Some(ask(server, &question, SECOND).await) }));
        for answer in join_all(asked).await {
            assert_eq!(answer.unwrap().unwrap().addresses().len(), 1);
        }
        assert!(counted.most_in_a_second() <= 20, "{}", counted.most_in_a_second());
    }

    #[tokio::test]
    async fn a_refusal_is_asked_again_after_a_pause_and_then_believed() {
        let zone = Zone::new("example.com").a("nas.example.com", [192, 168, 1, 5]);
        let (server, counted) = zone.counting(2).await;
        let question = Question::new("nas.example.com", RecordType::A);
        for _ in 0..2 {
            ask(server, &question, SECOND).await.unwrap();
        }
        let again = Pace::house(PACE).ask(1, || async { Some(ask(server, &question, SECOND).await) }).await;
        assert_eq!(again.unwrap().unwrap().rcode, Rcode::NoError);
        assert_eq!(counted.refused(), 1);
        let (never, counted) = Zone::new("example.com").counting(0).await;
        let refused = Pace::house(PACE).ask(1, || async { Some(ask(never, &question, SECOND).await) }).await;
        assert_eq!(refused.unwrap().unwrap().rcode, Rcode::Refused);
        assert_eq!(counted.refused(), 1 + AGAIN);
    }

    #[tokio::test(start_paused = true)]
    async fn silence_is_asked_again_only_where_somebody_answered_before() {
        let (pace, asked) = (Pace::house(PACE), AtomicBool::new(false));
        let silent = || async {
            assert!(!asked.swap(true, Ordering::Relaxed), "asked again");
            Some(Err::<Reply, _>(AskError::Timeout))
        };
        assert_eq!(pace.ask(1, silent).await, Some(Err(AskError::Timeout)));
    }
}
