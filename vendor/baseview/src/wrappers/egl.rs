use crate::platform::gl::CreationFailedError;
use libloading::os::unix::{Library as UnixLibrary, RTLD_NOW};
use libloading::Library;
use std::ffi::{c_int, c_void, CStr};
use std::rc::Rc;

mod bound_api;
mod config;
mod context;
mod display;
mod error;
mod extensions;
mod surface;
mod sys;

use sys::Functions;

use crate::wrappers::egl::extensions::Extensions;
pub use bound_api::BoundApi;
pub use config::EglConfig;
pub use context::EglContext;
pub use display::{EglDisplay, EglVersion};
pub use error::EglError;
pub use surface::EglSurface;
pub use sys::MissingSymbolError;

struct EglInner {
    _library: Library,
    functions: Functions,
}

#[derive(Clone)]
pub struct Egl {
    inner: Rc<EglInner>,
}

impl Egl {
    pub fn open() -> Result<Self, CreationFailedError> {
        // Ukulelatent: stays in the process. Each time that it is unloaded, as 0.4.1 does with every window, what its
        // driver keeps for itself is lost, and what that had mapped stays.
        const RTLD_NODELETE: c_int = 0x1000;
        let open = |name: &str| unsafe { UnixLibrary::open(Some(name), RTLD_NOW | RTLD_NODELETE) };
        let library = Library::from(open("libEGL.so.1").or_else(|_| open("libEGL.so"))?);

        let functions = unsafe { Functions::load_from(&library)? };

        Ok(Self { inner: Rc::new(EglInner { _library: library, functions }) })
    }

    pub fn with_opengl<T>(&self, handler: impl FnOnce(&BoundApi) -> T) -> Result<T, EglError> {
        let api = BoundApi::new(self)?;
        Ok(handler(&api))
    }

    pub fn query_client_extensions(&self) -> Extensions {
        Extensions::new(self)
    }

    pub fn get_proc_address(&self, proc_name: &CStr) -> *const c_void {
        unsafe { (self.inner.functions.eglGetProcAddress)(proc_name.as_ptr()) }
    }
}
