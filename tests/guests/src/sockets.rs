//! Wants the network.

use evident_checker::Outcome;

evident_guests::guest!("sockets", |_, _| {
    let network = evident_guests::wasi::wasi::sockets::instance_network::instance_network();
    Ok(Outcome::decide(true, format!("{network}")).examined(1, "units"))
});
