use std::{
    net::Ipv4Addr,
    time::{Duration, Instant},
};

use super::*;

const SECOND: u64 = 1_000_000_000;
const ADDRESS: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 7));

fn at(seconds: u64) -> KernelTime {
    KernelTime(seconds * SECOND)
}

fn names() -> (ReverseNames, Questions) {
    ReverseNames::with_questions(at(0))
}

/// What is asked for and was not answered yet.
fn asked(questions: &Questions) -> Vec<IpAddr> {
    questions.waiting.lock().expect("no thread panicked").try_iter().collect()
}

fn number(index: u32) -> IpAddr {
    IpAddr::V4(Ipv4Addr::from(0x0a00_0000 + index))
}

#[test]
fn a_name_is_known_once_it_is_answered_and_asked_for_once() {
    let (mut names, questions) = names();
    assert_eq!(names.name(ADDRESS), None);
    assert_eq!(names.name(ADDRESS), None);
    assert!(questions.answer_next(|address| Some(format!("Host-{address}.example."))));
    assert_eq!(names.name(ADDRESS), None, "answers are taken in by sweeps");
    names.sweep(at(1));
    assert_eq!(names.name(ADDRESS).as_deref(), Some("host-192.0.2.7.example"));
    assert!(asked(&questions).is_empty());
}

#[test]
fn after_five_minutes_it_is_asked_for_again_and_the_old_name_serves_meanwhile() {
    let (mut names, questions) = names();
    names.name(ADDRESS);
    questions.answer_next(|_| Some("old.example".to_owned()));
    names.sweep(at(10));
    names.sweep(at(309));
    names.name(ADDRESS);
    assert!(asked(&questions).is_empty());
    names.sweep(at(310));
    assert_eq!(names.name(ADDRESS).as_deref(), Some("old.example"));
    questions.answer_next(|_| Some("new.example".to_owned()));
    assert_eq!(names.name(ADDRESS).as_deref(), Some("old.example"));
    names.sweep(at(311));
    assert_eq!(names.name(ADDRESS).as_deref(), Some("new.example"));
    assert!(asked(&questions).is_empty());
}

#[test]
fn that_there_is_no_name_is_remembered_as_long() {
    for none in [None, Some(".".to_owned())] {
        let (mut names, questions) = names();
        names.name(ADDRESS);
        questions.answer_next(|_| none.clone());
        names.sweep(at(1));
        names.sweep(at(300));
        assert_eq!(names.name(ADDRESS), None);
        assert!(asked(&questions).is_empty());
        names.sweep(at(301));
        assert_eq!(names.name(ADDRESS), None);
        assert_eq!(asked(&questions), [ADDRESS]);
    }
}

#[test]
fn what_is_never_answered_is_asked_for_again() {
    let (mut names, questions) = names();
    names.name(ADDRESS);
    assert_eq!(asked(&questions), [ADDRESS]);
    names.sweep(at(300));
    names.name(ADDRESS);
    assert_eq!(asked(&questions), [ADDRESS]);
}

#[test]
fn addresses_that_are_nobodys_in_particular_are_not_asked_for() {
    let (mut names, questions) = names();
    for address in
        ["127.0.0.1", "::1", "169.254.1.1", "fe80::1", "0.0.0.0", "::", "224.0.0.251", "ff02::fb", "255.255.255.255"]
    {
        assert_eq!(names.name(address.parse().expect("an address")), None);
    }
    assert!(asked(&questions).is_empty());
    let own = ["10.0.0.1", "fd00::1", "2001:db8::1"].map(|address| address.parse().expect("an address"));
    own.iter().for_each(|address| drop(names.name(*address)));
    assert_eq!(asked(&questions), own);
}

#[test]
fn what_does_not_fit_is_asked_for_later() {
    let (mut names, questions) = names();
    (0..=WAITING as u32).for_each(|index| drop(names.name(number(index))));
    let last = number(WAITING as u32);
    assert!(!asked(&questions).contains(&last));
    names.name(last);
    assert_eq!(asked(&questions), [last]);
}

#[test]
fn what_is_remembered_is_bounded_and_the_used_stays() {
    let (mut names, questions) = names();
    names.name(ADDRESS);
    questions.answer_next(|_| Some("kept.example".to_owned()));
    for index in 0..20_000 {
        names.name(number(index));
        questions.answer_next(|_| None);
        names.sweep(at(1));
        assert_eq!(names.name(ADDRESS).as_deref(), Some("kept.example"));
    }
    assert_eq!(names.known.len(), CAPACITY);
}

#[test]
fn a_slow_look_up_does_not_hold_up_the_others_or_who_asks() {
    let (release, held) = sync_channel::<()>(0);
    let held = Arc::new(Mutex::new(held));
    let slow = number(0);
    let resolve = move |address: IpAddr| {
        if address == slow {
            held.lock().ok()?.recv().ok()?;
        }
        Some(format!("{address}.example"))
    };
    let mut names = ReverseNames::start_with(at(0), resolve).expect("threads start");
    let mut wait_for = |address: IpAddr| {
        let deadline = Instant::now() + Duration::from_secs(20);
        while names.name(address).is_none() && Instant::now() < deadline {
            names.sweep(at(1));
            thread::sleep(Duration::from_millis(1));
        }
        assert_eq!(names.name(address).as_deref(), Some(&*format!("{address}.example")));
        names.name(slow)
    };
    for index in 1..50 {
        assert_eq!(wait_for(number(index)), None);
    }
    release.send(()).expect("the look-up waits");
    wait_for(slow);
}

#[test]
fn questions_end_with_the_names() {
    let (names, questions) = names();
    drop(names);
    assert!(!questions.answer_next(|_| None));
}
