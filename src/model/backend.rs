//! Which inference backend this process uses: the embedded one, or an ONNX Runtime found at run time.
//!
//! `ort` keeps one API table and one environment per process, so the choice is made once, by whoever asks
//! first. The embedded backend is the default (docs/adr/0003); a shared library is used where the user names
//! one or puts one beside the plugin.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock, PoisonError};

use ort::environment::Environment;
use ort::ep::CUDA;
use ort::session::Session;
use ort::session::builder::GraphOptimizationLevel;
use serde::{Deserialize, Serialize};

/// Names an ONNX Runtime shared library.
pub const LIBRARY_VARIABLE: &str = "UKULELATENT_ONNXRUNTIME";
/// Asks for a backend: `embedded`, `onnxruntime` or `cuda`.
pub const BACKEND_VARIABLE: &str = "UKULELATENT_BACKEND";

/// What a user may ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum BackendKind {
    /// `ort-tract`: pure Rust, part of this program.
    Embedded,
    /// ONNX Runtime on the CPU, from a shared library.
    #[value(name = "onnxruntime")]
    #[serde(rename = "onnxruntime")]
    OnnxRuntime,
    /// ONNX Runtime with its CUDA execution provider.
    Cuda,
}

impl BackendKind {
    /// The name that users type and read.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Embedded => "embedded",
            Self::OnnxRuntime => "onnxruntime",
            Self::Cuda => "cuda",
        }
    }
}

/// The process's backend.
pub struct Backend {
    /// What runs the models.
    pub kind: BackendKind,
    /// The shared library in use, if any.
    pub library: Option<PathBuf>,
    /// Why nothing faster is in use, in a sentence for the user.
    pub because: String,
    environment: Environment,
    /// Set when CUDA was asked for and a session fell back to the CPU.
    cuda_refused: Mutex<Option<String>>,
}

static BACKEND: OnceLock<Result<Backend, String>> = OnceLock::new();
/// What the user's settings ask for, where the environment does not.
static PREFERRED: OnceLock<BackendKind> = OnceLock::new();

