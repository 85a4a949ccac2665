//! The only threads of the pure rooms: chunks are worked on side by side and come back in order,
//! so that nothing depends on how many workers there are.

use std::num::NonZeroUsize;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

/// The stack of a worker, in bytes: templates are parsed and run on it.
pub const STACK_BYTES: usize = 16 * 1024 * 1024;

/// How many chunks may be on their way to, or back from, one worker.
const DEPTH: usize = 2;

/// Takes chunks from `next` until it gives none, works on them on `workers` threads, and hands the
/// results to `merge` in the order of the chunks. Each worker has a state of its own.
///
/// # Errors
/// The first error of `next` or `merge`; what is under way is dropped.
pub(super) fn ordered<In, Out, State, Error>(
    workers: NonZeroUsize,
    state: impl Fn() -> State + Sync,
    work: impl Fn(&mut State, In) -> Out + Sync,
    mut next: impl FnMut() -> Result<Option<In>, Error>,
    mut merge: impl FnMut(Out) -> Result<(), Error>,
) -> Result<(), Error>
where
    In: Send,
    Out: Send,
{
    thread::scope(|scope| {
        let mut lanes: Vec<Lane<In, Out>> = Vec::with_capacity(workers.get());
        for _ in 0..workers.get() {
            let (to_worker, from_us) = sync_channel::<In>(DEPTH);
            let (to_us, from_worker) = sync_channel::<Out>(DEPTH);
            let (state, work) = (&state, &work);
            thread::Builder::new()
                .stack_size(STACK_BYTES)
                .spawn_scoped(scope, move || {
                    let mut state = state();
                    while let Ok(chunk) = from_us.recv() {
                        if to_us.send(work(&mut state, chunk)).is_err() {
                            return;
                        }
                    }
                })
                .expect("a thread can be started");
            lanes.push(Lane { to_worker, from_worker });
        }
        let window = (workers.get() * DEPTH) as u64;
        let (mut fed, mut merged, mut more) = (0_u64, 0_u64, true);
        while more || merged < fed {
            while more && fed - merged < window {
                match next()? {
                    Some(chunk) => {
                        lane(&lanes, fed).to_worker.send(chunk).expect("a worker lives as long as its lane");
                        fed += 1;
                    }
                    None => more = false,
                }
            }
            if merged < fed {
                merge(lane(&lanes, merged).from_worker.recv().expect("a worker answers every chunk"))?;
                merged += 1;
            }
        }
        Ok(())
    })
}

struct Lane<In, Out> {
    to_worker: SyncSender<In>,
    from_worker: Receiver<Out>,
}

fn lane<In, Out>(lanes: &[Lane<In, Out>], number: u64) -> &Lane<In, Out> {
    let count = lanes.len() as u64;
    let index = usize::try_from(number % count).expect("there are fewer lanes than numbers");
    lanes.get(index).expect("the index is below the count")
}

/// Runs something that may need a deep stack.
pub(super) fn with_deep_stack<Out: Send>(work: impl FnOnce() -> Out + Send) -> Out {
    thread::scope(|scope| {
        let handle =
            thread::Builder::new().stack_size(STACK_BYTES).spawn_scoped(scope, work).expect("a thread can be started");
        handle.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroUsize;

    use super::ordered;

    #[test]
    fn results_come_back_in_order() {
        for workers in 1..5 {
            let mut numbers = 0..1000_u64;
            let mut got = Vec::new();
            let result: Result<(), ()> = ordered(
                NonZeroUsize::new(workers).unwrap(),
                || 0,
                |seen: &mut u64, number: u64| {
                    *seen += 1;
                    number * 2
                },
                || Ok(numbers.next()),
                |number| {
                    got.push(number);
                    Ok(())
                },
            );
            assert_eq!(result, Ok(()));
            assert_eq!(got, (0..1000).map(|number| number * 2).collect::<Vec<u64>>());
        }
    }

    #[test]
    fn an_error_ends_it() {
        let mut numbers = 0..1000_u64;
        let result = ordered(
            NonZeroUsize::new(2).unwrap(),
            || (),
            |(), number: u64| number,
            || Ok(numbers.next()),
            |number| if number == 10 { Err("ten") } else { Ok(()) },
        );
        assert_eq!(result, Err("ten"));
    }
}
