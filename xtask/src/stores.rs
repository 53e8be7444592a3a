//! `cargo xtask stores`: the engine on object stores, by servers on this machine that stand in for them.
//!
//! Owns which server stands in for which service: moto (PyPI) for S3, Azurite (npm) for Azure. Both were measured to keep
//! put-if-absent among 32 writers; docs/reference/platform.md has the figures, also of those that do not, and says why
//! nothing stands in for Google Cloud Storage. The servers end with the value that holds them.
//!
//! Not part of `cargo xtask test`: with these stores built in, `object_store` has other features, so delta-rs and the AWS
//! SDK are built beside what the other tests use. `cargo xtask prove` runs it.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use crate::python;
use crate::run::{self, Outcome};

const S3_PACKAGES: [&str; 3] = ["moto[s3]==5.2.5", "flask==3.1.3", "flask-cors==6.0.5"];
const S3_CHECK: &str = "import moto.moto_server.werkzeug_app";
const AZURITE: &str = "azurite@3.35.0";

/// The account of every Azurite, and its key, as its manual prints them.
const ACCOUNT: &str = "devstoreaccount1";
const KEY: &str = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

/// How long a server may take until it says where it listens.
const PATIENCE: Duration = Duration::from_secs(120);

/// What is built and run, of the whole workspace: a choice of packages would give dependencies other features, and build
/// them once more.
const WHAT: [&str; 3] = [
    "--workspace",
    "--features",
    "delta-engine-acceptance/stores,delta-engine-cli/s3,delta-engine-cli/azure,delta-engine-cli/gcs",
];

/// The servers that run.
#[derive(Debug, Default)]
pub(crate) struct Stores {
    servers: Vec<Server>,
    environment: Vec<(&'static str, String)>,
    /// What could not be started, and why.
    pub(crate) missing: Vec<String>,
}

/// A server, which ends with this value.
#[derive(Debug)]
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        // One that has ended by itself can't be ended again; there is nothing to learn from either.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Runs the tests on every server that this machine can have.
pub(crate) fn run() -> Outcome {
    let stores = start();
    for missing in &stores.missing {
        println!("skipped: {missing}");
    }
    let mut tests = tests(&stores)?;
    if let Ok(python) = python::interpreter() {
        tests.env("DELTA_ENGINE_PYTHON", python);
    }
    run::succeed(tests.arg("--show-output"))
}

/// Starts what this machine can have.
pub(crate) fn start() -> Stores {
    let mut stores = Stores::default();
    for (name, start) in [("S3 (moto)", s3 as fn(&mut Stores) -> Outcome), ("Azure (Azurite)", azure)] {
        if let Err(error) = start(&mut stores) {
            stores.missing.push(format!("{name}: {error}"));
        }
    }
    stores
}

/// The tests, built, and told where the servers are.
pub(crate) fn tests(stores: &Stores) -> Outcome<Command> {
    let program = ["--bin", "delta-engine", "--test", "object_stores"];
    run::succeed(run::cargo(["build", "--message-format", "short"]).args(WHAT).args(program))?;
    let program = run::target()?.join("debug").join(format!("delta-engine{}", std::env::consts::EXE_SUFFIX));
    let mut tests = run::cargo(["test"]);
    tests.args(WHAT).args(["--test", "object_stores", "--"]);
    tests.env("DELTA_ENGINE_PROGRAM", program).envs(stores.environment.iter().cloned());
    Ok(tests)
}

fn s3(stores: &mut Stores) -> Outcome {
    let python = python::environment("moto", &S3_PACKAGES, S3_CHECK)?;
    let mut command = Command::new(python);
    let endpoint = serve(command.args(["-c", include_str!("stores/s3.py")]), stores)?;
    stores.environment.extend([
        ("DELTA_ENGINE_S3", endpoint.clone()),
        ("AWS_ENDPOINT_URL", endpoint),
        ("AWS_ALLOW_HTTP", "true".to_owned()),
        ("AWS_REGION", "us-east-1".to_owned()),
        ("AWS_ACCESS_KEY_ID", "anyone".to_owned()),
        ("AWS_SECRET_ACCESS_KEY", "nothing".to_owned()),
    ]);
    Ok(())
}

fn azure(stores: &mut Stores) -> Outcome {
    let program = azurite()?;
    let mut command = Command::new("node");
    command.arg(program).args(["--blobHost", "127.0.0.1", "--blobPort", "0", "--inMemoryPersistence", "--silent"]);
    // The API version that delta-rs's client asks for may be newer than the list of this Azurite.
    let endpoint = serve(command.args(["--skipApiVersionCheck", "--disableTelemetry"]), stores)?;
    let python = python::environment("moto", &S3_PACKAGES, S3_CHECK)?;
    let account = format!("{endpoint}/{ACCOUNT}");
    let script = ["-c", include_str!("stores/container.py"), &account, ACCOUNT, KEY, "bucket"];
    run::succeed(Command::new(python).args(script))?;
    stores.environment.extend([
        ("DELTA_ENGINE_AZURE", endpoint.clone()),
        // Told that it is Azurite, the client lists without the place to start at, which Azurite leaves out of account.
        ("AZURE_STORAGE_USE_EMULATOR", "true".to_owned()),
        ("AZURITE_BLOB_STORAGE_URL", endpoint),
        ("AZURE_STORAGE_ACCOUNT_NAME", ACCOUNT.to_owned()),
        ("AZURE_STORAGE_ACCOUNT_KEY", KEY.to_owned()),
    ]);
    Ok(())
}

/// Azurite's script, installed into the cache folder where it is not there.
fn azurite() -> Outcome<PathBuf> {
    let folder = run::cache()?.join(AZURITE.replace('@', "-"));
    let script = folder.join("node_modules/azurite/dist/src/blob/main.js");
    if script.is_file() {
        return Ok(script);
    }
    println!("installing {AZURITE} into {}", folder.display());
    std::fs::create_dir_all(&folder)?;
    let npm = ["install", "--silent", "--no-fund", "--no-audit", "--prefix"];
    let output = run::output(Command::new("npm").args(npm).arg(&folder).arg(AZURITE))
        .map_err(|_| "Node.js with npm is not installed (Debian: apt install npm)")?;
    if !output.status.success() {
        return Err(format!("`npm install {AZURITE}` failed ({})", output.status).into());
    }
    if script.is_file() { Ok(script) } else { Err(format!("`npm install {AZURITE}` brought no server").into()) }
}

/// Starts a server and waits until it says where it listens.
fn serve(command: &mut Command, stores: &mut Stores) -> Outcome<String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| format!("failed to start `{name}`: {error}"))?;
    let output = child.stdout.take();
    stores.servers.push(Server(child));
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        // Read to the end, so that the server never waits for a reader.
        for line in output.into_iter().flat_map(|output| BufReader::new(output).lines().map_while(Result::ok)) {
            if let Some(at) = line.find("http://127.0.0.1:") {
                // Nobody waits for a second address.
                let _ = sender.send(line[at..].trim().to_owned());
            }
        }
    });
    Ok(receiver.recv_timeout(PATIENCE).map_err(|_| format!("`{name}` did not say where it listens"))?)
}
