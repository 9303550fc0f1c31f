//! The sources that every system has: variables, a command, a passphrase, a file.

use std::fs;
use std::path::Path;
use std::time::Duration;

use devicegrant::{Key, key};

use crate::probe::{Probe, Said};
use crate::{Checked, Test, has, same};

pub(crate) const TESTS: &[Test] = &[
    ("a_reader_makes_no_home", a_reader_makes_no_home),
    ("without_a_keyring_a_file", without_a_keyring_a_file),
    ("a_variable_that_is_set_wins", a_variable_that_is_set_wins),
    ("a_passphrase", a_passphrase),
    (
        "of_many_first_saves_one_chooses",
        of_many_first_saves_one_chooses,
    ),
    ("a_store_without_a_home", a_store_without_a_home),
    ("a_fresh_key_is_a_key_and_never_the_same", a_fresh_key),
    (
        "a_damaged_home_stays_as_it_is",
        a_damaged_home_stays_as_it_is,
    ),
    #[cfg(unix)]
    (
        "a_key_that_others_can_read_is_refused",
        a_key_that_others_can_read,
    ),
    #[cfg(unix)]
    ("a_command_is_no_shell", a_command_is_no_shell),
    #[cfg(unix)]
    (
        "a_command_that_fails_or_hangs",
        a_command_that_fails_or_hangs,
    ),
    #[cfg(unix)]
    (
        "a_command_that_closes_its_output_and_stays",
        a_command_that_closes_its_output,
    ),
];

fn error(said: &Said, code: &str, part: &str) -> Checked {
    same("the code", &said.get("code"), &code)?;
    has(said.get("message"), part)
}

fn names(folder: &Path) -> Result<Vec<String>, std::io::Error> {
    let mut names = fs::read_dir(folder)?
        .map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()))
        .collect::<Result<Vec<_>, std::io::Error>>()?;
    names.sort();
    Ok(names)
}

fn a_reader_makes_no_home() -> Checked {
    let folder = tempfile::tempdir()?;
    let home = folder.path().join("home");
    let said = Probe::of(&home, "", false)?.look()?;
    same("the home", &said.get("home"), &"none")?;
    let soon = said.took < Duration::from_secs(4);
    same("it is soon told", &soon, &true)?;
    same("its folder is there", &home.exists(), &false)
}

