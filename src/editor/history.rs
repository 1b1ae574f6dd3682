//! Undo, redo and A/B over whole states: pure, so that it can be told what happened and asked what to do.

/// Edits kept; older ones are forgotten.
const KEPT: usize = 200;

/// Seconds within which what is done to one thing again is the same gesture: turns of a wheel, a key that is held, the clicks of a
/// double-click.
const PAUSE_S: f64 = 0.5;

/// One edit: what was before, and after.
#[derive(Clone, Debug, PartialEq)]
struct Edit<S> {
    label: String,
    before: S,
    after: S,
    /// When the gesture ended that it was, for one that may go on.
    ended: Option<f64>,
}

/// What there is to take back and to do again, and the other of A and B.
#[derive(Clone, Debug)]
pub struct History<S> {
    done: Vec<Edit<S>>,
    undone: Vec<Edit<S>>,
    /// The state when the gesture that is going on began, and what it is called.
    open: Option<(String, S)>,
    other: Option<S>,
    is_b: bool,
    /// The present, in seconds.
    now: f64,
}

/// To come from one state to another. Only what differs between the two is to be changed: what the host automates in
/// the meantime is its own.
#[derive(Clone, Debug, PartialEq)]
pub struct Step<S> {
    /// From here.
    pub from: S,
    /// To here.
    pub to: S,
}

impl<S> Default for History<S> {
    fn default() -> Self {
        Self { done: Vec::new(), undone: Vec::new(), open: None, other: None, is_b: false, now: 0.0 }
    }
}

impl<S: Clone + PartialEq> History<S> {
    /// Tells the time, in seconds.
    pub fn at(&mut self, time: f64) {
        self.now = time;
    }

    /// A gesture begins; further ones before [`History::close`] belong to it.
    pub fn open(&mut self, label: &str, state: impl FnOnce() -> S) {
        if self.open.is_none() {
            self.open = Some((label.into(), state()));
        }
    }

    /// The gesture is over. One that changed nothing was none.
    pub fn close(&mut self, after: S) {
        if let Some((label, before)) = self.open.take() {
            self.go_on(&label, before, after);
        }
    }

    /// An edit by a gesture, which is part of the last one if that was of the same and ended just now.
    fn go_on(&mut self, label: &str, before: S, after: S) {
        let (now, undone) = (self.now, !self.undone.is_empty());
        if let Some(last) = self.done.last_mut()
            && !undone
            && last.label == label
            && last.after == before
            && last.ended.is_some_and(|ended| (0.0..=PAUSE_S).contains(&(now - ended)))
        {
            (last.after, last.ended) = (after, Some(now));
            if last.before == last.after {
                self.done.pop();
            }
        } else if before != after {
            self.record(label, before, after);
            if let Some(edit) = self.done.last_mut() {
                edit.ended = Some(now);
            }
        }
    }

