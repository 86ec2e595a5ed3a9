//! Where the root comes from, and where the key files lie.

use anyhow::{Context, Result, ensure};
use domain::period::Period;
use eventstore::keys::{RootCommand, RootKeyProvider};
use serde::Deserialize;
use std::path::{Path, PathBuf};

/// The keys outside the database.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Keys {
    /// File of the root key, mode 0600, unless one of the others is set.
    pub root_file: PathBuf,
    /// Name of a systemd credential that holds the root key.
    pub root_credential: Option<String>,
    /// A program that wraps and unwraps keys, with its arguments.
    pub root_command: Option<Vec<String>>,
    /// How long that program may take for one key.
    pub root_command_timeout: Period,
    /// Environment variable of the root key; for development.
    pub root_variable: Option<String>,
    /// Folder of the key files, shared by all nodes. Back it up apart from the database.
    pub folder: PathBuf,
}

/// Where systemd puts the credentials of a unit.
const CREDENTIALS: &str = "CREDENTIALS_DIRECTORY";

impl Default for Keys {
    fn default() -> Self {
        Self {
            root_file: "root.key".into(),
            root_credential: None,
            root_command: None,
            root_command_timeout: Period::seconds(10),
            root_variable: None,
            folder: "keys".into(),
        }
    }
}

impl Keys {
    /// Root key and key files in one folder, as a demonstration has them.
    #[must_use]
    pub fn in_folder(folder: &Path) -> Self {
        Self { root_file: folder.join("root.key"), folder: folder.join("keys"), ..Self::default() }
    }

    /// Refuses what does not go together.
    pub(super) fn check(&self) -> Result<()> {
        let sources =
            [self.root_credential.is_some(), self.root_command.is_some(), self.root_variable.is_some()];
        ensure!(
            sources.into_iter().filter(|set| *set).count() <= 1,
            "the root key comes from one place: set one of keys.root_credential, keys.root_command and \
             keys.root_variable, or none of them for keys.root_file"
        );
        if let Some(name) = &self.root_credential {
            ensure!(
                !name.is_empty() && !name.contains('/') && name != "..",
                "keys.root_credential is `{name}`; write the name that stands before the colon of LoadCredential="
            );
        }
        if self.root_command.is_some() {
            self.command()?;
            ensure!(
                !self.root_command_timeout.is_zero(),
                "keys.root_command_timeout must be longer than nothing"
            );
        }
        Ok(())
    }

    /// Where the root comes from.
    pub(crate) fn root(&self) -> Result<RootKeyProvider> {
        if let Some(name) = &self.root_variable {
            return Ok(RootKeyProvider::Environment(name.clone()));
        }
        if let Some(name) = &self.root_credential {
            let folder = std::env::var_os(CREDENTIALS).with_context(|| {
                format!(
                    "keys.root_credential is set and {CREDENTIALS} is not: start the program as a systemd unit with \
                     LoadCredential={name}:…, or name another source of the root key"
                )
            })?;
            return Ok(RootKeyProvider::Credential(Path::new(&folder).join(name)));
        }
        if self.root_command.is_some() {
            return Ok(RootKeyProvider::Command(self.command()?));
        }
        Ok(RootKeyProvider::File(self.root_file.clone()))
    }

    fn command(&self) -> Result<RootCommand> {
        let argv = self.root_command.clone().unwrap_or_default();
        let timeout = self.root_command_timeout.nominal().unsigned_abs();
        RootCommand::new(argv, timeout).context(
            "keys.root_command must begin with the absolute path of a program, such as \
             [\"/usr/local/bin/root-kms\", \"--key\", \"sealpost\"]",
        )
    }
}

#[cfg(test)]
mod tests {
    use super::Keys;
    use eventstore::keys::RootKeyProvider;

    fn keys(text: &str) -> Keys {
        toml::from_str(text).unwrap()
    }

    /// A44: the root comes from one place, which is named so that it can be found.
    #[test]
    fn the_root_comes_from_one_place() {
        for good in ["", "root_file = \"/k\"", "root_variable = \"R\"", "root_credential = \"root\""] {
            assert!(keys(good).check().is_ok(), "{good}");
        }
        for bad in [
            "root_variable = \"R\"\nroot_credential = \"root\"",
            "root_variable = \"R\"\nroot_command = [\"/bin/kms\"]",
            "root_credential = \"a/b\"",
            "root_credential = \"\"",
            "root_command = []",
            "root_command = [\"kms\"]",
            "root_command = [\"/bin/kms\"]\nroot_command_timeout = \"PT0S\"",
        ] {
            assert!(keys(bad).check().is_err(), "{bad}");
        }
        assert!(toml::from_str::<Keys>("root_comand = []").is_err());
        let command = keys("root_command = [\"/bin/kms\", \"one\"]");
        assert!(matches!(command.root().unwrap(), RootKeyProvider::Command(_)));
        let file = keys("root_file = \"/k\"");
        assert!(matches!(file.root().unwrap(), RootKeyProvider::File(path) if path.ends_with("k")));
    }

    /// A44: outside systemd there are no credentials, and the error says so.
    #[test]
    fn a_credential_needs_systemd() {
        let problem = keys("root_credential = \"root\"").root().unwrap_err().to_string();
        assert!(problem.contains("LoadCredential=root"), "{problem}");
    }
}
