//! Opening a home: obeying its `home.json`, or choosing once where there is none.
//!
//! ```text
//!  Start ─ Read home.json ─► Home ─ absent, and only reading ──────────────► Done(None)
//!                             │ ▲
//!             there: obey it  │ └───────────── Exists: another was first ──────┐
//!             absent: choose  ▼                                                │
//!  env, command, passphrase:  Variable ── unset: the next source ──►           │
//!  command:                   Run                                              │
//!  keyring:  obeyed  Recall;  chosen  Remember ─► Check (it really keeps it)   │
//!  file:     obeyed  ReadKey; chosen  PublishKey ─ Exists ─► ReadKey           │
//!                             │                                                │
//!                             ▼ a key                                          │
//!            obeyed: its id fits ─► Done            chosen: PublishHome ───────┴► Done
//! ```

use super::choose::{self, ORDER, Role};
use super::file::{self, HomeFile};
use super::text::Fresh;
use super::{
    Answer, COMMAND_TIMEOUT_MS, Effect, HOME_FILE, KEY_FILE, KEYRING_TIMEOUT_MS, KeyFlow, SERVICE,
    Source, derive,
};
use crate::error::{Code, Error};
use crate::flow::out_of_turn;
use crate::seal::Key;
use crate::secret::{Secret, SecretBytes};

/// What the caller wants of a home.
#[derive(Clone, Debug, Default)]
pub struct Wish {
    /// The source that the caller named (`--key`); none leaves it to the home, or to the order of
    /// choice where there is none.
    pub source: Option<Source>,
    /// True for a save, which makes the home where there is none; a reader ends with none.
    pub create: bool,
    /// True where a program without a desktop session must be able to have the key: a home that
    /// is sealed by another is refused, and a new one never chooses it.
    pub unattended: bool,
    /// The home's folder, for messages.
    pub home: String,
}

/// A home that is open.
#[derive(Clone, Debug)]
pub struct Opened {
    /// What its logins are sealed with.
    pub key: Key,
    /// The home's id: public, 16 characters of base32.
    pub home_id: String,
    /// Where the key is kept.
    pub source: Source,
    /// The key's id: public, 16 characters of base32.
    pub key_id: String,
    /// True where this call made the home.
    pub created: bool,
}

impl Opened {
    /// What the source protects against, in one honest sentence.
    pub fn protects(&self) -> &'static str {
        self.source.protects()
    }
}

/// The machine that opens a home. It ends with none where there is no home and none is to be made.
///
/// Errors: `key_unreachable`, `key_wrong`, `key_needs_session`, `home_unreadable`, `bad_option`.
#[derive(Debug)]
pub struct OpenHome {
    wish: Wish,
    fresh: Fresh,
    /// What `home.json` says; none while there is none.
    home: Option<HomeFile>,
    /// The source whose turn it is.
    source: Source,
    /// How many sources have had their turn.
    turns: usize,
    stage: Stage,
}

#[derive(Debug)]
enum Stage {
    Start,
    Home,
    Variable,
    Run,
    Recall,
    Remember,
    Check,
    PublishKey,
    ReadKey,
    PublishHome(Box<Opened>),
    Ended,
}

type Next = Result<Effect<Option<Opened>>, Error>;

impl OpenHome {
    /// Nothing is asked before the first step.
    pub fn new(wish: Wish, fresh: Fresh) -> Self {
        Self {
            wish,
            fresh,
            home: None,
            source: ORDER[0],
            turns: 0,
            stage: Stage::Start,
        }
    }

    fn role(&self) -> Role {
        match (&self.home, self.wish.source) {
            (Some(_), _) => Role::Obeyed,
            (None, Some(_)) => Role::Wished,
            (None, None) => Role::Tried,
        }
    }

    fn read_home(&mut self) -> Effect<Option<Opened>> {
        self.stage = Stage::Home;
        Effect::Read(HOME_FILE)
    }

