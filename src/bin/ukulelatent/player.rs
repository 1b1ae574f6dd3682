//! The offline host: plays events through the plugin's engine, block by block, as `plugin.rs` does for real ones.

use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};
use ukulelatent::engine::{Controls, Engine, Mode, NoteId, NoteSelector};
use ukulelatent::instance::{Instance, Setup};
use ukulelatent::link::CacheLimits;
use ukulelatent::model::backend::Backend;
use ukulelatent::perform::{ChannelMessage, NoteChange, Performer};
use ukulelatent::units::{SampleRate, gain_to_db};

use crate::Outcome;
use crate::automation::Automation;
use crate::error::CliError;
use crate::song::{Action, Event};
use crate::sound::Sound;
use crate::tempo::TempoMap;
use crate::wav::WavOutput;

/// Automation is looked up at every such sample, counted from the start: block borders change nothing.
const AUTOMATION_STEP: u64 = 64;
/// A note that still sounds this long after the last event is cut.
const MAX_TAIL_S: f64 = 30.0;

/// What to play, and how a host would ask for it.
pub struct Job<'a> {
    /// The instrument.
    pub sound: &'a Sound,
    /// In the order of time.
    pub events: &'a [Event],
    /// For an orbit in tempo.
    pub tempos: &'a TempoMap,
    /// The path of the latent point, if it moves.
    pub automation: Option<&'a Automation>,
    /// Samples in a full block.
    pub block: usize,
    /// Samples from an event to its sound; the file has them removed.
    pub latency: usize,
    /// Whether each note's samples are hashed.
    pub hashes: bool,
}

/// What came of it.
pub struct Report {
    seconds: f64,
    notes: usize,
    peak: f32,
    failed_notes: u32,
    notices: Vec<String>,
    took: Duration,
    /// In the order in which the notes end.
    ended: Vec<Ended>,
}

impl Job<'_> {
    /// Renders everything into `output`, until the last note has ended.
    pub fn render(&self, output: &mut WavOutput) -> Result<Report, CliError> {
        let began = Instant::now();
        let Sound { choice, rate, controls, .. } = self.sound;
        let setup = Setup {
            rate: *rate,
            mode: Mode::Offline,
            latency: self.latency,
            controls: *controls,
            threads: None,
            cache: CacheLimits::default(),
            drag: None,
        };
        let mut instance = Instance::start(choice, setup).map_err(CliError::Workers)?;
        let mut run = Run::new(self, &mut instance.engine);
        let bar = progress(run.last_event);
        let (mut left, mut right) = (vec![0.0; self.block], vec![0.0; self.block]);
        let (mut peak, mut written) = (0.0_f32, 0);
        loop {
            let start = run.clock;
            let more = run.block(&mut left, &mut right);
            // What the latency put before the song, and what follows its end, stays out of the file.
            let begin = (self.latency as u64).clamp(start, run.clock) - start;
            let end = if more { run.clock - start } else { run.end().clamp(start, run.clock) - start };
            let kept = begin as usize..end.max(begin) as usize;
            let heard = left[kept.clone()].iter().chain(&right[kept.clone()]);
            peak = heard.fold(peak, |peak, sample| peak.max(sample.abs()));
            output.write(&left[kept.clone()], &right[kept.clone()])?;
            written += kept.len();
            bar.set_position(run.clock.min(run.last_event));
            if !more {
                break;
            }
        }
        bar.finish_and_clear();
        let failed = run.engine.meters().failed_notes.load(std::sync::atomic::Ordering::Relaxed);
        Ok(Report {
            seconds: rate.seconds(written),
            notes: self.events.iter().filter(|event| matches!(event.action, Action::On { .. })).count(),
            peak,
            failed_notes: failed,
            notices: choice.notices().into_iter().chain(cuda_refusal()).collect(),
            took: began.elapsed(),
            ended: run.ended,
        })
    }
}

/// That CUDA was asked for in vain, if it was.
fn cuda_refusal() -> Option<String> {
    let refusal = Backend::get().ok()?.cuda_refusal()?;
    Some(format!("CUDA is refused, the CPU is used: {refusal}"))
}

/// A job under way. All times are in samples since the start, on the engine's clock.
struct Run<'a> {
    job: &'a Job<'a>,
    engine: &'a mut Engine,
    performer: Performer,
    rate: SampleRate,
    clock: u64,
    next: usize,
    /// When the orbit has to be looked at again.
    travel_until: u64,
    last_event: u64,
    /// When the note that ended last so far ended.
    last_end: u64,
    /// Notes that sound, and when they began.
    begun: Vec<(NoteId, u64)>,
    /// Notes that are over, if hashes are wanted.
    ended: Vec<Ended>,
}

/// A note that is over.
struct Ended {
    id: NoteId,
    /// When its key went down.
    seconds: f64,
    /// Of its samples.
    hash: u64,
}

impl<'a> Run<'a> {
    fn new(job: &'a Job<'a>, engine: &'a mut Engine) -> Self {
        let rate = job.sound.rate;
        let last_event = job.events.last().map_or(0, |event| sample_at(event, rate));
        engine.set_tuning(job.sound.tuning);
        let Sound { settings, controls, params, .. } = job.sound;
        let mut performer = Performer::new(*settings, *controls, rate);
        performer.set_pins(&params.orbit_choice().pins().points());
        Self {
            job,
            engine,
            performer,
            rate,
            clock: 0,
            next: 0,
            travel_until: 0,
            last_event,
            last_end: 0,
            begun: Vec::new(),
            ended: Vec::new(),
        }
    }

    /// When the last event sounds.
    fn last_due(&self) -> u64 {
        self.last_event + self.job.latency as u64
    }

