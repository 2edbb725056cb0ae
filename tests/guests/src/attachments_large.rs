//! Attaches more bytes than are taken and says how many mebibytes were refused.

use evident_guests::bindings::evident::checker::sink;
use evident_guests::bindings::evident::checker::types::Outcome;

fn check() -> Outcome {
    let attachment = sink::attach("large", "application/octet-stream").expect("the first is taken");
    let piece = vec![b'x'; 1 << 20];
    let refused = (0..80).filter(|_| attachment.write(&piece).is_err()).count();
    evident_guests::pass(format!("{refused} refused"))
}

evident_guests::raw_guest!(evident_guests::descriptor("attachments-large"), check);
