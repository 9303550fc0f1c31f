//! What is explored.

use crate::explore::{Explored, explore};
use crate::process::{Broken, Process, Program};
use crate::world::World;

fn world(programs: &[Program], broken: Broken, crashes: u8, ticks: u8) -> World {
    let processes = programs.iter().zip(0..);
    World::new(
        processes
            .map(|(program, pid)| Process::new(pid, *program, broken))
            .collect(),
        crashes,
        ticks,
    )
}

fn tell(name: &str, explored: &Explored) {
    eprintln!(
        "{name}: {} states, {} ends, {:.1} s",
        explored.states,
        explored.ends,
        explored.took.as_secs_f64()
    );
}

fn holds(name: &str, world: World) {
    let explored = explore(world);
    tell(name, &explored);
    if let Some((why, way)) = &explored.violation {
        eprintln!("{}", way.join("\n"));
        assert!(explored.violation.is_none(), "{name}: {why}");
    }
    assert!(explored.ends > 0, "{name}: nothing was explored");
}

fn is_found(name: &str, world: World) {
    let explored = explore(world);
    tell(name, &explored);
    match explored.violation {
        Some((why, way)) => eprintln!("  found after {} events: {why}", way.len() - 1),
        None => assert!(
            explored.violation.is_some(),
            "{name}: the fault was not found"
        ),
    }
}

use Program::{Outage, Renew, SignIn, SignOut};

/// Each renews the one token that there is; a waiter reads again and finds it done.
#[test]
fn three_renew_and_one_crashes() {
    let world = world(&[Renew(1); 3], Broken::Nothing, 1, 0);
    holds("three renew, one crash", world);
}

/// A lease whose owner stalls is taken over after its 45 s, and then the owner goes on.
#[test]
fn two_renew_and_one_stalls() {
    let world = world(&[Renew(1), Renew(2)], Broken::Nothing, 0, 1);
    holds("two renew, one stall", world);
}

#[test]
fn a_sign_in_meets_a_renewal_and_one_stalls() {
    let world = world(&[SignIn, Renew(2)], Broken::Nothing, 0, 1);
    holds("sign-in and renewals, one stall", world);
}

#[test]
fn a_sign_out_meets_a_renewal_and_one_stalls() {
    let world = world(&[SignOut, Renew(2)], Broken::Nothing, 0, 1);
    holds("sign-out and renewals, one stall", world);
}

/// Claims pile up and are cleared away while nothing is ever written.
#[test]
fn an_outage_gives_the_lease_to_one_at_a_time() {
    let world = world(&[Outage(2), Outage(2)], Broken::Nothing, 1, 0);
    holds("outage for two, one crash", world);
}

#[test]
fn an_outage_gives_the_lease_to_one_of_three_at_a_time() {
    let world = world(&[Outage(1); 3], Broken::Nothing, 0, 0);
    holds("outage for three", world);
}

#[test]
fn a_claim_that_is_replaced_is_found_out() {
    let world = world(&[Renew(1); 3], Broken::ReplacesClaims, 1, 0);
    is_found("claims replaced", world);
}

/// Why three: two never meet the fault.
#[test]
fn two_processes_do_not_find_a_claim_that_is_replaced() {
    let world = world(&[Renew(1); 2], Broken::ReplacesClaims, 1, 0);
    holds("claims replaced, two processes", world);
}

#[test]
fn clearing_the_top_claim_away_is_found_out() {
    let world = world(&[Outage(1); 3], Broken::RemovesTopClaim, 0, 0);
    is_found("top claim cleared away", world);
}

#[test]
fn clearing_old_claims_away_at_once_is_found_out() {
    let world = world(&[Renew(2); 2], Broken::KeepsOneClaim, 0, 0);
    is_found("old claims cleared away at once", world);
}

#[test]
fn a_claim_without_a_second_look_is_found_out() {
    let world = world(&[Outage(1), Outage(3)], Broken::TrustsItsClaim, 0, 0);
    is_found("no look after a claim", world);
}

#[test]
fn a_save_without_a_second_look_is_found_out() {
    let world = world(&[SignIn, Renew(2)], Broken::TrustsItsSave, 0, 0);
    is_found("no look after a save", world);
}

#[test]
fn reading_before_the_lease_is_found_out() {
    let world = world(&[Renew(1); 2], Broken::ReadsBeforeTheLease, 0, 0);
    is_found("read before the lease", world);
}

#[test]
fn a_sign_in_that_does_not_look_what_won_is_found_out() {
    let world = world(&[SignIn, Renew(2)], Broken::SignsInBlindly, 0, 0);
    is_found("sign-in again, blindly", world);
}

/// More than a test run should wait for: `DEVICEGRANT_EXPLORE=full`. Otherwise the first two.
#[test]
fn mixtures() {
    let all: [(&str, &[Program], u8, u8); 9] = [
        (
            "sign-in, sign-out, renewal; stall",
            &[SignIn, SignOut, Renew(1)],
            0,
            1,
        ),
        (
            "sign-in, renewals; crash, stalls",
            &[SignIn, Renew(2)],
            1,
            2,
        ),
        (
            "two renew twice; crash, stalls",
            &[Renew(2), Renew(2)],
            1,
            2,
        ),
        ("outage for three; crash", &[Outage(1); 3], 1, 0),
        ("outage for two, thrice; crash", &[Outage(3); 2], 1, 0),
        ("three renew; crash, stall", &[Renew(1); 3], 1, 1),
        (
            "sign-in, two renew; stall",
            &[SignIn, Renew(1), Renew(1)],
            0,
            1,
        ),
        (
            "three renew, one twice",
            &[Renew(2), Renew(1), Renew(1)],
            0,
            0,
        ),
        (
            "outage for three, twice for two",
            &[Outage(2), Outage(2), Outage(1)],
            0,
            0,
        ),
    ];
    let full = std::env::var("DEVICEGRANT_EXPLORE").is_ok_and(|size| size == "full");
    for (name, programs, crashes, stalls) in &all[..if full { all.len() } else { 2 }] {
        holds(name, world(programs, Broken::Nothing, *crashes, *stalls));
    }
}
