//! Attaches more files than are taken and says how many were refused.

use evident_checker::Outcome;

evident_guests::guest!("attachments-many", |_, sink| {
    let refused = (0..1000).filter(|_| sink.attach("file", "text/plain", b"x").is_err()).count();
    Ok(Outcome::decide(true, format!("{refused} refused")).examined(1, "units"))
});