impl Backend {
    /// The process's backend, chosen on the first call: what the environment asks for, else a library beside
    /// the plugin, else the embedded one. What cannot be had falls back to the embedded one and says so.
    ///
    /// # Errors
    /// A sentence, if not even the embedded backend starts.
    pub fn get() -> Result<&'static Self, String> {
        BACKEND.get_or_init(|| Self::choose(None)).as_ref().map_err(Clone::clone)
    }

    /// Chooses `kind` for this process, or fails: for a user who named it.
    ///
    /// # Errors
    /// A sentence that says why it cannot be had, or that another one is already in use.
    pub fn require(kind: BackendKind) -> Result<&'static Self, String> {
        let backend = BACKEND.get_or_init(|| Self::choose(Some(kind))).as_ref().map_err(Clone::clone)?;
        if backend.kind == kind {
            Ok(backend)
        } else {
            let used = backend.kind.name();
            Err(format!(
                "the {} backend was asked for, but this process uses {used}: {}",
                kind.name(),
                backend.because
            ))
        }
    }

    /// Asks for a backend, for a process that has not chosen one yet; the environment and those who require one go
    /// before it.
    pub fn prefer(kind: BackendKind) {
        // A second wish comes after the choice that it could change.
        let _ = PREFERRED.set(kind);
    }

    fn choose(required: Option<BackendKind>) -> Result<Self, String> {
        let wish = match required {
            Some(kind) => Some(kind),
            None => match wish_from_environment() {
                Ok(wish) => wish.or(PREFERRED.get().copied()),
                Err(reason) => return Self::embedded(reason),
            },
        };
        match wish {
            Some(BackendKind::Embedded) => Self::embedded("it was asked for".into()),
            Some(kind) => match Self::shared_library(kind) {
                Ok(backend) => Ok(backend),
                Err(reason) if required.is_some() => Err(format!("the {} backend: {reason}", kind.name())),
                Err(reason) => Self::embedded(format!("{} was asked for, but {reason}", kind.name())),
            },
            None => match find_library() {
                Some(_) => Self::shared_library(BackendKind::OnnxRuntime)
                    .or_else(|reason| Self::embedded(format!("an ONNX Runtime was found, but {reason}"))),
                None => Self::embedded(no_library()),
            },
        }
    }

    fn embedded(because: String) -> Result<Self, String> {
        if !ort::set_api(ort_tract::api()) {
            return Err(format!("the embedded backend cannot start after another one: {because}"));
        }
        let environment = build(ort::init())?;
        Ok(Self {
            kind: BackendKind::Embedded,
            library: None,
            because,
            environment,
            cuda_refused: Mutex::new(None),
        })
    }

    fn shared_library(kind: BackendKind) -> Result<Self, String> {
        let library = find_library().ok_or_else(no_library)?;
        // Before any other use of ort: with no library it would panic.
        let builder = ort::init_from(&library).map_err(|e| format!("{}: {e}", library.display()))?;
        let environment = build(builder)?;
        let because = match kind {
            BackendKind::Cuda => "CUDA was asked for".to_owned(),
            _ => format!("CUDA was not asked for (set {BACKEND_VARIABLE}=cuda)"),
        };
        Ok(Self { kind, library: Some(library), because, environment, cuda_refused: Mutex::new(None) })
    }

    /// Builds a session of one thread: notes are what runs in parallel here.
    ///
    /// # Errors
    /// What the backend says against the model.
    pub fn session(&self, model: &[u8]) -> Result<Session, String> {
        if self.kind == BackendKind::Cuda {
            match self.build_session(model, true) {
                Ok(session) => return Ok(session),
                Err(reason) => {
                    *self.cuda_refused.lock().unwrap_or_else(PoisonError::into_inner) = Some(reason);
                }
            }
        }
        self.build_session(model, false)
    }

    /// Why CUDA was asked for and is not in use, if so.
    #[must_use]
    pub fn cuda_refusal(&self) -> Option<String> {
        self.cuda_refused.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn build_session(&self, model: &[u8], cuda: bool) -> Result<Session, String> {
        let say = |e: &dyn std::fmt::Display| e.to_string();
        let mut builder = Session::builder(&self.environment)
            .map_err(|e| say(&e))?
            .with_optimization_level(GraphOptimizationLevel::All)
            .map_err(|e| say(&e))?;
        if self.kind != BackendKind::Embedded {
            builder = builder
                .with_intra_threads(1)
                .map_err(|e| say(&e))?
                .with_inter_threads(1)
                .map_err(|e| say(&e))?
                .with_intra_op_spinning(false)
                .map_err(|e| say(&e))?;
        }
        if cuda {
            let provider = CUDA::default().build().error_on_failure();
            builder = builder.with_execution_providers([provider]).map_err(|e| say(&e))?;
        }
        builder.commit_from_memory(model).map_err(|e| say(&e))
    }
}

fn build(builder: ort::environment::EnvironmentBuilder) -> Result<Environment, String> {
    builder.with_name("ukulelatent").with_telemetry(false).build().map_err(|e| e.to_string())
}

fn wish_from_environment() -> Result<Option<BackendKind>, String> {
    use clap::ValueEnum;
    match std::env::var(BACKEND_VARIABLE) {
        Err(_) => Ok(None),
        Ok(name) => BackendKind::from_str(&name, true)
            .map(Some)
            .map_err(|_| format!("{BACKEND_VARIABLE}: expected embedded, onnxruntime or cuda, got {name:?}")),
    }
}

fn no_library() -> String {
    format!("no ONNX Runtime library lies beside the plugin, and {LIBRARY_VARIABLE} names none")
}

/// The library that the environment names, else one beside this program or plugin.
fn find_library() -> Option<PathBuf> {
    if let Some(path) = std::env::var_os(LIBRARY_VARIABLE) {
        return Some(PathBuf::from(path));
    }
    let folder = own_folder()?;
    let mut found: Vec<PathBuf> = std::fs::read_dir(folder)
        .ok()?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| is_runtime_library(path))
        .collect();
    found.sort();
    found.pop()
}

fn is_runtime_library(path: &Path) -> bool {
    let Some(name) = path.file_name().and_then(|name| name.to_str()) else { return false };
    if cfg!(windows) {
        name.eq_ignore_ascii_case("onnxruntime.dll")
    } else if cfg!(target_os = "macos") {
        name.starts_with("libonnxruntime.") && name.ends_with(".dylib")
    } else {
        name.starts_with("libonnxruntime.so")
    }
}

/// The folder of the shared library or program that this code is part of.
#[must_use]
pub fn own_folder() -> Option<PathBuf> {
    let own = process_path::get_dylib_path()?;
    own.canonicalize().ok()?.parent().map(Path::to_path_buf)
}