    fn obey(&mut self, bytes: &[u8]) -> Next {
        let home = HomeFile::read(bytes, &self.wish.home)?;
        let source = home.key.source;
        if let Some(wish) = self.wish.source.filter(|wish| *wish != source) {
            return Err(choose::contradicts(wish, source, &self.wish.home));
        }
        self.source = source;
        self.home = Some(home);
        self.ask()
    }

    /// The wish, or whose turn it is. A wish has one turn.
    fn choose(&mut self) -> Next {
        let turn = ORDER[self.turns.min(ORDER.len() - 1)];
        self.source = self.wish.source.unwrap_or(turn);
        self.turns += 1;
        if self.role() == Role::Tried && !self.is_reachable() {
            return self.choose();
        }
        self.ask()
    }

    fn is_reachable(&self) -> bool {
        !self.wish.unattended || self.source.reachable_unattended()
    }

    /// The source has nothing to offer: the next one, where there may be one.
    fn pass(&mut self, why: &str) -> Next {
        if self.role() == Role::Tried && self.turns < ORDER.len() {
            return self.choose();
        }
        self.fail(why)
    }

    fn fail(&self, why: &str) -> Next {
        let home = &self.wish.home;
        Err(choose::unreachable(self.source, self.role(), home, why))
    }

    fn ask(&mut self) -> Next {
        if !self.is_reachable() {
            let home = &self.wish.home;
            return Err(choose::needs_session(self.source, self.role(), home));
        }
        Ok(self.ask_source())
    }

    fn ask_source(&mut self) -> Effect<Option<Opened>> {
        if let Some(name) = self.source.variable() {
            self.stage = Stage::Variable;
            return Effect::Variable(name);
        }
        match (self.source, &self.home) {
            (Source::Keyring, Some(home)) => {
                let account = home.account();
                self.recall(Stage::Recall, account)
            }
            (Source::Keyring, None) => {
                self.stage = Stage::Remember;
                Effect::Remember {
                    account: file::account(&self.fresh.home_id()),
                    text: self.fresh.key().text(),
                    timeout_ms: KEYRING_TIMEOUT_MS,
                }
            }
            (_, Some(_)) => self.read_key(),
            (_, None) => {
                self.stage = Stage::PublishKey;
                let line = format!("{}\n", self.fresh.key().text().expose());
                Effect::Publish {
                    name: KEY_FILE,
                    bytes: SecretBytes::from(line),
                }
            }
        }
    }

    fn recall(&mut self, then: Stage, account: Box<str>) -> Effect<Option<Opened>> {
        self.stage = then;
        Effect::Recall {
            account,
            timeout_ms: KEYRING_TIMEOUT_MS,
        }
    }

    fn read_key(&mut self) -> Effect<Option<Opened>> {
        self.stage = Stage::ReadKey;
        Effect::Read(KEY_FILE)
    }

    fn variable(&mut self, text: &Secret) -> Next {
        match self.source {
            Source::Command => match run(text) {
                Ok(effect) => {
                    self.stage = Stage::Run;
                    Ok(effect)
                }
                Err(why) => self.fail(why),
            },
            Source::Passphrase => {
                let salt = match &self.home {
                    Some(home) => home.salt().unwrap_or_default(),
                    None => self.fresh.salt(),
                };
                let key = derive::derive(text.expose(), &salt)?;
                self.settle(key)
            }
            _ => self.text(Some(text)),
        }
    }

    fn text(&mut self, text: Option<&Secret>) -> Next {
        match text.and_then(|text| Key::from_text(text.expose())) {
            Some(key) => self.settle(key),
            None => self.fail(no_key(self.source)),
        }
    }

    /// There is a key: it has to be the home's, or becomes it.
    fn settle(&mut self, key: Key) -> Next {
        let key_id = key.id();
        if let Some(home) = &self.home {
            if home.key.id != key_id {
                let (home, wanted) = (&self.wish.home, &home.key.id);
                return Err(choose::wrong(self.source, home, wanted, &key_id));
            }
            return Ok(Effect::Done(Some(Opened {
                key,
                home_id: home.id.clone(),
                source: self.source,
                key_id,
                created: false,
            })));
        }
        let home_id = self.fresh.home_id();
        let salt = (self.source == Source::Passphrase).then(|| self.fresh.salt());
        let file = HomeFile::new(home_id.clone(), self.source, key_id.clone(), salt);
        self.stage = Stage::PublishHome(Box::new(Opened {
            key,
            home_id,
            source: self.source,
            key_id,
            created: true,
        }));
        Ok(Effect::Publish {
            name: HOME_FILE,
            bytes: file.to_bytes()?,
        })
    }
}

