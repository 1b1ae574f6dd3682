//! What egui's own widgets look like, and the letters.

use std::sync::Arc;

use egui::{Context, FontData, FontDefinitions, FontFamily, TextStyle};

use super::theme::{ACCENT, DIM, GROUND, LIFTED, LINE, PANEL, RAISED, TEXT, Theme, Type, WELL};

const REGULAR: &str = "Inter";
pub(super) const MEDIUM: &str = "Inter Medium";
pub(super) const SEMI_BOLD: &str = "Inter SemiBold";
/// Inter, with the letters of European languages: assets/fonts/README.md.
const INTER: [(&str, &[u8]); 3] = [
    (REGULAR, include_bytes!("../../assets/fonts/Inter-Regular.otf")),
    (MEDIUM, include_bytes!("../../assets/fonts/Inter-Medium.otf")),
    (SEMI_BOLD, include_bytes!("../../assets/fonts/Inter-SemiBold.otf")),
];

impl Theme {
    /// Sets fonts; once for each window.
    pub fn install_fonts(context: &Context) {
        let mut fonts = FontDefinitions::default();
        let fallback = fonts.families[&FontFamily::Proportional].clone();
        for (name, bytes) in INTER {
            fonts.font_data.insert(name.into(), Arc::new(FontData::from_static(bytes)));
            let family = match name {
                REGULAR => FontFamily::Proportional,
                other => FontFamily::Name(other.into()),
            };
            let list = std::iter::once(name.to_owned()).chain(fallback.iter().cloned()).collect();
            fonts.families.insert(family, list);
        }
        context.set_fonts(fonts);
    }

    /// Sets what egui's own widgets (text fields, tooltips, menus, scroll bars) look like.
    pub fn apply(&self, context: &Context) {
        let theme = *self;
        context.set_theme(egui::Theme::Dark);
        context.all_styles_mut(move |style| theme.style(style));
    }

    fn style(&self, style: &mut egui::Style) {
        for kind in [TextStyle::Body, TextStyle::Button, TextStyle::Monospace] {
            style.text_styles.insert(kind, self.font(Type::Body));
        }
        style.text_styles.insert(TextStyle::Small, self.font(Type::Caption));
        style.text_styles.insert(TextStyle::Heading, self.font(Type::Display));
        let margin = |units: f32| egui::Margin::same(self.px(units).round() as i8);
        let spacing = &mut style.spacing;
        spacing.item_spacing = self.size(8.0, 4.0);
        spacing.button_padding = self.size(8.0, 4.0);
        spacing.interact_size = self.size(32.0, 24.0);
        spacing.menu_margin = margin(8.0);
        spacing.window_margin = margin(16.0);
        spacing.tooltip_width = self.px(320.0);
        spacing.menu_width = self.px(240.0);
        spacing.scroll = egui::style::ScrollStyle {
            bar_width: self.px(10.0),
            floating_width: self.px(6.0),
            floating_allocated_width: self.px(10.0),
            foreground_color: true,
            dormant_handle_opacity: 0.35,
            active_handle_opacity: 0.5,
            ..egui::style::ScrollStyle::thin()
        };
        style.interaction.tooltip_delay = 0.4;
        style.interaction.selectable_labels = false;
        let visuals = &mut style.visuals;
        visuals.panel_fill = GROUND;
        visuals.window_fill = RAISED;
        visuals.window_stroke = self.stroke(1.0, LINE);
        visuals.window_corner_radius = self.corner(8.0);
        visuals.menu_corner_radius = self.corner(6.0);
        visuals.extreme_bg_color = WELL;
        visuals.selection.bg_fill = ACCENT.gamma_multiply(0.45);
        visuals.selection.stroke = self.stroke(1.0, ACCENT);
        visuals.text_cursor.stroke = self.stroke(1.5, ACCENT);
        visuals.text_cursor.blink = false;
        visuals.hyperlink_color = ACCENT;
        let widgets = &mut visuals.widgets;
        for (state, ground, text) in [
            (&mut widgets.noninteractive, PANEL, DIM),
            (&mut widgets.inactive, RAISED, TEXT),
            (&mut widgets.hovered, LIFTED, TEXT),
            (&mut widgets.active, LIFTED, TEXT),
            (&mut widgets.open, LIFTED, TEXT),
        ] {
            (state.bg_fill, state.weak_bg_fill) = (ground, ground);
            state.bg_stroke = self.stroke(1.0, LINE);
            state.fg_stroke = self.stroke(1.0, text);
            state.corner_radius = self.corner(4.0);
            state.expansion = 0.0;
        }
        widgets.active.bg_stroke = self.stroke(2.0, ACCENT);
    }
}
