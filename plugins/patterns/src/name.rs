//! A pattern for one name: what stands between two slashes.

/// Characters of one name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Name(Vec<Token>);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Token {
    Byte(u8),
    /// `?`: one character.
    One,
    /// `*`: any number of bytes.
    Any,
}

impl Name {
    /// `None` where it ends inside an escape.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut tokens = Vec::with_capacity(text.len());
        let mut bytes = text.bytes();
        while let Some(byte) = bytes.next() {
            match byte {
                b'*' if tokens.last() == Some(&Token::Any) => {}
                b'*' => tokens.push(Token::Any),
                b'?' => tokens.push(Token::One),
                b'\\' => tokens.push(Token::Byte(bytes.next()?)),
                byte => tokens.push(Token::Byte(byte)),
            }
        }
        Some(Self(tokens))
    }

    /// True if it is `*` and nothing else.
    pub(crate) fn is_any(&self) -> bool {
        self.0 == [Token::Any]
    }

    /// The only name that it matches; nothing where it matches several.
    pub(crate) fn literal(&self) -> Option<Vec<u8>> {
        let byte = |token: &Token| match token {
            Token::Byte(byte) => Some(*byte),
            Token::One | Token::Any => None,
        };
        self.0.iter().map(byte).collect()
    }

    /// Goes back only to the last `*`: what an earlier one could take, that one can take as well.
    pub(crate) fn matches(&self, name: &[u8]) -> bool {
        let (mut token, mut at) = (0, 0);
        let mut last_any = None;
        while at < name.len() {
            match self.0.get(token) {
                Some(Token::Any) => {
                    token += 1;
                    last_any = Some((token, at));
                    continue;
                }
                Some(Token::Byte(byte)) if *byte == name[at] => at += 1,
                Some(Token::One) => at += character_bytes(&name[at..]),
                _ => {
                    let Some((after, taken)) = last_any else { return false };
                    last_any = Some((after, taken + 1));
                    (token, at) = (after, taken + 1);
                    continue;
                }
            }
            token += 1;
        }
        self.0[token..].iter().all(|token| *token == Token::Any)
    }
}

/// Bytes of the first character; one where it is not UTF-8.
fn character_bytes(text: &[u8]) -> usize {
    let length = match text[0] {
        0xc2..=0xdf => 2,
        0xe0..=0xef => 3,
        0xf0..=0xf4 => 4,
        _ => return 1,
    };
    let is_whole = text.get(..length).is_some_and(|bytes| std::str::from_utf8(bytes).is_ok());
    if is_whole { length } else { 1 }
}