impl KeyFlow for OpenHome {
    type Output = Option<Opened>;

    fn step(&mut self, answer: Answer) -> Next {
        match (std::mem::replace(&mut self.stage, Stage::Ended), answer) {
            (Stage::Start, Answer::Go) | (Stage::PublishHome(_), Answer::Exists) => {
                Ok(self.read_home())
            }
            (Stage::Home, Answer::File(Some(bytes))) => self.obey(bytes.expose()),
            (Stage::Home, Answer::File(None)) if !self.wish.create => Ok(Effect::Done(None)),
            (Stage::Home, Answer::File(None)) if self.turns == 0 => self.choose(),
            (Stage::Home, Answer::File(None)) => {
                let home = &self.wish.home;
                let message = format!("{HOME_FILE} in {home} was there a moment ago and is gone");
                Err(Error::new(Code::HomeUnreadable, message))
            }
            // Set to nothing is how some service managers unset.
            (Stage::Variable, Answer::Text(text)) => match text {
                Some(text) if !text.expose().trim().is_empty() => self.variable(&text),
                _ => self.pass("is not set"),
            },
            (Stage::Variable | Stage::Run | Stage::Recall, Answer::Silent(why)) => {
                self.fail(&choose::silence(self.source, &why))
            }
            (Stage::Recall, Answer::Text(None)) => {
                let account = self.home.as_ref().map(HomeFile::account);
                let account = account.unwrap_or_default();
                self.fail(&format!("has no entry {account} of {SERVICE}"))
            }
            (Stage::Run | Stage::Recall, Answer::Text(text)) => self.text(text.as_ref()),
            // A keyring that says yes and keeps nothing is met in the wild.
            (Stage::Remember, Answer::Kept) => {
                let account = file::account(&self.fresh.home_id());
                Ok(self.recall(Stage::Check, account))
            }
            (Stage::Check, Answer::Text(text)) => {
                if text.as_ref() == Some(&self.fresh.key().text()) {
                    self.settle(self.fresh.key())
                } else {
                    self.pass("did not keep what it was given")
                }
            }
            (Stage::Remember | Stage::Check, Answer::Silent(why)) => {
                self.pass(&choose::silence(self.source, &why))
            }
            (Stage::PublishKey, Answer::Published) => self.settle(self.fresh.key()),
            // Of another first save, or of one that did not come to its end.
            (Stage::PublishKey, Answer::Exists) => Ok(self.read_key()),
            (Stage::ReadKey, Answer::File(None)) => self.fail("is not there"),
            (Stage::ReadKey, Answer::File(Some(bytes))) => {
                let text = std::str::from_utf8(bytes.expose()).ok().map(Secret::new);
                self.text(text.as_ref())
            }
            (Stage::PublishHome(opened), Answer::Published) => Ok(Effect::Done(Some(*opened))),
            (stage, _) => {
                self.stage = stage;
                Err(out_of_turn())
            }
        }
    }
}

/// A key command, split as a shell would split it. The error follows the variable's name.
pub(super) fn run<T>(command: &Secret) -> Result<Effect<T>, &'static str> {
    match shlex::split(command.expose()) {
        Some(argv) if !argv.is_empty() => Ok(Effect::Run {
            argv,
            timeout_ms: COMMAND_TIMEOUT_MS,
        }),
        Some(_) => Err("names no program"),
        None => Err("has a quotation mark that is not closed"),
    }
}

/// Follows the source's name.
pub(super) fn no_key(source: Source) -> &'static str {
    match source {
        Source::Command => "did not print a key, that is 43 characters of base64url",
        _ => "does not hold a key, that is 43 characters of base64url",
    }
}
