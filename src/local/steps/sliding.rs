//! Aggregates over rows that move: what comes in at the one end and leaves at the other, never subtracted.

/// Joins what is known of some rows and of those right behind them.
pub(super) trait Joins {
    type Part: Clone;

    fn joined(&self, left: &Self::Part, right: &Self::Part) -> Self::Part;
}

/// A queue of parts whose total is known at any time: two stacks, so each part is joined twice at most.
pub(super) struct Sliding<'j, J: Joins> {
    joins: &'j J,
    /// Parts that came first, last on top, each with all behind it up to the end of this stack.
    front: Vec<J::Part>,
    back: Vec<J::Part>,
    back_total: Option<J::Part>,
}

impl<'j, J: Joins> Sliding<'j, J> {
    pub fn new(joins: &'j J) -> Sliding<'j, J> {
        Sliding {
            joins,
            front: Vec::new(),
            back: Vec::new(),
            back_total: None,
        }
    }

    pub fn push(&mut self, part: J::Part) {
        self.back_total = Some(match &self.back_total {
            Some(total) => self.joins.joined(total, &part),
            None => part.clone(),
        });
        self.back.push(part);
    }

    pub fn pop(&mut self) {
        if self.front.is_empty() {
            self.back_total = None;
            let mut total: Option<J::Part> = None;
            for part in self.back.drain(..).rev() {
                let all = match &total {
                    Some(total) => self.joins.joined(&part, total),
                    None => part,
                };
                self.front.push(all.clone());
                total = Some(all);
            }
        }
        self.front.pop();
    }

    /// What is known of all that is in it; nothing of none.
    pub fn total(&self) -> Option<J::Part> {
        match (self.front.last(), &self.back_total) {
            (Some(front), Some(back)) => Some(self.joins.joined(front, back)),
            (Some(one), None) | (None, Some(one)) => Some(one.clone()),
            (None, None) => None,
        }
    }
}

/// The rows around each row of a stretch that count: from and to, `None` without bound.
pub(super) type Frame = (Option<i64>, Option<i64>);

/// For each row of a stretch of so many, the total over its frame.
pub(super) fn over<J: Joins>(
    joins: &J,
    frame: Frame,
    rows: usize,
    part: impl Fn(usize) -> J::Part,
    mut answer: impl FnMut(usize, Option<J::Part>),
) {
    let bound = |row: usize, offset: i64| {
        let place = i64::try_from(row).unwrap_or(i64::MAX).saturating_add(offset);
        usize::try_from(place).unwrap_or(0).min(rows)
    };
    let (mut from, mut to) = (0, 0);
    let mut sliding = Sliding::new(joins);
    for row in 0..rows {
        let last = frame.1.map_or(rows, |last| bound(row, last.saturating_add(1)));
        while to < last {
            sliding.push(part(to));
            to += 1;
        }
        let first = frame.0.map_or(0, |first| bound(row, first));
        while from < first.min(to) {
            sliding.pop();
            from += 1;
        }
        // A frame that is all behind the last row that came has none.
        answer(row, if first < last { sliding.total() } else { None });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Texts;

    impl Joins for Texts {
        type Part = String;

        fn joined(&self, left: &String, right: &String) -> String {
            format!("{left}{right}")
        }
    }

    fn frames(frame: Frame) -> Vec<String> {
        let mut answers = Vec::new();
        let letter = |row: usize| "abcde"[row..=row].to_owned();
        over(&Texts, frame, 5, letter, |_, total| {
            answers.push(total.unwrap_or_default())
        });
        answers
    }

    #[test]
    fn frames_keep_their_order() {
        assert_eq!(frames((None, Some(0))), ["a", "ab", "abc", "abcd", "abcde"]);
        assert_eq!(frames((Some(-1), Some(1))), ["ab", "abc", "bcd", "cde", "de"]);
        assert_eq!(frames((None, None)), ["abcde"; 5]);
        assert_eq!(frames((Some(0), None)), ["abcde", "bcde", "cde", "de", "e"]);
        assert_eq!(frames((Some(2), Some(3))), ["cd", "de", "e", "", ""]);
        assert_eq!(frames((Some(-3), Some(-2))), ["", "", "a", "ab", "bc"]);
        assert_eq!(frames((Some(-9), Some(-7))), [""; 5]);
        assert_eq!(frames((Some(i64::MIN), Some(i64::MAX))), ["abcde"; 5]);
    }
}
