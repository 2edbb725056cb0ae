//! Asks where each piece of its evidence comes from, with all of them at hand.

use evident_checker::Outcome;

evident_guests::guest!("asks-origin", |evidence, _| {
    let artifacts = evidence.all("file");
    let bytes: u64 = artifacts.iter().map(|artifact| artifact.info().size).sum();
    let produced = artifacts.iter().filter(|artifact| artifact.origin().source == "source").count();
    Ok(Outcome::decide(true, format!("{produced} artifacts of {bytes} bytes")).examined(produced as u64, "artifacts"))
});
