//! Bytes that each of 100,000 pending logins holds, by a counting allocator.

use cap::Cap;
use devicegrant_benches::{grant, peer_pending, pending, waiting};

#[global_allocator]
static ALLOCATED: Cap<std::alloc::System> = Cap::new(std::alloc::System, usize::MAX);

const LOGINS: usize = 100_000;

/// What stays allocated for each of what `make` makes, the value itself included.
fn each<T>(make: impl Fn() -> Option<T>) -> Option<usize> {
    let mut all = Vec::with_capacity(LOGINS);
    let before = ALLOCATED.allocated();
    for _ in 0..LOGINS {
        all.push(make()?);
    }
    let heap = ALLOCATED.allocated() - before;
    Some(heap / LOGINS + size_of::<T>())
}

#[allow(clippy::print_stdout, reason = "its result")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let grant = grant()?;
    let failed = "a login could not be made";
    println!("bytes per pending login, {LOGINS} at once");
    let ours = each(|| waiting(&grant).ok().map(|(login, _)| login)).ok_or(failed)?;
    println!("  devicegrant, a login that waits          {ours:6}");
    let value = each(|| pending(&grant).ok()).ok_or(failed)?;
    println!("  devicegrant, a Pending with its prompt   {value:6}");
    let peer = each(|| peer_pending().ok()).ok_or(failed)?;
    println!("  oauth2, its device authorization answer  {peer:6}");
    Ok(())
}
