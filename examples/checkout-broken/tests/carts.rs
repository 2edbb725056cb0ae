//! Whole carts.

use checkout::{Line, price};

#[test]
fn an_empty_cart_costs_nothing() {
    assert_eq!(price(&[]).gross(), 0);
}

#[test]
fn lines_are_summed_and_taxed() {
    let total = price(&[Line { unit_price: 250, quantity: 2 }, Line { unit_price: 99, quantity: 1 }]);
    assert_eq!((total.net, total.discount, total.tax), (599, 0, 114));
    assert_eq!(total.gross(), 713);
}

#[test]
fn a_large_cart_gets_its_discount_before_tax() {
    let total = price(&[Line { unit_price: 5_000, quantity: 3 }]);
    assert_eq!((total.net, total.discount, total.tax), (15_000, 1_500, 2_565));
}