    /// Whether a gesture is going on.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.open.is_some()
    }

    /// Whatever comes next is another edit.
    pub fn rest(&mut self) {
        if let Some(last) = self.done.last_mut() {
            last.ended = None;
        }
    }

    /// An edit that is done at once.
    pub fn record(&mut self, label: &str, before: S, after: S) {
        if before != after {
            self.undone.clear();
            self.done.push(Edit { label: label.into(), before, after, ended: None });
            let surplus = self.done.len().saturating_sub(KEPT);
            self.done.drain(..surplus);
        }
    }

    /// What [`History::undo`] would take back.
    #[must_use]
    pub fn undo_label(&self) -> Option<&str> {
        self.done.last().map(|edit| &*edit.label)
    }

    /// What [`History::redo`] would do again.
    #[must_use]
    pub fn redo_label(&self) -> Option<&str> {
        self.undone.last().map(|edit| &*edit.label)
    }

    /// Takes the last edit back.
    pub fn undo(&mut self) -> Option<Step<S>> {
        let edit = self.done.pop()?;
        let step = Step { from: edit.after.clone(), to: edit.before.clone() };
        self.undone.push(edit);
        Some(step)
    }

    /// Does the last edit that was taken back again.
    pub fn redo(&mut self) -> Option<Step<S>> {
        let edit = self.undone.pop()?;
        let step = Step { from: edit.before.clone(), to: edit.after.clone() };
        self.done.push(edit);
        Some(step)
    }

    /// Changes between A and B; the first time, B is like A.
    pub fn swap(&mut self, present: S) -> Step<S> {
        let to = self.other.take().unwrap_or_else(|| present.clone());
        self.other = Some(present.clone());
        self.is_b = !self.is_b;
        Step { from: present, to }
    }

    /// Makes the other one like this.
    pub fn copy_across(&mut self, present: S) {
        self.other = Some(present);
    }

    /// Whether B is shown.
    #[must_use]
    pub fn is_b(&self) -> bool {
        self.is_b
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gesture_is_one_edit_however_often_it_moved() {
        let mut history = History::default();
        history.open("pad", || 1);
        history.open("pad", || 2);
        history.close(5);
        assert_eq!(history.undo_label(), Some("pad"));
        assert_eq!(history.undo(), Some(Step { from: 5, to: 1 }));
        assert_eq!(history.undo(), None);
        assert_eq!(history.redo(), Some(Step { from: 1, to: 5 }));
        assert_eq!(history.redo(), None);
    }

    #[test]
    fn what_changes_nothing_is_no_edit_and_a_new_edit_ends_redo() {
        let mut history = History::default();
        history.record("nothing", 1, 1);
        assert_eq!(history.undo_label(), None);
        history.record("one", 1, 2);
        assert!(history.undo().is_some());
        history.record("other", 1, 3);
        assert_eq!(history.redo(), None);
        assert_eq!(history.undo(), Some(Step { from: 3, to: 1 }));
    }

    #[test]
    fn the_oldest_edits_are_forgotten() {
        let mut history = History::default();
        for n in 0..KEPT + 5 {
            history.record("step", n, n + 1);
        }
        let undone = std::iter::from_fn(|| history.undo()).count();
        assert_eq!(undone, KEPT);
    }

    #[test]
    fn what_is_done_to_one_thing_without_a_pause_is_one_edit() {
        let mut history = History::default();
        for (time, label, before, after) in
            [(0.0, "z1", 1, 2), (0.4, "z1", 2, 3), (0.8, "z1", 3, 4), (1.4, "z1", 4, 5), (1.5, "gain", 5, 6)]
        {
            history.at(time);
            history.go_on(label, before, after);
        }
        let steps = std::iter::from_fn(|| history.undo()).map(|step| (step.from, step.to));
        assert_eq!(steps.collect::<Vec<_>>(), [(6, 5), (5, 4), (4, 1)]);
        // After a rest the same is another edit, however soon.
        history.at(1.9);
        history.go_on("Journey", 1, 2);
        history.rest();
        history.go_on("Journey", 2, 3);
        let steps = std::iter::from_fn(|| history.undo()).map(|step| (step.from, step.to));
        assert_eq!(steps.collect::<Vec<_>>(), [(3, 2), (2, 1)]);
        // Back where it began, there is nothing to take back.
        history.at(2.0);
        history.go_on("z1", 1, 2);
        history.go_on("z1", 2, 1);
        assert_eq!((history.undo_label(), history.redo_label()), (None, None));
    }

    #[test]
    fn a_and_b_keep_their_own_states() {
        let mut history = History::default();
        assert_eq!(history.swap(1), Step { from: 1, to: 1 });
        assert!(history.is_b());
        assert_eq!(history.swap(7), Step { from: 7, to: 1 });
        assert_eq!(history.swap(1), Step { from: 1, to: 7 });
        history.copy_across(7);
        assert_eq!(history.swap(9), Step { from: 9, to: 7 });
    }
}
