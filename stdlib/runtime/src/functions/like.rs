//! `like`: `%` is any text, `_` one code point, `\` escapes; all of the text, case matters.

/// What a sign of a pattern stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sign {
    /// Itself.
    Is(char),
    /// `_`
    One,
    /// `%`
    Any,
}

/// A pattern, read once for many texts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Like(Vec<Sign>);

impl Like {
    /// A pattern as it is written.
    pub fn new(pattern: &str) -> Like {
        let mut read = Vec::new();
        let mut signs = pattern.chars();
        while let Some(sign) = signs.next() {
            match sign {
                '%' if read.last() == Some(&Sign::Any) => {}
                '%' => read.push(Sign::Any),
                '_' => read.push(Sign::One),
                '\\' => read.push(Sign::Is(signs.next().unwrap_or('\\'))),
                sign => read.push(Sign::Is(sign)),
            }
        }
        Like(read)
    }

    /// Whether it stands for this text.
    pub fn holds(&self, text: &str) -> bool {
        let mut rest = text.chars();
        let mut place = 0;
        // Where to take up again if what follows a `%` does not fit: a code point further on. Only the last `%` may have
        // to give way, since the ones before it have already found the first place that fits.
        let mut again: Option<(usize, std::str::Chars<'_>)> = None;
        loop {
            let sign = self.0.get(place);
            if sign == Some(&Sign::Any) {
                place += 1;
                again = Some((place, rest.clone()));
                continue;
            }
            let fits = match (sign, rest.next()) {
                (None, None) => return true,
                (Some(Sign::One), Some(_)) => true,
                (Some(Sign::Is(wanted)), Some(found)) => *wanted == found,
                _ => false,
            };
            if fits {
                place += 1;
                continue;
            }
            let Some((behind, from)) = &mut again else {
                return false;
            };
            if from.next().is_none() {
                return false;
            }
            (place, rest) = (*behind, from.clone());
        }
    }
}

/// [`Like::holds`] of a pattern that is used once.
pub fn like(text: &str, pattern: &str) -> bool {
    Like::new(pattern).holds(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_of_the_whole_text() {
        assert!(like("a.b", "a.b") && !like("axb", "a.b"));
        assert!(like("a\nb", "a%b") && like("a\nb", "a_b"));
        assert!(like("10%", "10\\%") && !like("100", "10\\%"));
        assert!(!like("ab", "a") && like("", "%") && !like("A", "a"));
        assert!(like("é", "_") && !like("", "_") && like("a\\", "a\\"));
    }

    #[test]
    fn what_a_percent_sign_took_is_given_back() {
        assert!(like("abcabcab", "%ab") && like("aab", "%ab%") && like("mississippi", "m%iss%p_"));
        assert!(!like("abcabca", "%ab") && !like("ab", "%abc%") && like("", "%%") && !like("", "%_%"));
        assert!(like("ab", "%%_%_"));
    }

    /// Against all texts and patterns of a few signs, read in the plainest way there is.
    #[test]
    fn it_is_what_its_definition_says() {
        fn plainly(text: &[char], pattern: &[char]) -> bool {
            match (pattern, text) {
                ([], _) => text.is_empty(),
                (['%', rest @ ..], _) => (0..=text.len()).any(|from| plainly(&text[from..], rest)),
                (['_', rest @ ..], [_, after @ ..]) => plainly(after, rest),
                ([sign, rest @ ..], [found, after @ ..]) => sign == found && plainly(after, rest),
                _ => false,
            }
        }
        let words = |signs: &[char], length: u32| -> Vec<Vec<char>> {
            (0..=length)
                .flat_map(|length| (0..signs.len().pow(length)).map(move |number| (length, number)))
                .map(|(length, number)| {
                    (0..length)
                        .map(|place| signs[number / signs.len().pow(place) % signs.len()])
                        .collect()
                })
                .collect()
        };
        for pattern in words(&['a', 'b', '%', '_'], 5) {
            let made = Like::new(&pattern.iter().collect::<String>());
            for text in words(&['a', 'b'], 5) {
                let holds = made.holds(&text.iter().collect::<String>());
                assert_eq!(holds, plainly(&text, &pattern), "{text:?} like {pattern:?}");
            }
        }
    }
}
