//! The one task of the console: waits for keys, frames, answers and signals, and draws when something changed.
//!
//! Nothing here waits for the terminal: keys come from a thread, frames go to one. A key is drawn at once, data at
//! most ten times a second (twice on a slow line), and an unchanged screen neither wakes nor writes.

mod lending;

use std::collections::VecDeque;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;

use crate::client::Client;
use crate::clock::{SharedClock, pace};
use crate::console::app::model::{Dirty, Level, Model};
use crate::console::app::msg::{Cmd, Msg, Now};
use crate::console::app::session::Session;
use crate::console::app::shown::shown;
use crate::console::app::times::Times;
use crate::console::app::tour;
use crate::console::app::update::update;
use crate::console::clipboard;
use crate::console::idle::{IdleLines, Progress};
use crate::console::input::reader::{Reader, TerminalEvent};
use crate::console::memory::Memory;
use crate::console::options::{ConsoleError, ConsoleOptions, ExitReason, Reach, TerminalTraits};
use crate::console::outside;
use crate::console::perform::{self, Stream};
use crate::console::term::background::BackgroundQuestion;
use crate::console::term::bell::bell;
use crate::console::term::between::{PaneQuestion, is_under_mosh};
use crate::console::term::guard::TerminalGuard;
use crate::console::term::output::{FrameWriter, Written, WrittenFrames};
use crate::console::term::pace::Pace;
use crate::console::term::painter::Painter;
use crate::console::term::policy::{Between, Policy, Scrolling};
use crate::console::term::signals::{SignalEvent, Signals};
use crate::console::term::tty::Tty;
use crate::console::theme::{Shelf, Theme};
use crate::console::view::{self, Skin};
use crate::domain::time::Zone;

/// Shows the console until the operator leaves, a signal comes or the terminal is gone.
///
/// # Errors
/// No usable terminal, or an unusable theme: found out before the terminal is touched. Later only when the
/// terminal fails; a service that goes away is shown, never an error.
pub async fn run(options: ConsoleOptions) -> Result<ExitReason, ConsoleError> {
    options.tty.check(options.traits.term.as_deref())?;
    let theme = Theme::find(
        options.theme.as_deref(),
        Shelf::new(options.themes_dir.as_deref()),
        &options.traits,
    )?;
    for warning in theme.warnings() {
        tracing::warn!("{warning}");
    }
    Shell::start(options, theme)
        .map_err(ConsoleError::Terminal)?
        .run()
        .await
}

struct Shell {
    model: Model,
    skin: Skin,
    client: Client,
    clock: SharedClock,
    /// The monotonic reading at the start.
    started: Duration,
    /// What is known of the terminal and its operator.
    traits: TerminalTraits,
    /// Whether nothing but ASCII is drawn, whatever the theme.
    ascii: bool,
    /// Where the operator's own themes lie.
    themes_dir: Option<PathBuf>,
    /// How other contexts are reached.
    reach: Option<Reach>,
    /// Where what is remembered is kept.
    memory: Option<Memory>,
    between: Between,
    scrolling: Scrolling,
    pane: PaneQuestion,
    background: BackgroundQuestion,
    pace: Pace,
    stream: Stream,
    calls: FuturesUnordered<BoxFuture<'static, Msg>>,
    painter: Painter<FrameWriter>,
    written: WrittenFrames,
    drawn_at: Duration,
    /// How far the console has come, and who wants to know.
    progress: Progress,
    idle: Option<IdleLines>,
    /// What is left in the scrollback at the end.
    kept: Option<String>,
    signals: Signals,
    /// None while somebody else has the terminal.
    reader: Option<Reader>,
    tty: Tty,
    /// Before the terminal in the order of fields would mean after it in time: dropped last, it has the last word.
    guard: Option<TerminalGuard>,
}

/// How the loop goes on.
enum Next {
    Message(Msg),
    Signal(SignalEvent),
    Written(io::Result<Written>),
    HangUp,
    Draw,
    /// What tmux says about the width of the pane.
    Pane(Option<bool>),
}

