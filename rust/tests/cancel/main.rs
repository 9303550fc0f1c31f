//! Callers who join others, and callers who give up (DESIGN §4): those are released at once, what the
//! server rotated is kept all the same, and then nothing is left running. On a real runtime and real
//! files.

mod house;

use std::time::{Duration, Instant};

use devicegrant::{Challenge, Code, Need, Secret};
use house::{AT_ONCE, House, OLD, TestResult};

/// How long the server of these tests takes for its answer.
const ANSWER: Duration = Duration::from_secs(2);

#[tokio::test]
async fn who_gives_up_in_an_exchange_is_released_and_the_rotated_token_is_kept() -> TestResult {
    let house = House::with_answer_after(ANSWER).await?;
    let client = house.client()?;
    let caller = tokio::spawn({
        let client = client.clone();
        async move { client.token().await }
    });
    house.until_sent(1).await;

    let gave_up = Instant::now();
    caller.abort();
    assert!(caller.await.is_err_and(|end| end.is_cancelled()));
    assert!(gave_up.elapsed() < AT_ONCE, "{:?}", gave_up.elapsed());
    assert_eq!(
        house.answered(),
        0,
        "given up in the middle of the exchange"
    );

    client.finish().await;
    assert_eq!((house.sent(), house.answered()), (1, 1));
    assert_eq!(house.kept().await?, ("access-1".into(), "refresh-1".into()));
    assert_eq!(client.token().await?.expose(), "access-1");
    assert_eq!(
        house.sent(),
        1,
        "the next caller has it from the store or memory"
    );
    house.nothing_runs_or_is_held(2).await
}

