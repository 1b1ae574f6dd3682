//! Instances come and go while notes play. Alone in its process: it counts the process's threads.

#[path = "support/host.rs"]
mod host;
mod support;

use host::{Cue, Host};
use support::{Dice, peak};

/// Instances made in all.
const INSTANCES: usize = 100;
/// Instances alive at once, at most.
const ALIVE: usize = 5;

/// A new instance with a note under way; every third renders offline, so that it is surely sounding.
fn playing(number: usize) -> Host {
    let mut host = Host::new();
    let offline = number.is_multiple_of(3);
    if offline {
        host.set_offline();
    }
    host.activate(48_000.0);
    let heard = host.play(&[(0, Cue::On(45 + (number % 40) as u8, 1))], &[256], 512);
    assert!(!offline || peak(&heard.samples) > 0.0, "instance {number} is silent");
    host
}

/// Threads of this process.
#[cfg(target_os = "linux")]
fn threads() -> usize {
    std::fs::read_dir("/proc/self/task").expect("a list of threads").count()
}

#[cfg(not(target_os = "linux"))]
fn threads() -> usize {
    0
}

/// Waits for the system to forget threads that have been joined: it may take a moment longer than the join.
fn threads_once_at_most(expected: usize) -> usize {
    for _ in 0..400 {
        if threads() <= expected {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    threads()
}

#[test]
fn a_hundred_instances_come_and_go_while_notes_play_and_leave_no_thread() {
    // What the process keeps for good, such as the backend's environment, is there after the first one.
    drop(playing(0));
    let before = threads_once_at_most(2);
    let mut dice = Dice::new(100);
    let mut alive: Vec<Host> = Vec::new();
    for number in 1..INSTANCES {
        if alive.len() == ALIVE {
            let leaves = dice.below(ALIVE);
            let mut leaver = alive.swap_remove(leaves);
            // Some hosts deactivate first, others simply destroy.
            if dice.below(2) == 0 {
                leaver.deactivate();
            }
        }
        alive.push(playing(number));
        let any = dice.below(alive.len());
        match dice.below(3) {
            0 => drop(alive[any].play(&[(3, Cue::On(60, 2)), (90, Cue::Off(1))], &[64], 256)),
            1 => drop(alive[any].play(&[(0, Cue::AllChoke)], &[128], 256)),
            _ => {
                alive[any].deactivate();
                alive[any].activate(44_100.0);
            }
        }
    }
    alive.clear();
    assert_eq!(threads_once_at_most(before), before);
}
