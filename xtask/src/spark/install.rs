//! Spark and Delta in the cache folder: PySpark from PyPI, Delta's jars from Maven Central.
//!
//! Made once for each pair of versions. PySpark brings a whole Spark with Ivy, which resolves the jars, so Java and
//! Python are all that a machine needs. What Spark has on its own class path is not fetched a second time.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::Profile;
use crate::python;
use crate::run::{self, Outcome};

/// Where to find the installed pair.
#[derive(Debug)]
pub(crate) struct Installed {
    pub(crate) python: PathBuf,
    /// `SPARK_HOME`.
    pub(crate) home: PathBuf,
    /// The jars of Delta, with their folders.
    pub(crate) jars: Vec<String>,
}

/// The pair of versions, installed where it is not yet, or what this machine lacks.
pub(crate) fn installed(profile: Profile) -> Outcome<Installed> {
    if let Some(lack) = lack() {
        return Err(lack.into());
    }
    let name = format!("spark-{}", profile.name());
    let package = format!("pyspark[connect]=={}", profile.spark());
    let environment = python::environment(&name, &[&package], "import pyspark.sql.connect.client")?;
    let print = "import pyspark, pathlib; print(pathlib.Path(pyspark.__file__).parent)";
    let home = PathBuf::from(run::stdout(Command::new(&environment).args(["-c", print]))?.trim());
    let jars = jars(profile, &home)?;
    Ok(Installed { python: environment, home, jars })
}

/// What this machine lacks, beside Python.
pub(crate) fn lack() -> Option<String> {
    if cfg!(unix) { lack_of_java() } else { Some("a Spark server can be started on Linux and macOS only".to_owned()) }
}

/// Spark 4 needs Java 17.
fn lack_of_java() -> Option<String> {
    const OLDEST: u32 = 17;
    let missing = match std::env::var_os("JAVA_HOME") {
        Some(home) => format!("`JAVA_HOME` is `{}`, where no Java 17 or newer is", Path::new(&home).display()),
        None => "Java 17 or newer is not installed (Debian: apt install openjdk-17-jre-headless)".to_owned(),
    };
    let output = Command::new(java_program()).arg("-version").output();
    let said = output.map(|output| String::from_utf8_lossy(&output.stderr).into_owned()).unwrap_or_default();
    match java_version(&said) {
        Some(version) if version >= OLDEST => None,
        Some(version) => Some(format!("Spark 4 needs Java 17 or newer, and this is Java {version}")),
        None => Some(missing),
    }
}

/// The one that Spark's own script takes.
fn java_program() -> PathBuf {
    std::env::var_os("JAVA_HOME").map_or_else(|| "java".into(), |home| Path::new(&home).join("bin").join("java"))
}

/// `openjdk version "17.0.15" 2025-04-15`; before Java 9, `java version "1.8.0_402"`.
fn java_version(said: &str) -> Option<u32> {
    let (_, rest) = said.split_once("version \"")?;
    let (version, _) = rest.split_once('"')?;
    let mut numbers = version.split(['.', '_', '-', '+']).map(str::parse);
    match numbers.next()? {
        Ok(1) => numbers.next()?.ok(),
        Ok(number) => Some(number),
        Err(_) => None,
    }
}

fn jars(profile: Profile, home: &Path) -> Outcome<Vec<String>> {
    let (module, version) = profile.delta();
    let folder = run::cache()?.join("jars").join(format!("{module}-{version}"));
    let stamp = folder.join("complete");
    if !stamp.exists() {
        eprintln!("fetching {module} {version} into {}", folder.display());
        fs::create_dir_all(&folder)?;
        let settings = folder.join("ivy-settings.xml");
        let wanted = folder.join("ivy.xml");
        fs::write(&settings, include_str!("ivy-settings.xml"))?;
        fs::write(&wanted, ivy(module, version))?;
        let mut command = Command::new(java_program());
        command.arg("-cp").arg(ivy_jar(home)?).args(["org.apache.ivy.Main", "-warn", "-confs", "default"]);
        command.arg("-settings").arg(settings).arg("-ivy").arg(wanted);
        command.arg("-cache").arg(run::cache()?.join("ivy"));
        command.arg("-retrieve").arg(folder.join("[artifact]-[revision].[ext]"));
        let output = run::output(&mut command)?;
        let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
        if !output.status.success() {
            let told =
                said.lines().map(str::trim).find(|line| line.contains("not found") || line.contains("UNRESOLVED"));
            let told = told.unwrap_or_else(|| said.trim().lines().last().unwrap_or("it gave no reason"));
            return Err(format!("failed to fetch {module} {version} from Maven Central: {told}").into());
        }
        fs::write(&stamp, "")?;
    }
    let mut jars = Vec::new();
    for entry in fs::read_dir(&folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "jar") {
            jars.push(path.to_str().ok_or("the cache folder's path is not Unicode, which Spark needs")?.to_owned());
        }
    }
    jars.sort();
    if jars.is_empty() { Err(format!("`{}` holds no jars; delete it", folder.display()).into()) } else { Ok(jars) }
}

/// Delta and what it needs that Spark does not bring: modules of other groups are on Spark's class path already, in
/// versions that Spark was built with.
fn ivy(module: &str, version: &str) -> String {
    format!(
        r#"<ivy-module version="2.0">
  <info organisation="delta-engine" module="live"/>
  <dependencies>
    <dependency org="io.delta" name="{module}" rev="{version}" conf="default"/>
    <exclude org="^(?!io\.(delta|unitycatalog)$).*" matcher="regexp"/>
  </dependencies>
</ivy-module>
"#
    )
}

fn ivy_jar(home: &Path) -> Outcome<PathBuf> {
    for entry in fs::read_dir(home.join("jars"))? {
        let path = entry?.path();
        if path.file_name().and_then(|name| name.to_str()).is_some_and(|name| name.starts_with("ivy-")) {
            return Ok(path);
        }
    }
    Err(format!("`{}` brings no Ivy", home.display()).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_of_java_is_read() {
        for (said, expected) in [
            ("openjdk version \"17.0.15\" 2025-04-15\nOpenJDK Runtime Environment", Some(17)),
            ("openjdk version \"21\" 2023-09-19", Some(21)),
            ("openjdk version \"25-ea\" 2025-09-16", Some(25)),
            ("java version \"1.8.0_402\"", Some(8)),
            ("The operation couldn't be completed. Unable to locate a Java Runtime.", None),
            ("openjdk version \"?\"", None),
        ] {
            assert_eq!(java_version(said), expected, "{said}");
        }
    }
}
