//! Components that no compiler of Rust makes: a good guest with hostile sections behind it.
//!
//! A component is instantiated from front to back, so what stands at its end runs, or is compiled, or is
//! read, with everything before it in place; and without it the guest is loaded and passes.

mod strings;

use wasm_encoder::{
    BlockType, CodeSection, ComponentImportSection, ComponentSection, ComponentType, ComponentTypeRef,
    ComponentTypeSection, ConstExpr, DataSection, FunctionSection, HeapType, InstanceSection,
    InstructionSink, MemorySection, MemoryType, Module, ModuleSection, RefType, StartSection, TableSection,
    TableType, TypeBounds, TypeSection, ValType,
};
use wasmparser::{Parser, Payload};

use crate::guest;

pub use strings::strings_at_start;

/// What is behind every one of these: passes over nothing with `run 1`.
pub const GOOD: &str = "remembers";

/// The guest with further sections.
fn with(sections: &[&dyn ComponentSection]) -> Vec<u8> {
    let mut component = guest(GOOD).to_vec();
    for section in sections {
        section.append_to_component(&mut component);
    }
    component
}

/// The number that the next core module of the guest gets.
fn next_module() -> u32 {
    let mut depth = 0_u32;
    let mut modules = 0;
    for payload in Parser::new(0).parse_all(guest(GOOD)) {
        match payload.expect("the guest is valid") {
            Payload::ModuleSection { .. } => {
                modules += u32::from(depth == 0);
                depth += 1;
            }
            Payload::ComponentSection { .. } => depth += 1,
            Payload::End(_) => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    modules
}

/// The guest with one more core module, that many instances of it.
fn with_module(module: &Module, instances: u32) -> Vec<u8> {
    let number = next_module();
    let mut section = InstanceSection::new();
    for _ in 0..instances {
        section.instantiate::<[(&str, wasm_encoder::ModuleArg); 0], &str>(number, []);
    }
    with(&[&ModuleSection(module), &section])
}

/// A module with the type `[] -> []` and that many functions of it, each with the same body.
fn functions(count: u32, locals: u32, body: impl Fn(&mut InstructionSink<'_>)) -> (Module, CodeSection) {
    let mut module = Module::new();
    let mut types = TypeSection::new();
    types.ty().function([], []);
    module.section(&types);
    let mut section = FunctionSection::new();
    let mut code = CodeSection::new();
    let mut function = wasm_encoder::Function::new([(locals, ValType::I32)]);
    body(&mut function.instructions());
    function.instructions().end();
    for _ in 0..count {
        section.function(0);
        code.function(&function);
    }
    module.section(&section);
    (module, code)
}

/// A module with a memory or table and a start function that calls `step` `times` times.
fn repeated_at_start(
    section: &impl wasm_encoder::Section,
    times: i32,
    step: impl Fn(&mut InstructionSink<'_>),
) -> Module {
    let (mut module, code) = functions(1, 1, |body| {
        body.i32_const(times).local_set(0).loop_(BlockType::Empty);
        step(body);
        body.local_get(0).i32_const(1).i32_sub().local_tee(0).br_if(0).end();
    });
    module.section(section).section(&StartSection { function_index: 0 }).section(&code);
    module
}

/// Never ends while it is instantiated.
#[must_use]
pub fn spin_at_start() -> Vec<u8> {
    let (mut module, code) = functions(1, 0, |body| {
        body.loop_(BlockType::Empty).br(0).end();
    });
    module.section(&StartSection { function_index: 0 }).section(&code);
    with_module(&module, 1)
}

/// Takes that many MiB of memory while it is instantiated, one by one, and writes to none of it.
#[must_use]
pub fn memory_at_start(mebibytes: i32) -> Vec<u8> {
    let mut memory = MemorySection::new();
    memory.memory(MemoryType {
        minimum: 0,
        maximum: None,
        memory64: false,
        shared: false,
        page_size_log2: None,
    });
    with_module(
        &repeated_at_start(&memory, mebibytes, |body| {
            body.i32_const(16).memory_grow(0).drop();
        }),
        1,
    )
}

/// Takes that many thousand elements of a table while it is instantiated, thousand by thousand.
#[must_use]
pub fn table_at_start(thousands: i32) -> Vec<u8> {
    let mut table = TableSection::new();
    let element_type = RefType::FUNCREF;
    table.table(TableType { element_type, table64: false, minimum: 0, maximum: None, shared: false });
    with_module(
        &repeated_at_start(&table, thousands, |body| {
            body.ref_null(HeapType::FUNC).i32_const(1000).table_grow(0).drop();
        }),
        1,
    )
}

/// That many instances of a module without anything in it.
#[must_use]
pub fn instances(count: u32) -> Vec<u8> {
    with_module(&Module::new(), count)
}

/// A type in a type, that many times.
#[must_use]
pub fn nested_types(depth: u32) -> Vec<u8> {
    // Written by hand: the encoder copies each level into the next.
    const COMPONENT_TYPE_SECTION: u8 = 7;
    let mut types = vec![1];
    for _ in 1..depth {
        // A component type of one declaration, which is a type.
        types.extend([0x41, 1, 0x01]);
    }
    types.extend([0x41, 0]);
    let mut component = guest(GOOD).to_vec();
    component.push(COMPONENT_TYPE_SECTION);
    leb128(types.len(), &mut component);
    component.extend(types);
    component
}

/// The same through the encoder, for a depth that it can take.
#[must_use]
pub fn nested_types_encoded(depth: u32) -> Vec<u8> {
    let mut inner = ComponentType::new();
    for _ in 1..depth {
        let mut outer = ComponentType::new();
        outer.ty().component(&inner);
        inner = outer;
    }
    let mut section = ComponentTypeSection::new();
    section.component(&inner);
    with(&[&section])
}

/// A component in a component, that many times.
#[must_use]
pub fn nested_components(depth: u32) -> Vec<u8> {
    const COMPONENT_SECTION: u8 = 4;
    let mut inner = wasm_encoder::Component::HEADER.to_vec();
    for _ in 1..depth {
        let mut outer = wasm_encoder::Component::HEADER.to_vec();
        outer.push(COMPONENT_SECTION);
        leb128(inner.len(), &mut outer);
        outer.extend(inner);
        inner = outer;
    }
    let mut component = guest(GOOD).to_vec();
    component.push(COMPONENT_SECTION);
    leb128(inner.len(), &mut component);
    component.extend(inner);
    component
}

/// Imports further things by name, whatever they are.
#[must_use]
pub fn imports(names: &[&str]) -> Vec<u8> {
    let mut section = ComponentImportSection::new();
    for name in names {
        section.import(*name, ComponentTypeRef::Type(TypeBounds::SubResource));
    }
    with(&[&section])
}

/// One function of about that many bytes: a branch every eight bytes.
#[must_use]
pub fn large_function(bytes: usize) -> Vec<u8> {
    let (mut module, code) = functions(1, 1, |body| {
        for _ in 0..bytes / 8 {
            body.local_get(0).if_(BlockType::Empty).i32_const(1).local_set(0).end();
        }
    });
    module.section(&code);
    with_module(&module, 1)
}

/// That many functions without anything in them.
#[must_use]
pub fn many_functions(count: u32) -> Vec<u8> {
    let (mut module, code) = functions(count, 0, |_| {});
    module.section(&code);
    with_module(&module, 1)
}

/// That many pieces of data, one byte each.
#[must_use]
pub fn many_data(count: u32) -> Vec<u8> {
    let mut module = Module::new();
    let mut memory = MemorySection::new();
    memory.memory(MemoryType {
        minimum: 1,
        maximum: None,
        memory64: false,
        shared: false,
        page_size_log2: None,
    });
    let mut data = DataSection::new();
    for _ in 0..count {
        data.active(0, &ConstExpr::i32_const(0), [7]);
    }
    module.section(&memory).section(&data);
    with_module(&module, 1)
}

/// Unsigned LEB128, as WebAssembly writes sizes.
fn leb128(mut number: usize, to: &mut Vec<u8>) {
    loop {
        let low = u8::try_from(number & 0x7f).expect("seven bits");
        number >>= 7;
        to.push(if number == 0 { low } else { low | 0x80 });
        if number == 0 {
            return;
        }
    }
}