    /// When patience ends.
    fn limit(&self) -> u64 {
        self.last_due() + (MAX_TAIL_S * f64::from(self.rate.hz())) as u64
    }

    /// The end of the file, once [`Run::block`] has nothing more: to the sample, wherever blocks end.
    fn end(&self) -> u64 {
        if self.engine.is_active() { self.limit() } else { self.last_end.max(self.last_due()).min(self.limit()) }
    }

    /// Renders a block, split where something happens; returns whether there is more to come.
    fn block(&mut self, left: &mut [f32], right: &mut [f32]) -> bool {
        let end = self.clock + left.len() as u64;
        let start = self.clock;
        while self.clock < end {
            self.act();
            let until = self.next_change().min(end);
            let span = (self.clock - start) as usize..(until - start) as usize;
            let (clock, rate, last_end) = (self.clock, self.rate, &mut self.last_end);
            let (performer, begun, all_ended) = (&mut self.performer, &mut self.begun, &mut self.ended);
            self.engine.render_hashed(&mut left[span.clone()], &mut right[span], |offset, id, hash| {
                performer.ended(id);
                *last_end = (*last_end).max(clock + offset as u64);
                if let Some(place) = begun.iter().position(|(other, _)| *other == id) {
                    let (_, at) = begun.remove(place);
                    all_ended.push(Ended { id, seconds: rate.seconds(at as usize), hash });
                }
            });
            self.clock = until;
        }
        let waits = self.next < self.job.events.len() || self.clock < self.last_due();
        waits || (self.engine.is_active() && self.clock < self.limit())
    }

    /// Does what is due now: first the parameters, then the notes that they are for.
    fn act(&mut self) {
        if let Some(automation) = self.job.automation
            && self.clock.is_multiple_of(AUTOMATION_STEP)
        {
            let latent = automation.at(self.clock as f64 / f64::from(self.rate.hz()));
            self.performer.set_controls(Controls { latent, ..self.job.sound.controls });
        }
        let step = self.performer.travel(self.engine, self.job.tempos.time(self.clock, self.rate));
        self.travel_until = self.clock.saturating_add(step as u64);
        while let Some(event) = self.job.events.get(self.next)
            && sample_at(event, self.rate) <= self.clock
        {
            self.next += 1;
            self.dispatch(*event);
        }
        self.performer.strike_waiting(self.engine);
        while let Some(id) = self.performer.take_dismissed() {
            self.last_end = self.last_end.max(self.clock);
            self.begun.retain(|(other, at)| *other != id || *at == self.clock);
        }
    }

    /// When something happens next.
    fn next_change(&self) -> u64 {
        let event = self.job.events.get(self.next).map_or(u64::MAX, |event| sample_at(event, self.rate));
        let step = match self.job.automation {
            Some(_) => (self.clock / AUTOMATION_STEP + 1) * AUTOMATION_STEP,
            None => u64::MAX,
        };
        event.min(step).min(self.travel_until)
    }

    /// Plays an event.
    fn dispatch(&mut self, event: Event) {
        let (engine, performer, channel) = (&mut *self.engine, &mut self.performer, event.channel);
        let of_key = |key| NoteSelector { voice: None, channel: Some(channel), key: Some(key) };
        let mut hear = |message| performer.hear(engine, channel, message);
        match event.action {
            Action::Channel(message) => hear(message),
            Action::AllOff => hear(ChannelMessage::ALL_NOTES_OFF),
            Action::Choke => hear(ChannelMessage::ALL_SOUND_OFF),
            Action::Off { key } => performer.note_off(engine, of_key(key)),
            Action::KeyPressure { key, pressure } => {
                performer.express(engine, of_key(key), NoteChange::Pressure(pressure));
            }
            Action::On { key, velocity } => {
                let id = NoteId { voice: None, channel, key };
                if self.job.hashes {
                    self.begun.push((id, self.clock));
                }
                performer.note_on(engine, id, velocity, self.clock as i64);
            }
        }
    }
}

fn sample_at(event: &Event, rate: SampleRate) -> u64 {
    (event.seconds * f64::from(rate.hz())).round() as u64
}

/// A bar on the terminal; nothing where there is none.
fn progress(samples: u64) -> ProgressBar {
    let style = ProgressStyle::with_template("rendering {wide_bar} {percent:>3}% {eta}")
        .unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(samples).with_style(style)
}

impl Report {
    /// Prints a line for each note: when it begins, its channel and key, and a hash of its samples.
    pub fn print_hashes(&mut self) {
        self.ended.sort_by(|a, b| a.seconds.total_cmp(&b.seconds).then(a.id.key.cmp(&b.id.key)));
        for Ended { id, seconds, hash } in &self.ended {
            println!("{seconds:10.6} s  channel {:2}  {:4}  {hash:016x}", id.channel + 1, id.key.to_string());
        }
    }

    /// Says what was rendered, and what could not be.
    pub fn print(&self, name: &std::path::Path) -> Outcome {
        for notice in &self.notices {
            eprintln!("note: {notice}");
        }
        let speed = self.seconds / self.took.as_secs_f64().max(1e-9);
        let notes = if self.notes == 1 { "1 note".to_owned() } else { format!("{} notes", self.notes) };
        println!(
            "{}: {:.2} s, {notes}, peak {:.1} dBFS, {speed:.1} times real time",
            name.display(),
            self.seconds,
            gain_to_db(self.peak),
        );
        if self.failed_notes == 0 {
            return Outcome::Done;
        }
        eprintln!("error: {} of {notes} could not be made, or not to their end", self.failed_notes);
        Outcome::Incomplete
    }
}