impl Shell {
    fn start(options: ConsoleOptions, theme: Theme) -> io::Result<Self> {
        let signals = Signals::listen()?;
        let reader = Reader::start(options.tty.input().try_clone_to_owned()?, 0)?;
        let (writer, written) = FrameWriter::start(&options.tty)?;
        let guard = TerminalGuard::take(&options.tty)?;
        let size = options.tty.size().unwrap_or((80, 24));
        let session = Session {
            label: options.label,
            target: options.client.target().to_string(),
            read_only: options.read_only,
            embedded: options.embedded,
            theme: theme.name().to_owned(),
            fitted: options.theme.is_none() && Theme::depends_on_background(&options.traits),
            themes: names(options.themes_dir.as_deref()),
            surroundings: options.surroundings,
        };
        let between = Between::of(&options.traits, is_under_mosh());
        let background = if session.fitted && between.tells_background() {
            BackgroundQuestion::Due
        } else {
            BackgroundQuestion::Needless
        };
        let ascii = options.ascii || theme.wants_ascii();
        let mut model = Model::new(session, options.keys, size, options.rng);
        model.data.rewound = options.at;
        let policy = Policy::new(options.scrolling, between, None);
        let mut shell = Self {
            model,
            skin: Skin {
                theme,
                ascii,
                times: Times::default(),
            },
            client: options.client,
            started: options.clock.monotonic(),
            clock: options.clock,
            between,
            scrolling: options.scrolling,
            pane: PaneQuestion::default(),
            background,
            pace: Pace::new(options.slow, options.traits.ssh),
            traits: options.traits,
            ascii: options.ascii,
            themes_dir: options.themes_dir,
            reach: options.reach,
            memory: None,
            stream: Stream::Closed,
            calls: FuturesUnordered::new(),
            painter: Painter::new(writer, policy),
            written,
            drawn_at: Duration::ZERO,
            progress: Progress {
                typed: 0,
                sent: TerminalGuard::TAKING as u64,
            },
            idle: options.idle,
            kept: None,
            signals,
            reader: Some(reader),
            tty: options.tty,
            guard: Some(guard),
        };
        shell.model.sweeps = policy.sweep;
        shell.model.times.zone = Zone::of_this_machine();
        if let Some(path) = options.memory {
            shell.remember(path);
        }
        shell.ask_for_width();
        Ok(shell)
    }

    /// Takes up what was remembered of this service. A file that cannot be used is told and left as it is.
    fn remember(&mut self, path: PathBuf) {
        let session = &mut self.model.session;
        let context = session.surroundings.context.as_ref();
        let service = context.unwrap_or(&session.label).clone();
        match Memory::open(path, service) {
            Ok((memory, remembered)) => {
                remembered.recall(&mut self.model);
                self.memory = Some(memory);
            }
            Err(problem) => {
                let notice = &mut session.surroundings.notice;
                *notice = Some(match notice.take() {
                    Some(other) => format!("{other}; {problem}"),
                    None => problem,
                });
            }
        }
    }

    async fn run(mut self) -> Result<ExitReason, ConsoleError> {
        if let Some(notice) = self.model.session.surroundings.notice.take() {
            let now = self.now();
            self.model.tell(now, Level::Warn, notice);
        } else {
            let now = self.now();
            tour::offer(&mut self.model, now);
        }
        if let Some(reason) = self.handle(Msg::Started).await? {
            return Ok(reason);
        }
        loop {
            let exit = match self.next().await {
                Next::Message(msg) => self.handle(msg).await?,
                Next::Draw => {
                    self.draw().map_err(ConsoleError::Terminal)?;
                    None
                }
                Next::Written(Ok(written)) => {
                    self.frame_written(written);
                    None
                }
                Next::Written(Err(_)) => {
                    // A terminal that takes no frames is gone, and nothing is on its way to it.
                    self.writer().written();
                    Some(ExitReason::HangUp)
                }
                Next::Pane(whole_width) => {
                    let policy = Policy::new(self.scrolling, self.between, whole_width);
                    self.painter.set_policy(policy);
                    self.handle(Msg::Sweeps(policy.sweep)).await?
                }
                Next::HangUp => Some(ExitReason::HangUp),
                Next::Signal(SignalEvent::End) => Some(ExitReason::Signal),
                Next::Signal(SignalEvent::Resize) => {
                    let (columns, rows) = self.writer().measure();
                    self.ask_for_width();
                    self.handle(Msg::Resized(columns, rows)).await?
                }
                Next::Signal(SignalEvent::Suspend) => {
                    self.suspend().await.map_err(ConsoleError::Terminal)?;
                    None
                }
                Next::Signal(SignalEvent::Continue) => {
                    self.repaint();
                    None
                }
            };
            if let Some(reason) = exit {
                self.leave().await;
                return Ok(reason);
            }
        }
    }

