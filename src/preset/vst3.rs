//! Presets as VST3 hosts keep them: `.vstpreset`, as the VST3 SDK's `vstpresetfile.h` lays it out. A header, the
//! plugin's state, and a list of what lies where; numbers are little-endian.

/// `VST3`, version, class id in hexadecimal, place of the list.
const HEADER: usize = 4 + 4 + 32 + 8;

/// The bytes of a file that VST3 hosts load into the plugin with this class id: `state` is what the plugin saves.
#[must_use]
pub fn vst3_preset(name: &str, class_id: [u8; 16], state: &str) -> Vec<u8> {
    let info = info(name);
    let chunks: [(&[u8; 4], &[u8]); 2] = [(b"Comp", state.as_bytes()), (b"Info", info.as_bytes())];
    let list_at = HEADER + chunks.iter().map(|(_, chunk)| chunk.len()).sum::<usize>();
    let mut bytes = b"VST3".to_vec();
    bytes.extend_from_slice(&1_i32.to_le_bytes());
    bytes.extend(class_id.iter().flat_map(|byte| format!("{byte:02X}").into_bytes()));
    bytes.extend_from_slice(&(list_at as i64).to_le_bytes());
    let mut list = b"List".to_vec();
    list.extend_from_slice(&(chunks.len() as i32).to_le_bytes());
    for (id, chunk) in chunks {
        list.extend_from_slice(id);
        list.extend_from_slice(&(bytes.len() as i64).to_le_bytes());
        list.extend_from_slice(&(chunk.len() as i64).to_le_bytes());
        bytes.extend_from_slice(chunk);
    }
    bytes.extend(list);
    bytes
}

/// What a host's browser shows.
fn info(name: &str) -> String {
    let name = name.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;");
    let attribute = |id: &str, value: &str| format!("<Attribute id=\"{id}\" value=\"{value}\" type=\"string\"/>");
    format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?><MetaInfo>{}{}{}</MetaInfo>",
        attribute("MediaType", "VstPreset"),
        attribute("PlugInName", "Ukulelatent"),
        attribute("Name", &name),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_says_where_the_state_lies() {
        let bytes = vst3_preset("A & B", *b"UkulelatentSmplr", "{\"a\":1}");
        assert_eq!(&bytes[..4], b"VST3");
        assert_eq!(&bytes[8..40], b"556B756C656C6174656E74536D706C72");
        let number = |at: usize| i64::from_le_bytes(bytes[at..at + 8].try_into().unwrap()) as usize;
        let list = number(40);
        assert_eq!(&bytes[list..list + 4], b"List");
        assert_eq!(&bytes[list + 8..list + 12], b"Comp");
        let (at, len) = (number(list + 12), number(list + 20));
        assert_eq!(&bytes[at..at + len], b"{\"a\":1}");
        assert_eq!(bytes.len(), list + 8 + 2 * 20);
    }
}
