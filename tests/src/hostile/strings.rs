//! Two components in one that hand each other strings: the runtime writes each in another encoding, for which
//! the guest pays nothing.

use wasm_encoder::{
    BlockType, CanonicalOption, CodeSection, ComponentBuilder, ComponentExportKind, ComponentInstanceSection,
    ComponentTypeRef, ComponentValType, EntityType, ExportKind, ExportSection, Function, FunctionSection,
    ImportSection, MemorySection, MemoryType, Module, ModuleArg, NestedComponentSection, PrimitiveValType,
    StartSection, TypeSection, ValType,
};
use wasmparser::{Parser, Payload};

use super::{GOOD, with};
use crate::guest;

/// Bytes of each string, in UTF-8: twice that in UTF-16.
const STRING_BYTES: i32 = 16 << 20;

/// Pages of 64 KiB that hold such a string.
const PAGES: u64 = 256;

/// Hands over the same string that many times while it is instantiated.
#[must_use]
pub fn strings_at_start(times: i32) -> Vec<u8> {
    let mut both = ComponentBuilder::default();
    let taker = both.component(None, taker());
    let giver = both.component(None, giver(times));
    let taking = both.instantiate::<[(&str, ComponentExportKind, u32); 0], &str>(None, taker, []);
    let take = both.alias_export(taking, "take", ComponentExportKind::Func);
    both.instantiate(None, giver, [("take", ComponentExportKind::Func, take)]);
    let both = both.finish();
    let mut nested = wasm_encoder::Component::new();
    for section in sections(&both) {
        nested.section(&section);
    }
    let mut instance = ComponentInstanceSection::new();
    instance.instantiate::<[(&str, ComponentExportKind, u32); 0], &str>(next_component(), []);
    with(&[&NestedComponentSection(&nested), &instance])
}

/// The sections of a component, as they are.
fn sections(component: &[u8]) -> Vec<wasm_encoder::RawSection<'_>> {
    let mut sections = Vec::new();
    let mut at = wasm_encoder::Component::HEADER.len();
    while at < component.len() {
        let id = component[at];
        let (mut length, mut shift, mut start) = (0_usize, 0, at + 1);
        loop {
            let byte = component[start];
            length |= usize::from(byte & 0x7f) << shift;
            (shift, start) = (shift + 7, start + 1);
            if byte & 0x80 == 0 {
                break;
            }
        }
        sections.push(wasm_encoder::RawSection { id, data: &component[start..start + length] });
        at = start + length;
    }
    sections
}

/// The number that the next component in the guest gets.
fn next_component() -> u32 {
    let (mut depth, mut components) = (0_u32, 0);
    for payload in Parser::new(0).parse_all(guest(GOOD)) {
        match payload.expect("the guest is valid") {
            Payload::ComponentSection { .. } => {
                components += u32::from(depth == 0);
                depth += 1;
            }
            Payload::ModuleSection { .. } => depth += 1,
            Payload::End(_) => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    components
}

fn memory(pages: u64) -> MemorySection {
    let mut memory = MemorySection::new();
    memory.memory(MemoryType {
        minimum: pages,
        maximum: None,
        memory64: false,
        shared: false,
        page_size_log2: None,
    });
    memory
}

/// `take: func(text: string)`, in UTF-16, always to the same place.
fn taker() -> ComponentBuilder {
    let mut module = Module::new();
    let mut types = TypeSection::new();
    types.ty().function([ValType::I32; 2], []);
    types.ty().function([ValType::I32; 4], [ValType::I32]);
    let mut functions = FunctionSection::new();
    functions.function(0).function(1);
    let mut exports = ExportSection::new();
    exports.export("memory", ExportKind::Memory, 0);
    exports.export("take", ExportKind::Func, 0).export("realloc", ExportKind::Func, 1);
    let mut code = CodeSection::new();
    let mut take = Function::new([]);
    take.instructions().end();
    let mut realloc = Function::new([]);
    realloc.instructions().i32_const(0).end();
    code.function(&take).function(&realloc);
    module
        .section(&types)
        .section(&functions)
        .section(&memory(2 * PAGES + 1))
        .section(&exports)
        .section(&code);

    let mut component = ComponentBuilder::default();
    let module = component.core_module(None, &module);
    let instance = component.core_instantiate(None, module, []);
    let memory = component.core_alias_export(None, instance, "memory", ExportKind::Memory);
    let take = component.core_alias_export(None, instance, "take", ExportKind::Func);
    let realloc = component.core_alias_export(None, instance, "realloc", ExportKind::Func);
    let of_text = type_of_take(&mut component);
    let options =
        [CanonicalOption::UTF16, CanonicalOption::Memory(memory), CanonicalOption::Realloc(realloc)];
    let lifted = component.lift_func(None, take, of_text, options);
    component.export("take", ComponentExportKind::Func, lifted, None);
    component
}

fn type_of_take(component: &mut ComponentBuilder) -> u32 {
    let (number, mut encoder) = component.type_function(None);
    encoder.params([("text", ComponentValType::Primitive(PrimitiveValType::String))]).result(None);
    number
}

/// Calls `take` from its start function, in UTF-8.
fn giver(times: i32) -> ComponentBuilder {
    let mut memories = Module::new();
    let mut exports = ExportSection::new();
    exports.export("memory", ExportKind::Memory, 0);
    memories.section(&memory(PAGES)).section(&exports);

    let mut module = Module::new();
    let mut types = TypeSection::new();
    types.ty().function([ValType::I32; 2], []);
    types.ty().function([], []);
    let mut imports = ImportSection::new();
    imports.import("host", "take", EntityType::Function(0));
    let mut functions = FunctionSection::new();
    functions.function(1);
    let mut code = CodeSection::new();
    let mut start = Function::new([(1, ValType::I32)]);
    let mut body = start.instructions();
    body.i32_const(times).local_set(0).loop_(BlockType::Empty);
    body.i32_const(0).i32_const(STRING_BYTES).call(0);
    body.local_get(0).i32_const(1).i32_sub().local_tee(0).br_if(0).end().end();
    code.function(&start);
    module.section(&types).section(&imports).section(&functions);
    module.section(&StartSection { function_index: 1 }).section(&code);

    let mut component = ComponentBuilder::default();
    let of_text = type_of_take(&mut component);
    let take = component.import("take", ComponentTypeRef::Func(of_text));
    let memories = component.core_module(None, &memories);
    let module = component.core_module(None, &module);
    let memory = component.core_instantiate(None, memories, []);
    let memory = component.core_alias_export(None, memory, "memory", ExportKind::Memory);
    let lowered = component.lower_func(None, take, [CanonicalOption::UTF8, CanonicalOption::Memory(memory)]);
    let host = component.core_instantiate_exports(None, [("take", ExportKind::Func, lowered)]);
    component.core_instantiate(None, module, [("host", ModuleArg::Instance(host))]);
    component
}
