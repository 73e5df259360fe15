//! Whole numbers wider than 128 bits, for the middle of a decimal operation: its result is narrow again, or an overflow.

/// A magnitude of 512 bits (two 38-digit numbers, each scaled up by 38 digits, multiply into 504) and a sign.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wide {
    negative: bool,
    /// Least significant first.
    limbs: [u64; 8],
}

impl Wide {
    pub(super) fn new(value: i128) -> Wide {
        let magnitude = value.unsigned_abs();
        let mut limbs = [0; 8];
        limbs[0] = magnitude as u64;
        limbs[1] = (magnitude >> 64) as u64;
        Wide {
            negative: value < 0,
            limbs,
        }
    }

    /// `self` × 10^`digits`.
    pub(super) fn scaled_up(mut self, digits: u8) -> Wide {
        for _ in 0..digits {
            let mut carry = 0;
            for limb in &mut self.limbs {
                let product = u128::from(*limb) * 10 + carry;
                *limb = product as u64;
                carry = product >> 64;
            }
        }
        self
    }

    /// `self` ÷ 10^`digits`, half away from zero.
    pub(super) fn scaled_down(mut self, digits: u8) -> Wide {
        let mut last = 0;
        for _ in 0..digits {
            last = self.divide_by_ten();
        }
        // Whether it rounds up is decided by the first digit that goes.
        if last >= 5 {
            self = self.magnitude_plus(&Wide::new(1));
        }
        self
    }

    fn divide_by_ten(&mut self) -> u128 {
        let mut rest = 0;
        for limb in self.limbs.iter_mut().rev() {
            let part = rest << 64 | u128::from(*limb);
            *limb = (part / 10) as u64;
            rest = part % 10;
        }
        rest
    }

    pub(super) fn plus(self, other: Wide) -> Wide {
        if self.negative == other.negative {
            return self.magnitude_plus(&other);
        }
        if self.limbs.iter().rev().lt(other.limbs.iter().rev()) {
            return other.magnitude_minus(&self);
        }
        self.magnitude_minus(&other)
    }

    pub(super) fn times(self, other: Wide) -> Wide {
        let mut limbs = [0; 8];
        for (low, a) in self.limbs.iter().enumerate() {
            let mut carry = 0;
            for (place, b) in limbs[low..].iter_mut().zip(&other.limbs) {
                let sum = u128::from(*a) * u128::from(*b) + u128::from(*place) + carry;
                *place = sum as u64;
                carry = sum >> 64;
            }
        }
        Wide {
            negative: self.negative != other.negative,
            limbs,
        }
    }

    /// The quotient of the magnitudes, with the sign of `self`, and what is left. `divisor` is below 2^127 and not 0.
    pub(super) fn divided(self, divisor: u128) -> (Wide, u128) {
        let mut limbs = [0; 8];
        let mut rest = 0_u128;
        for (quotient, limb) in limbs.iter_mut().zip(&self.limbs).rev() {
            for bit in (0..64).rev() {
                rest = rest << 1 | u128::from(*limb >> bit & 1);
                if rest >= divisor {
                    rest -= divisor;
                    *quotient |= 1 << bit;
                }
            }
        }
        let negative = self.negative;
        (Wide { negative, limbs }, rest)
    }

    /// The same, further from zero by one.
    pub(super) fn away(self) -> Wide {
        self.magnitude_plus(&Wide::new(1))
    }

    /// The other sign.
    pub(super) fn negated(self) -> Wide {
        Wide {
            negative: !self.negative,
            ..self
        }
    }

    /// The number, if it fits.
    pub(super) fn narrow(self) -> Option<i128> {
        let [low, high, above @ ..] = self.limbs;
        if above != [0; 6] {
            return None;
        }
        let magnitude = i128::try_from(u128::from(high) << 64 | u128::from(low)).ok()?;
        Some(if self.negative { -magnitude } else { magnitude })
    }

    fn magnitude_plus(mut self, other: &Wide) -> Wide {
        let mut carry = 0;
        for (a, b) in self.limbs.iter_mut().zip(&other.limbs) {
            let sum = u128::from(*a) + u128::from(*b) + carry;
            *a = sum as u64;
            carry = sum >> 64;
        }
        self
    }

    fn magnitude_minus(mut self, other: &Wide) -> Wide {
        let mut borrow = false;
        for (a, b) in self.limbs.iter_mut().zip(&other.limbs) {
            let (difference, under) = a.overflowing_sub(*b);
            let (difference, again) = difference.overflowing_sub(u64::from(borrow));
            *a = difference;
            borrow = under || again;
        }
        self
    }
}