fn without_a_keyring_a_file() -> Checked {
    let folder = tempfile::tempdir()?;
    let home = folder.path().join("a/home");
    let first = Probe::of(&home, "file", true)?.look()?;
    same("the source", &first.get("source"), &"file")?;
    same("created", &first.get("created"), &"true")?;
    same(
        "what is there",
        &names(&home)?,
        &vec!["home.json".to_owned(), "key".to_owned()],
    )?;
    #[cfg(unix)]
    for (path, mode) in [
        (home.join("key"), 0o600),
        (home.join("home.json"), 0o600),
        (home.clone(), 0o700),
    ] {
        use std::os::unix::fs::PermissionsExt;
        same(
            &path.display().to_string(),
            &(fs::metadata(&path)?.permissions().mode() & 0o777),
            &mode,
        )?;
    }
    let json = fs::read_to_string(home.join("home.json"))?;
    has(&json, &format!(r#""id":"{}""#, first.get("key_id")))?;
    let text = fs::read_to_string(home.join("key"))?;
    same(
        "the secret stands in home.json",
        &json.contains(text.trim()),
        &false,
    )?;
    let key = Key::from_text(&text).ok_or("the file key holds no key")?;
    same("the key's id", &key.id().as_str(), &first.get("key_id"))?;
    let again = Probe::of(&home, "", false)?
        .env("DEVICEGRANT_KEY", "something")
        .look()?;
    same("created", &again.get("created"), &"false")?;
    same("the key's id", &again.get("key_id"), &first.get("key_id"))?;
    error(
        &Probe::of(&home, "env", false)?.look()?,
        "bad_option",
        "--key env",
    )?;
    fs::remove_file(home.join("key"))?;
    error(
        &Probe::of(&home, "", true)?.look()?,
        "key_unreachable",
        "the file key in",
    )?;
    same(
        "what is there",
        &names(&home)?,
        &vec!["home.json".to_owned()],
    )
}

fn a_variable_that_is_set_wins() -> Checked {
    let folder = tempfile::tempdir()?;
    let home = folder.path().join("home");
    let (text, other) = (key::fresh_text()?, key::fresh_text()?);
    let given = |key: &str, create| -> Result<Said, Box<dyn std::error::Error>> {
        Probe::of(&home, "", create)?
            .env("DEVICEGRANT_KEY", key)
            .look()
    };
    let first = given(text.expose(), true)?;
    same("the source", &first.get("source"), &"env")?;
    same(
        "what is there",
        &names(&home)?,
        &vec!["home.json".to_owned()],
    )?;
    same(
        "the key's id",
        &given(text.expose(), false)?.get("key_id"),
        &first.get("key_id"),
    )?;
    let wrong = given(other.expose(), false)?;
    error(&wrong, "key_wrong", first.get("key_id"))?;
    same(
        "the message holds the key",
        &wrong.get("message").contains(other.expose()),
        &false,
    )?;
    let unset = Probe::of(&home, "", true)?.look()?;
    error(
        &unset,
        "key_unreachable",
        "DEVICEGRANT_KEY, which is not set",
    )
}

fn a_passphrase() -> Checked {
    let folder = tempfile::tempdir()?;
    let home = folder.path().join("home");
    let given = |words: &str| -> Result<Said, Box<dyn std::error::Error>> {
        Probe::of(&home, "", true)?
            .env("DEVICEGRANT_PASSPHRASE", words)
            .look()
    };
    let first = given("correct horse battery staple")?;
    same("the source", &first.get("source"), &"passphrase")?;
    let again = given("correct horse battery staple")?;
    same("the key's id", &again.get("key_id"), &first.get("key_id"))?;
    same("created", &again.get("created"), &"false")?;
    error(
        &given("wrong horse")?,
        "key_wrong",
        "DEVICEGRANT_PASSPHRASE",
    )
}

fn of_many_first_saves_one_chooses() -> Checked {
    let folder = tempfile::tempdir()?;
    for round in 0..10 {
        let home = folder.path().join(round.to_string());
        let said = std::thread::scope(|scope| {
            let probes: Vec<_> = (0..6)
                .map(|_| {
                    scope.spawn(|| {
                        Probe::of(&home, "file", true)?
                            .look()
                            .map_err(|e| e.to_string().into())
                    })
                })
                .collect();
            probes
                .into_iter()
                .map(|probe| {
                    probe
                        .join()
                        .map_err(|_| "a probe panicked".to_owned())?
                        .map_err(|e: Box<dyn std::error::Error + Send + Sync>| e.to_string())
                })
                .collect::<Result<Vec<Said>, String>>()
        })?;
        let created = said
            .iter()
            .filter(|said| said.get("created") == "true")
            .count();
        same("how many chose", &created, &1)?;
        for one in &said {
            same("the key's id", &one.get("key_id"), &said[0].get("key_id"))?;
            same(
                "the home's id",
                &one.get("home_id"),
                &said[0].get("home_id"),
            )?;
        }
    }
    Ok(())
}

fn a_store_without_a_home() -> Checked {
    error(
        &Probe::of_variables()?.look()?,
        "key_needed",
        "DEVICEGRANT_KEY_COMMAND",
    )?;
    let text = key::fresh_text()?;
    let id = Key::from_text(text.expose()).ok_or("no key")?.id();
    let said = Probe::of_variables()?
        .env("DEVICEGRANT_KEY", text.expose())
        .look()?;
    same("the key's id", &said.get("key_id"), &id.as_str())?;
    let said = Probe::of_variables()?
        .env("DEVICEGRANT_KEY", "hunter2")
        .look()?;
    error(&said, "key_unreachable", "does not hold a key")?;
    same(
        "the message holds it",
        &said.get("message").contains("hunter2"),
        &false,
    )
}

fn a_fresh_key() -> Checked {
    let (one, other) = (key::fresh_text()?, key::fresh_text()?);
    same("they are the same", &(one == other), &false)?;
    same(
        "it is a key",
        &Key::from_text(one.expose()).is_some(),
        &true,
    )
}

fn a_damaged_home_stays_as_it_is() -> Checked {
    let folder = tempfile::tempdir()?;
    for (damage, why) in [
        ("{\"format\":1,", "is damaged"),
        ("{\"format\":9}", "format 9"),
    ] {
        let home = folder.path().join(why);
        Probe::of(&home, "file", true)?.look()?;
        let file = home.join("home.json");
        fs::write(&file, damage)?;
        error(&Probe::of(&home, "", true)?.look()?, "home_unreadable", why)?;
        same("home.json", &fs::read_to_string(&file)?.as_str(), &damage)?;
    }
    Ok(())
}

#[cfg(unix)]
fn a_key_that_others_can_read() -> Checked {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir()?;
    let home = folder.path().join("home");
    Probe::of(&home, "file", true)?.look()?;
    fs::set_permissions(home.join("key"), fs::Permissions::from_mode(0o644))?;
    error(&Probe::of(&home, "", false)?.look()?, "store_unsafe", "key")
}

#[cfg(unix)]
fn a_command_is_no_shell() -> Checked {
    let folder = tempfile::tempdir()?;
    let home = folder.path().join("home");
    let secret = folder.path().join("a key; of mine");
    let text = key::fresh_text()?;
    fs::write(&secret, format!("  {}\n\n", text.expose()))?;
    let command = format!("cat '{}'", secret.display());
    let given =
        || Probe::of(&home, "", true).map(|probe| probe.env("DEVICEGRANT_KEY_COMMAND", &command));
    let first = given()?.look()?;
    same("the source", &first.get("source"), &"command")?;
    let id = Key::from_text(text.expose()).ok_or("no key")?.id();
    same("the key's id", &first.get("key_id"), &id.as_str())?;
    let alone = Probe::of_variables()?
        .env("DEVICEGRANT_KEY_COMMAND", &command)
        .look()?;
    same("the key's id", &alone.get("key_id"), &id.as_str())?;
    fs::remove_file(secret)?;
    error(
        &given()?.look()?,
        "key_unreachable",
        "ended with exit status: 1",
    )?;
    let gone = Probe::of(&home, "", true)?.env("DEVICEGRANT_KEY_COMMAND", "no-such-program-here");
    error(&gone.look()?, "key_unreachable", "could not be started")
}

#[cfg(unix)]
fn a_command_that_fails_or_hangs() -> Checked {
    let given = |command: &str| -> Result<Said, Box<dyn std::error::Error>> {
        Probe::of_variables()?
            .env("DEVICEGRANT_KEY_COMMAND", command)
            .look()
    };
    let talks = given("sh -c 'echo hunter2 >&2; echo hunter2; exit 3'")?;
    error(&talks, "key_unreachable", "ended with exit status: 3")?;
    same(
        "the message repeats it",
        &talks.get("message").contains("hunter2"),
        &false,
    )?;
    let hangs = given("sleep 60")?;
    error(&hangs, "key_unreachable", "did not end within 10 seconds")?;
    same(
        "it was given up in time",
        &(hangs.took < Duration::from_secs(12)),
        &true,
    )?;
    Ok(())
}

/// It has printed all it will ever print, and still is not the end.
#[cfg(unix)]
fn a_command_that_closes_its_output() -> Checked {
    let command = "sh -c 'exec >&-; exec sleep 60'";
    let probe = Probe::of_variables()?.env("DEVICEGRANT_KEY_COMMAND", command);
    let said = probe.look()?;
    error(&said, "key_unreachable", "did not end within 10 seconds")
}
