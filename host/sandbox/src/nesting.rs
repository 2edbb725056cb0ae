//! How deep a component nests, found without calling itself.
//!
//! The parser of component types calls itself once for each level, so a component of a few kilobytes that
//! nests ten thousand deep would end the host with a stack overflow, which nothing can catch. This walks
//! the same bytes with a list of what is still open, before that parser sees them. It knows of types only
//! where their inner ones begin; everything else it leaves to the parser.

use wasmparser::{
    BinaryReader, ComponentAlias, ComponentExternName, ComponentImport, ComponentType, ComponentTypeRef,
    CoreType, Parser, Payload, Result,
};

use crate::limits::NESTING_MAX;

/// True if no type and no component lies deeper than [`NESTING_MAX`] in others.
///
/// # Errors
/// For bytes that cannot be read that far.
pub(crate) fn is_bounded(bytes: &[u8]) -> Result<bool> {
    let mut components = 0_usize;
    for payload in Parser::new(0).parse_all(bytes) {
        match payload? {
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => components += 1,
            Payload::End(_) => components = components.saturating_sub(1),
            Payload::ComponentTypeSection(section) => {
                let range = section.original_position()..section.range().end;
                if !types_are_bounded(&bytes[range.clone()], range.start, section.count())? {
                    return Ok(false);
                }
            }
            _ => {}
        }
        if components > NESTING_MAX {
            return Ok(false);
        }
    }
    Ok(true)
}

/// How the types of a component are written (component model, Binary.md).
const COMPONENT_TYPE: u8 = 0x41;
const INSTANCE_TYPE: u8 = 0x42;
const DECLARED_CORE_TYPE: u8 = 0x00;
const DECLARED_TYPE: u8 = 0x01;
const DECLARED_ALIAS: u8 = 0x02;
const DECLARED_IMPORT: u8 = 0x03;

fn types_are_bounded(bytes: &[u8], offset: usize, count: u32) -> Result<bool> {
    let mut reader = BinaryReader::new(bytes, offset);
    for _ in 0..count {
        // How many declarations are left in each type that is open.
        let mut open = Vec::new();
        enter_or_skip(&mut reader, &mut open)?;
        while let Some(left) = open.last_mut() {
            if *left == 0 {
                open.pop();
                continue;
            }
            *left -= 1;
            declaration(&mut reader, &mut open)?;
            if open.len() > NESTING_MAX {
                return Ok(false);
            }
        }
    }
    Ok(true)
}

/// Reads the beginning of a type that holds others, or a whole type that does not.
fn enter_or_skip(reader: &mut BinaryReader<'_>, open: &mut Vec<u32>) -> Result<()> {
    let mut ahead = reader.clone();
    if matches!(ahead.read_u8()?, COMPONENT_TYPE | INSTANCE_TYPE) {
        *reader = ahead;
        open.push(reader.read_var_u32()?);
        return Ok(());
    }
    reader.read::<ComponentType<'_>>().map(drop)
}

fn declaration(reader: &mut BinaryReader<'_>, open: &mut Vec<u32>) -> Result<()> {
    match reader.read_u8()? {
        DECLARED_TYPE => enter_or_skip(reader, open),
        DECLARED_CORE_TYPE => reader.read::<CoreType<'_>>().map(drop),
        DECLARED_ALIAS => reader.read::<ComponentAlias<'_>>().map(drop),
        DECLARED_IMPORT => reader.read::<ComponentImport<'_>>().map(drop),
        // An export; what is none ends the reading here, or when the parser comes.
        _ => {
            reader.read::<ComponentExternName<'_>>()?;
            reader.read::<ComponentTypeRef>().map(drop)
        }
    }
}
