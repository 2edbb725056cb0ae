//! Reads its artifact whole and says how many bytes that were: honest, and as fast as reading can be.

use std::io::BufRead;

use evident_checker::{Checker, Config, Description, Error, Evidence, Outcome, Sink, Slot};

struct ReadWhole;

impl Checker for ReadWhole {
    type Settings = ();

    fn describe() -> Description {
        Description::new("read-whole", "0.1.0", "Reads every byte").slot(Slot::new("file", "what to read"))
    }

    fn configure(_: &mut Config) {}

    fn check((): (), evidence: &Evidence, _: &mut dyn Sink) -> Result<Outcome, Error> {
        let mut reader = evidence.one("file")?.reader();
        let mut total = 0;
        loop {
            let read = reader.fill_buf()?.len();
            if read == 0 {
                return Ok(Outcome::decide(true, format!("{total} bytes")).examined(total, "bytes"));
            }
            total += read as u64;
            reader.consume(read);
        }
    }
}

evident_checker::export!(ReadWhole);