#[tokio::test]
async fn who_joins_is_not_told_of_a_demand_that_is_not_theirs() -> TestResult {
    let house = House::with_answer_after(ANSWER).await?;
    let client = house.client()?;
    let challenge = Challenge::parse(r#"Bearer error="insufficient_scope", scope="write""#)?;
    let wide = Need {
        challenge: Some(challenge),
        ..Need::default()
    };
    let (first, second, third) = tokio::join!(
        client.token_for(&wide),
        client.token(),
        client.token_for(&wide)
    );
    for demanding in [first, third] {
        let code = demanding.map_err(|error| error.code()).err();
        assert_eq!(code, Some(Code::MoreScopes));
    }
    assert_eq!(second?.expose(), "access-1");
    assert_eq!(house.sent(), 1);
    house.nothing_runs_or_is_held(2).await
}

#[tokio::test]
async fn a_time_limit_is_a_caller_who_gives_up() -> TestResult {
    let house = House::with_answer_after(ANSWER).await?;
    let client = house.client()?;
    let limit = Duration::from_millis(200);
    let asked = Instant::now();
    assert!(tokio::time::timeout(limit, client.token()).await.is_err());
    assert!(asked.elapsed() < limit + AT_ONCE, "{:?}", asked.elapsed());
    // Whoever comes meanwhile joins the exchange that nobody waits for any more.
    assert_eq!(client.token().await?.expose(), "access-1");
    client.finish().await;
    assert_eq!(house.sent(), 1);
    assert_eq!(house.kept().await?, ("access-1".into(), "refresh-1".into()));
    house.nothing_runs_or_is_held(2).await
}

#[tokio::test]
async fn who_gives_up_before_the_exchange_ends_the_work() -> TestResult {
    // The first load finds the login's place, the second reads it.
    for slow_load in [1, 2] {
        let house = House::with_answer_after(Duration::ZERO).await?;
        let (client, store) = house.client_of_a_slow_store()?;
        store.slow_load(slow_load);
        let asked = Instant::now();
        let limit = Duration::from_millis(100);
        assert!(tokio::time::timeout(limit, client.token()).await.is_err());
        assert!(asked.elapsed() < limit + AT_ONCE, "{:?}", asked.elapsed());
        client.finish().await;
        assert!(store.loads() >= slow_load, "it was in that load");
        assert_eq!((house.sent(), store.locks()), (0, 0));
        assert_eq!(house.kept().await?.0, OLD);
        house.nothing_runs_or_is_held(1).await?;
    }
    Ok(())
}

#[tokio::test]
async fn who_gives_up_while_another_program_renews_ends_the_work() -> TestResult {
    let house = House::with_answer_after(Duration::ZERO).await?;
    let held = house.hold_the_lease()?;
    let client = house.client()?;
    let limit = Duration::from_millis(200);
    assert!(tokio::time::timeout(limit, client.token()).await.is_err());
    client.finish().await;
    assert_eq!(house.sent(), 0);
    house.give_back(&held)?;
    house.nothing_runs_or_is_held(1).await?;
    assert_eq!(
        client.token().await?.expose(),
        "access-1",
        "nobody's lease is in the way"
    );
    Ok(())
}

#[tokio::test]
async fn who_gives_up_loses_no_token_that_could_not_be_written() -> TestResult {
    let house = House::with_answer_after(Duration::ZERO).await?;
    let (client, store) = house.client_of_a_slow_store()?;
    store.fill(true);
    assert_eq!(client.token().await?.expose(), "access-1");
    assert!(client.unsaved().is_some());

    let held = house.hold_the_lease()?;
    let need = Need {
        force: true,
        ..Need::default()
    };
    let limit = Duration::from_millis(200);
    let renewed = tokio::time::timeout(limit, client.token_for(&need));
    assert!(renewed.await.is_err());
    client.finish().await;
    assert!(client.unsaved().is_some(), "it is the only copy");

    house.give_back(&held)?;
    store.fill(false);
    client.token_for(&need).await?;
    assert_eq!(house.kept().await?, ("access-1".into(), "refresh-1".into()));
    Ok(())
}

#[tokio::test]
async fn who_gives_up_while_the_lease_is_asked_for_in_vain_ends_the_work() -> TestResult {
    let house = House::with_answer_after(Duration::ZERO).await?;
    let held = house.hold_the_lease()?;
    let (client, store) = house.client_of_a_slow_store()?;
    store.slow_lock();
    let limit = Duration::from_millis(100);
    assert!(tokio::time::timeout(limit, client.token()).await.is_err());
    // It is asked for just now, and somebody else has it.
    let asked = Instant::now();
    client.finish().await;
    assert!(asked.elapsed() < Duration::from_secs(5));
    assert_eq!((store.locks(), house.sent()), (1, 0));
    house.give_back(&held)?;
    house.nothing_runs_or_is_held(1).await
}

/// A lease that nobody holds would keep every program waiting, so from there on it finishes.
#[tokio::test]
async fn who_gives_up_while_the_lease_is_taken_leaves_none() -> TestResult {
    let house = House::with_answer_after(Duration::ZERO).await?;
    let (client, store) = house.client_of_a_slow_store()?;
    store.slow_lock();
    let limit = Duration::from_millis(100);
    let asked = Instant::now();
    assert!(tokio::time::timeout(limit, client.token()).await.is_err());
    assert!(asked.elapsed() < limit + AT_ONCE, "{:?}", asked.elapsed());
    client.finish().await;
    assert_eq!(store.locks(), 1);
    let revision = 1 + u64::try_from(house.sent())?;
    house.nothing_runs_or_is_held(revision).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_callers_are_one_exchange_and_one_who_gives_up_disturbs_nobody() -> TestResult {
    let house = House::with_answer_after(Duration::from_millis(500)).await?;
    let client = house.client()?;
    let mut callers = Vec::new();
    for _ in 0..1000 {
        let client = client.clone();
        callers.push(tokio::spawn(async move { client.token().await }));
    }
    house.until_sent(1).await;
    // The one whose call began the work is among those who may go.
    for gone in [999, 500, 0] {
        callers.swap_remove(gone).abort();
    }
    for caller in callers {
        assert_eq!(caller.await??.expose(), "access-1");
    }
    client.finish().await;
    assert_eq!(house.sent(), 1);
    house.nothing_runs_or_is_held(2).await
}

#[tokio::test(flavor = "multi_thread")]
async fn when_all_give_up_in_the_exchange_it_is_kept_all_the_same() -> TestResult {
    let house = House::with_answer_after(Duration::from_millis(500)).await?;
    let client = house.client()?;
    let mut callers = Vec::new();
    for _ in 0..1000 {
        let client = client.clone();
        callers.push(tokio::spawn(async move { client.token().await }));
    }
    house.until_sent(1).await;
    for caller in &callers {
        caller.abort();
    }
    for caller in callers {
        assert!(caller.await.is_err_and(|end| end.is_cancelled()));
    }
    assert_eq!(house.answered(), 0);
    client.finish().await;
    assert_eq!((house.sent(), house.answered()), (1, 1));
    assert_eq!(house.kept().await?, ("access-1".into(), "refresh-1".into()));
    house.nothing_runs_or_is_held(2).await
}

#[tokio::test(flavor = "multi_thread")]
async fn many_who_were_answered_401_are_one_exchange() -> TestResult {
    let house = House::fresh(Duration::from_millis(300)).await?;
    let client = house.client()?;
    assert_eq!(client.token().await?.expose(), OLD, "it is good as it is");
    let need = Need {
        reject: Some(Secret::new(OLD)),
        ..Need::default()
    };
    let ask = || {
        let (client, need) = (client.clone(), need.clone());
        tokio::spawn(async move { client.token_for(&need).await })
    };
    let callers: Vec<_> = (0..200).map(|_| ask()).collect();
    for caller in callers {
        assert_eq!(caller.await??.expose(), "access-1");
    }
    // The 401 of a request that took longer comes when the token has long been another.
    assert_eq!(ask().await??.expose(), "access-1");
    client.finish().await;
    assert_eq!(house.sent(), 1);
    house.nothing_runs_or_is_held(2).await
}
