//! Finding a file inside the window: hosts differ in what windows of their own they let a plugin open.

use std::fs;
use std::path::{Path, PathBuf};

use egui::{Align2, Key, Rect, ScrollArea, TextEdit, Ui, UiBuilder, vec2};

use super::sheet;
use super::theme::{self, Type};
use super::widgets::{Icon, Look, Pen, icon_button};

/// One line of a folder.
#[derive(Clone, Debug, PartialEq)]
struct Line {
    name: String,
    path: PathBuf,
    is_folder: bool,
}

/// A folder that is looked into.
#[derive(Default)]
pub struct Files {
    folder: PathBuf,
    lines: Vec<Line>,
    typed: String,
}

impl Files {
    /// Looks into a folder; one that cannot be read is empty.
    pub fn look_into(&mut self, folder: &Path, extension: &str) {
        self.folder = folder.to_path_buf();
        self.typed = folder.display().to_string();
        self.lines = lines(folder, extension);
    }

    /// The folder that is looked into; nothing before the first look.
    #[must_use]
    pub fn folder(&self) -> Option<&Path> {
        (!self.folder.as_os_str().is_empty()).then_some(&*self.folder)
    }
}

fn lines(folder: &Path, extension: &str) -> Vec<Line> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let line = |entry: fs::DirEntry| {
        let name = entry.file_name().to_string_lossy().into_owned();
        let is_folder = entry.path().is_dir();
        let is_wanted = is_folder || name.to_lowercase().ends_with(extension);
        (is_wanted && !name.starts_with('.')).then(|| Line { name, path: entry.path(), is_folder })
    };
    let mut lines: Vec<Line> = entries.filter_map(line).collect();
    lines.sort_by_key(|line| (!line.is_folder, line.name.to_lowercase()));
    lines
}

/// Draws a folder; returns the file that was chosen.
pub fn show(ui: &mut Ui, rect: Rect, pen: &mut Pen, files: &mut Files, extension: &str) -> Option<PathBuf> {
    let theme = pen.theme;
    let up = Rect::from_min_size(rect.min, theme.size(32.0, 32.0));
    let above = files.folder.parent().map(Path::to_path_buf);
    let look = Look::enabled(above.is_some());
    if icon_button(ui, up, &theme, (Icon::Folder, "The folder above"), look).clicked()
        && let Some(above) = above
    {
        files.look_into(&above, extension);
    }
    let place = Rect::from_min_max(rect.min + theme.size(40.0, 0.0), rect.right_top() + theme.size(0.0, 32.0));
    let field = TextEdit::singleline(&mut files.typed).hint_text("A path");
    let response = ui.put(place, field.margin(theme.size(8.0, 7.0)).desired_width(place.width()));
    let mut chosen = None;
    if response.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter)) {
        let path = PathBuf::from(files.typed.trim());
        if path.is_dir() { files.look_into(&path, extension) } else { chosen = Some(path) }
    }
    let list = Rect::from_min_max(rect.min + vec2(0.0, theme.px(40.0)), rect.max);
    if files.lines.is_empty() {
        let words = format!("No folder and no {extension} file here.");
        theme.text(ui.painter(), list.center(), Align2::CENTER_CENTER, words, (Type::Body, theme::DIM));
    }
    let mut inside = ui.new_child(UiBuilder::new().max_rect(list).id_salt("files"));
    let mut entered = None;
    ScrollArea::vertical().auto_shrink(false).show(&mut inside, |ui| {
        ui.spacing_mut().item_spacing.y = theme.px(2.0);
        for line in &files.lines {
            let about = if line.is_folder { "folder" } else { extension.trim_start_matches('.') };
            if sheet::row(ui, pen, (&line.name, about), false) {
                if line.is_folder { entered = Some(line.path.clone()) } else { chosen = Some(line.path.clone()) }
            }
        }
    });
    if let Some(folder) = entered {
        files.look_into(&folder, extension);
    }
    chosen
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_come_first_and_other_files_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["b.onnx", "A.ONNX", "notes.txt", ".hidden.onnx"] {
            fs::write(folder.path().join(name), "").unwrap();
        }
        fs::create_dir(folder.path().join("z")).unwrap();
        let names: Vec<String> = lines(folder.path(), ".onnx").into_iter().map(|line| line.name).collect();
        assert_eq!(names, ["z", "A.ONNX", "b.onnx"]);
        assert!(lines(Path::new("/nowhere"), ".onnx").is_empty());
    }
}
