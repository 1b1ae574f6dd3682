//! A few things in a row.

use crate::link::SLOTS;

/// A list that needs no memory but its own; what does not fit is not taken.
pub struct ShortList<T> {
    items: [Option<T>; SLOTS],
    len: usize,
}

impl<T: Copy> ShortList<T> {
    /// Nothing in it.
    pub const EMPTY: Self = Self { items: [None; SLOTS], len: 0 };

    /// Adds an item at the end.
    pub fn push(&mut self, item: T) {
        if self.len < SLOTS {
            self.items[self.len] = Some(item);
            self.len += 1;
        }
    }

    /// Takes the last item.
    pub fn pop(&mut self) -> Option<T> {
        self.len = self.len.checked_sub(1)?;
        self.items[self.len].take()
    }

    /// Takes all items, the first one first.
    pub fn take(&mut self) -> impl Iterator<Item = T> + use<T> {
        std::mem::replace(self, Self::EMPTY).items.into_iter().flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_keeps_what_fits_in_order() {
        let mut list = ShortList::EMPTY;
        (0..SLOTS + 3).for_each(|n| list.push(n));
        assert_eq!(list.pop(), Some(SLOTS - 1));
        assert_eq!(list.take().collect::<Vec<_>>(), (0..SLOTS - 1).collect::<Vec<_>>());
        assert_eq!(list.pop(), None);
    }
}