    /// Notes that the line has taken a frame, and how it did.
    fn frame_written(&mut self, written: Written) {
        self.writer().written();
        if let (Some(took), Some(idle)) = (written.answered, &mut self.idle) {
            idle.tell_answered(took);
        }
        let now = self.now();
        if self.pace.written(now.elapsed, now.elapsed - self.drawn_at) {
            let text = if self.pace.is_slow() {
                "the line is slow: two frames a second in sixteen colours until it is quicker"
            } else {
                "the line is quick again"
            };
            self.model.tell(now, Level::Info, text);
            self.traits.few_colors = self.pace.is_slow();
            let theme = self.model.session.theme.clone();
            if let Err(reason) = self.put_in_force(&theme) {
                // The colours stay as many as they are.
                self.model.tell(now, Level::Warn, reason);
            }
        }
    }

    /// Until tmux has said how wide the pane is, it may stand beside another one.
    fn ask_for_width(&mut self) {
        if self.between == Between::Tmux {
            let policy = Policy::new(self.scrolling, self.between, None);
            self.painter.set_policy(policy);
            self.pane.ask();
        }
    }

    /// Waits for whatever happens first.
    async fn next(&mut self) -> Next {
        let now = self.now();
        if self.model.dirty != Dirty::Now {
            // The key has changed nothing that is to be seen.
            self.writer().forget_key();
        }
        let draw_in = self.draw_in(now);
        if draw_in == Some(Duration::ZERO) {
            return Next::Draw;
        }
        if self.is_idle()
            && let Some(idle) = &mut self.idle
        {
            idle.tell(self.progress, &shown(&self.model));
        }
        let tick_in = self.model.next_wakeup(now).saturating_sub(now.elapsed);
        tokio::select! {
            biased;
            signal = self.signals.next() => Next::Signal(signal),
            written = self.written.next() => Next::Written(written),
            event = read(&mut self.reader) => match event {
                TerminalEvent::Typed { typed, used, since } => {
                    self.progress.typed = used;
                    self.writer().hear_key(since);
                    self.background.hear(&typed);
                    Next::Message(Msg::Typed(typed))
                }
                TerminalEvent::HangUp => Next::HangUp,
            },
            () = pace(draw_in.unwrap_or(Duration::MAX)), if draw_in.is_some() => Next::Draw,
            Some(msg) = self.calls.next(), if !self.calls.is_empty() => Next::Message(msg),
            msg = self.stream.next() => Next::Message(msg),
            whole_width = self.pane.answer() => Next::Pane(whole_width),
            () = pace(tick_in) => Next::Message(Msg::Tick),
        }
    }

    /// Whether nothing waits in the input, no request is on its way and no frame is owed.
    fn is_idle(&mut self) -> bool {
        self.calls.is_empty()
            && self.model.dirty == Dirty::Clean
            && !self.model.link.is_opening()
            && self.reader.as_ref().is_some_and(Reader::is_empty)
            && !self.writer().is_busy()
    }

    /// How long until a frame should be drawn; none when nothing changed or one is still on its way.
    fn draw_in(&mut self, now: Now) -> Option<Duration> {
        if self.writer().is_busy() {
            return None;
        }
        match self.model.dirty {
            Dirty::Clean => None,
            Dirty::Now => Some(Duration::ZERO),
            Dirty::Soon => Some(
                self.pace
                    .next_frame(self.drawn_at)
                    .saturating_sub(now.elapsed),
            ),
        }
    }

    async fn handle(&mut self, msg: Msg) -> Result<Option<ExitReason>, ConsoleError> {
        let now = self.now();
        let mut cmds = VecDeque::from(update(&mut self.model, now, msg));
        while let Some(cmd) = cmds.pop_front() {
            match cmd {
                Cmd::OpenStream => self.stream = Stream::open(&self.client),
                Cmd::CloseStream => self.stream = Stream::Closed,
                Cmd::Call(request, call) => {
                    let client = self.client.clone();
                    self.calls
                        .push(Box::pin(perform::call(client, request, call)));
                }
                Cmd::Copy(text) => self.copy(text),
                Cmd::Page(text) => {
                    let pager = self.traits.pager.clone();
                    let done = self
                        .outside(async || outside::page(pager.as_deref(), &text).await)
                        .await?;
                    self.report(done.map(|()| String::new()));
                }
                Cmd::Pipe { command, text } => {
                    let done = self
                        .outside(async || outside::pipe(&command, &text).await)
                        .await?;
                    self.report(done.map(|()| String::new()));
                }
                Cmd::Write { path, text } => {
                    let home = self.traits.home.clone();
                    self.calls.push(Box::pin(async move {
                        Msg::Outside(outside::write(path, text, home).await)
                    }));
                }
                Cmd::Ring(words) => {
                    let term = self.traits.term.as_deref();
                    let words = Some(&*words).filter(|_| self.between.lets_notify(term));
                    self.painter.ring(bell(words));
                }
                Cmd::Probe(at) => self.probe(at),
                Cmd::Theme(name) => {
                    // Told at once: the next key may have come already, and is about what is in force now.
                    let done = Msg::Themed(self.put_in_force(&name));
                    cmds.extend(update(&mut self.model, now, done));
                }
                Cmd::Remember(remembered) => {
                    if let Some(memory) = &self.memory {
                        self.calls.push(memory.keep(*remembered));
                    }
                }
                Cmd::Repaint => self.repaint(),
                Cmd::KeepScreen => self.kept = Some(self.painter.text()),
                Cmd::Suspend => self.suspend().await.map_err(ConsoleError::Terminal)?,
                Cmd::Exit(reason) => return Ok(Some(reason)),
            }
        }
        Ok(None)
    }

