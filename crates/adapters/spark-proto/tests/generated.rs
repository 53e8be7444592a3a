//! The code that is checked in is what the definitions say. `UPDATE=1` writes it instead.

use std::path::Path;

const FILE: &str = "spark.connect.rs";
const SERVER: &str = "#[cfg(feature = \"server\")]\n#[expect(clippy::allow_attributes, reason = \"generated\")]";

#[test]
fn the_generated_code_is_that_of_the_definitions() {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let checked_in = package.join("src/generated").join(FILE);
    let definitions = protox::compile(["spark/connect/base.proto"], [package.join("proto")]).expect("definitions");
    let scratch = tempfile::tempdir().expect("a folder");
    let mut messages = prost_build::Config::new();
    messages.bytes(["."]).disable_comments(["."]);
    let mut service =
        tonic_prost_build::configure().out_dir(scratch.path()).build_transport(false).server_mod_attribute(".", SERVER);
    // Comments of messages are left out above, those of services each by name.
    for (package, definition) in
        definitions.file.iter().flat_map(|file| file.service.iter().map(|it| (file.package(), it)))
    {
        let name = format!("{package}.{}", definition.name());
        for method in &definition.method {
            service = service.disable_comments([format!("{name}.{}", method.name())]);
        }
        service = service.disable_comments([name]);
    }
    service.compile_fds_with_config(definitions, messages).expect("code");
    let generated = std::fs::read_to_string(scratch.path().join(FILE)).expect("generated");
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&checked_in, &generated).expect("written");
    }
    let before = std::fs::read_to_string(&checked_in).unwrap_or_default();
    assert!(before == generated, "run UPDATE=1 cargo test -p delta-engine-spark-proto, and commit src/generated");
}
