//! What a verb is given: the options of every verb, threads, progress and the way out.

use std::path::Path;

use anyhow::Context as _;
use clap::Args;
use formats::units::ByteLen;
use host::{Crew, Event, HostError, Leftover, Observer, Output, Stop};
use store::Store;

use crate::code::Code;
use crate::elsewhere;
use crate::error::{self, Refusal};
use crate::interrupt;
use crate::options::{self, Global};
use crate::output::{self, Answer};
use crate::progress::{Meter, Mode};

/// The surroundings of a verb.
pub struct Shell {
    global: Global,
    meter: Meter,
    stop: Stop,
}

/// How many threads do the work.
#[derive(Args, Debug)]
pub struct Threads {
    /// How many threads do the work; without it one more than there are cores
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    threads: Option<u16>,
}

impl Threads {
    /// The threads.
    ///
    /// # Errors
    /// When the machine gives none.
    pub fn crew(&self, shell: &Shell) -> anyhow::Result<Crew> {
        Crew::new(self.threads.map(usize::from), shell.stop.clone()).context("cannot start threads")
    }
}

impl Shell {
    /// Begins to show progress, and to listen to signals unless the verb does so itself: a service finishes what was
    /// begun, for which its store must still answer.
    pub fn open(global: Global, listens_itself: bool) -> Self {
        let stop = Stop::new();
        if !listens_itself {
            interrupt::listen(stop.clone());
        }
        let meter = Meter::new(global.progress, global.quiet, global.verbose);
        Self { global, meter, stop }
    }

    /// Who hears of progress.
    pub fn observer(&self) -> &dyn Observer {
        &self.meter
    }

    /// What Ctrl-C sets.
    pub fn stop(&self) -> &Stop {
        &self.stop
    }

    /// The store that the options or the environment name.
    ///
    /// # Errors
    /// When none is named, or what is named is none.
    pub fn store(&self) -> anyhow::Result<Store> {
        let named = self.named_store()?;
        Ok(match elsewhere::depot(named, &self.stop)? {
            Some(depot) => Store::open_in(depot)?,
            None => Store::open(named)?,
        })
    }

    /// The same, or an empty one where there is none yet.
    ///
    /// # Errors
    /// When none is named, or none can be made.
    pub fn store_or_new(&self) -> anyhow::Result<Store> {
        let named = self.named_store()?;
        Ok(match elsewhere::depot(named, &self.stop)? {
            Some(depot) => Store::open_or_create_in(depot)?,
            None => Store::open_or_create(named)?,
        })
    }

    /// The folder that is the store, where it is one of this machine.
    ///
    /// # Errors
    /// When none is named.
    pub fn store_folder(&self) -> Result<Option<&Path>, Refusal> {
        Ok(Some(self.named_store()?).filter(|named| !elsewhere::is_url(named)))
    }

    /// What the options or the environment name as the store: a folder, or a URL.
    fn named_store(&self) -> Result<&Path, Refusal> {
        let named = self.global.store.as_deref();
        named.ok_or_else(|| {
            Refusal::usage("no store is named").next(format!("give --store STORE, or set {}", options::STORE))
        })
    }

    /// Refuses an output that cannot be begun, or would change one of the inputs, before long work.
    ///
    /// # Errors
    /// When there is one already, none can be made, or it is an input.
    pub fn check<'a>(
        &self,
        target: &Path,
        force: bool,
        mut inputs: impl Iterator<Item = &'a Path>,
    ) -> anyhow::Result<()> {
        if target == Path::new("-") {
            let what = "outputs are not written to the standard output: they are not written in order";
            return Err(Refusal::usage(what).next("name a file; one that is called - is ./-").into());
        }
        inputs.try_for_each(|input| host::keep_input(target, input))?;
        Output::check(target, force).map_err(refused)
    }

    /// Begins an output, and tells what a run that was cut off had left there.
    ///
    /// # Errors
    /// When there is an output already, or none can be made.
    pub fn begin(&self, target: &Path, len: u64, force: bool) -> anyhow::Result<Output> {
        let (output, leftover) = Output::begin(target, len, force).map_err(refused)?;
        if let Some(Leftover { path, len }) = leftover {
            let (path, len) = (path.display(), ByteLen(len).human());
            let text = format!("removed {path}, {len} that a run which was cut off had left");
            self.meter.event(Event::Notice(text));
        }
        Ok(output)
    }

    /// Whether programs read the answer.
    pub fn json(&self) -> bool {
        self.global.json
    }

    /// Writes what was found out or done to stdout, when progress is out of the way.
    ///
    /// # Errors
    /// When stdout cannot be written.
    pub fn answer<A: Answer>(&self, answer: &A) -> anyhow::Result<()> {
        output::answer(answer, self.global.json)
    }

    /// Ends progress, tells the error if there was one, and gives the exit code.
    pub fn close(&mut self, outcome: anyhow::Result<Code>) -> Code {
        self.meter.close();
        match outcome {
            Ok(code) => code,
            Err(_) if self.stop.is_set() => self.tell(&host::Interrupted.into()),
            Err(error) => self.tell(&error),
        }
    }

    fn tell(&self, error: &anyhow::Error) -> Code {
        let (code, told) = error::tell(error);
        output::tell(&told, &told.to_string(), self.global.progress == Mode::Json, self.global.json);
        code
    }
}

/// What cannot be opened is a source elsewhere; here it is a target.
fn refused(error: HostError) -> anyhow::Error {
    match &error {
        HostError::WrongKind { path, .. } => {
            let what = format!("cannot write to {}", path.display());
            Refusal::new(Code::Target, what).because(error).into()
        }
        _ => error.into(),
    }
}
