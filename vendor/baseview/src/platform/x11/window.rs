use crate::platform::x11::window_thread::WindowThreadHandle;

pub type WindowHandle = WindowThreadHandle;

pub fn copy_to_clipboard(_data: &str) {
    unimplemented!()
}
