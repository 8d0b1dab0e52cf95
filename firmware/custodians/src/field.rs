//! GF(2⁸) modulo x⁸+x⁴+x³+x+1 (FIPS 197, 4.2), without tables and without branches on its operands.

/// x⁸ is this.
const REDUCTION: u8 = 0x1b;

/// The product.
pub(crate) const fn multiply(a: u8, b: u8) -> u8 {
    let (mut a, mut product, mut bit) = (a, 0_u8, 0);
    while bit < 8 {
        // All ones where the bit is set, else nothing.
        product ^= a & ((b >> bit) & 1).wrapping_neg();
        a = (a << 1) ^ (REDUCTION & (a >> 7).wrapping_neg());
        bit += 1;
    }
    product
}

/// The inverse: a²⁵⁴. Of 0 it is 0.
pub(crate) const fn inverse(a: u8) -> u8 {
    let (mut power, mut product, mut step) = (a, 1_u8, 0);
    while step < 7 {
        power = multiply(power, power);
        product = multiply(product, power);
        step += 1;
    }
    product
}

#[cfg(test)]
mod tests {
    use super::{inverse, multiply};

    #[test]
    fn products_are_those_of_the_standard() {
        // FIPS 197, 4.2 and 4.2.1; the inverse pair is of its S-box.
        assert_eq!(multiply(0x57, 0x83), 0xc1);
        assert_eq!(multiply(0x57, 0x13), 0xfe);
        assert_eq!(multiply(0x57, 0x10), 0x07);
        assert_eq!(inverse(0x53), 0xca);
    }

    #[test]
    fn every_number_but_zero_has_its_inverse() {
        assert_eq!(inverse(0), 0);
        for a in 1..=255 {
            assert_eq!(multiply(a, inverse(a)), 1, "{a}");
            assert_eq!(multiply(a, 1), a);
        }
    }
}