    /// Asks a context whether it is there; the one that is shown by the way there is already.
    fn probe(&mut self, at: usize) {
        let around = &self.model.session.surroundings;
        let name = around.contexts.get(at).map(|one| &one.name);
        let own = (name == around.context.as_ref()).then(|| self.client.clone());
        let reach = self.reach.clone();
        let client = async move {
            match (own, reach) {
                (Some(own), _) => Ok(own),
                (None, Some(reach)) => {
                    let found = tokio::task::spawn_blocking(move || reach(at)).await;
                    found.unwrap_or_else(|error| Err(error.to_string()))
                }
                (None, None) => Err("not known how to reach it".to_owned()),
            }
        };
        self.calls.push(Box::pin(perform::probe(at, client)));
    }

    /// Another theme from now on; its file is read anew, so that whoever writes one sees each change. The one in force
    /// stays where the other cannot be used.
    fn put_in_force(&mut self, name: &str) -> Result<String, String> {
        let shelf = Shelf::new(self.themes_dir.as_deref());
        let theme =
            Theme::find(Some(name), shelf, &self.traits).map_err(|error| error.to_string())?;
        self.skin.ascii = self.ascii || theme.wants_ascii();
        self.skin.theme = theme;
        Ok(name.to_owned())
    }

    fn draw(&mut self) -> io::Result<()> {
        let now = self.now();
        let asked = std::mem::replace(&mut self.model.dirty, Dirty::Clean);
        self.drawn_at = now.elapsed;
        self.skin.times = self.model.times.clone();
        if let Some(question) = self.background.ask(now.elapsed) {
            self.painter.pass(question);
        }
        let (model, skin) = (&self.model, &self.skin);
        let bytes = self
            .painter
            .paint(|frame| view::draw(model, now, skin, frame))?;
        self.progress.sent += bytes as u64;
        if asked == Dirty::Soon {
            self.pace.spend(now.elapsed, bytes);
        }
        Ok(())
    }

    /// Draws everything again: the terminal may show something else.
    fn repaint(&mut self) {
        let terminal = self.writer().measure();
        self.model.fit(terminal);
        self.painter.forget();
        self.model.soil(Dirty::Now);
    }

    /// Tells what came of something outside.
    fn report(&mut self, result: Result<String, String>) {
        let told = std::future::ready(Msg::Outside(result));
        self.calls.push(Box::pin(told));
    }

    fn copy(&mut self, text: String) {
        if self.traits.tmux {
            self.calls.push(Box::pin(clipboard::copy_by_tmux(text)));
            return;
        }
        let Some(sequence) = clipboard::osc52(&text) else {
            self.calls.push(Box::pin(clipboard::copy_to_file(text)));
            return;
        };
        self.painter.pass(&sequence);
        let whereto = "the terminal (OSC 52, which it may refuse without a word)".to_owned();
        self.calls
            .push(Box::pin(std::future::ready(Msg::Copied(Ok(whereto)))));
    }

    fn writer(&mut self) -> &mut FrameWriter {
        self.painter.sink_mut()
    }

    fn now(&self) -> Now {
        Now {
            wall: self.model.behind.service_time(self.clock.now()),
            elapsed: self.clock.monotonic().saturating_sub(self.started),
        }
    }
}

/// The next thing that the terminal does; never, while somebody else has it.
async fn read(reader: &mut Option<Reader>) -> TerminalEvent {
    match reader {
        Some(reader) => reader.next().await,
        None => std::future::pending().await,
    }
}

/// The themes that can be chosen: without the operator's own where their folder cannot be read.
fn names(own: Option<&Path>) -> Vec<String> {
    match Shelf::new(own).list() {
        Ok(themes) => themes.into_iter().map(|theme| theme.name).collect(),
        Err(error) => {
            tracing::warn!("{error}");
            Shelf::built_in().map(str::to_owned).collect()
        }
    }
}
