//! Texts of UTF-8 that were read in another encoding: `FranÃ§ois`, `РњР°СЂРёСЏ`, `Jos├®`. Whoever writes
//! them back in that encoding has the UTF-8 again, which no text of a language is by chance.

use std::sync::LazyLock;

use encoding_rs::{
    Encoding, ISO_8859_2, ISO_8859_15, KOI8_R, MACINTOSH, WINDOWS_1250, WINDOWS_1251, WINDOWS_1252, WINDOWS_1253,
    WINDOWS_1254, WINDOWS_1257,
};

/// The encodings in which files are read by mistake.
const ENCODINGS: [&Encoding; 10] = [
    WINDOWS_1252,
    WINDOWS_1250,
    WINDOWS_1251,
    WINDOWS_1253,
    WINDOWS_1254,
    WINDOWS_1257,
    ISO_8859_2,
    ISO_8859_15,
    KOI8_R,
    MACINTOSH,
];

/// The upper halves of the code pages of DOS, for the Americas, and for western and central Europe.
const DOS: [&str; 3] = [
    "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u{a0}",
    "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜø£Ø×ƒáíóúñÑªº¿®¬½¼¡«»░▒▓│┤ÁÂÀ©╣║╗╝¢¥┐└┴┬├─┼ãÃ╚╔╩╦╠═╬¤ðÐÊËÈıÍÎÏ┘┌█▄¦Ì▀ÓßÔÒõÕµþÞÚÛÙýÝ¯´\u{ad}±‗¾¶§÷¸°¨·¹³²■\u{a0}",
    "ÇüéâäůćçłëŐőîŹÄĆÉĹĺôöĽľŚśÖÜŤťŁ×čáíóúĄąŽžĘę¬źČş«»░▒▓│┤ÁÂĚŞ╣║╗╝Żż┐└┴┬├─┼Ăă╚╔╩╦╠═╬¤đĐĎËďŇÍÎě┘┌█▄ŢŮ▀ÓßÔŃńňŠšŔÚŕŰýÝţ´\u{ad}˝˛ˇ˘§÷¸°¨˙űŘř■\u{a0}",
];

/// The bytes of the characters beyond ASCII of one encoding, sorted by character.
type Table = Vec<(char, u8)>;

static TABLES: LazyLock<Vec<Table>> = LazyLock::new(|| {
    let upper = |encoding: &'static Encoding| {
        let decode = |byte: u8| {
            let (text, _) = encoding.decode_without_bom_handling(&[byte]).0.chars().next().zip(Some(()))?;
            Some((text, byte))
        };
        (0x80..=0xff).filter_map(decode).filter(|(character, _)| *character != '\u{fffd}').collect::<Table>()
    };
    let dos = |page: &&str| page.chars().zip(0x80..=0xff).collect::<Table>();
    let mut tables: Vec<Table> = ENCODINGS.iter().map(|encoding| upper(encoding)).chain(DOS.iter().map(dos)).collect();
    tables.iter_mut().for_each(|table| table.sort_unstable());
    tables
});

/// Whether a text was UTF-8 before it was read in another encoding.
pub(super) fn is_misread(text: &str) -> bool {
    // A character beyond ASCII was several, so that they stand side by side: a byte that begins one comes
    // right behind one that goes on with another.
    let is_pair = |pair: &[u8]| matches!(pair, [0x80..=0xbf, 0xc0..=0xff]);
    if !text.as_bytes().windows(2).any(is_pair) {
        return false;
    }
    // In the code pages of DOS capital letters stand where other bytes begin, and lines where those of names do.
    let tables = if text.contains(is_line) { TABLES.len() } else { ENCODINGS.len() };
    TABLES.iter().take(tables).any(|table| is_utf8(text, table))
}

/// Whether a character is a part of a frame.
fn is_line(mark: char) -> bool {
    matches!(mark, '\u{2500}'..='\u{259f}')
}

/// Whether a text, written in an encoding, is UTF-8 of characters that texts have.
fn is_utf8(text: &str, table: &[(char, u8)]) -> bool {
    // The value so far of a character that is not at its end, and how many bytes are missing.
    let (mut value, mut missing) = (0_u32, 0_u8);
    for mark in text.chars() {
        let byte = match u8::try_from(u32::from(mark)) {
            Ok(byte) if mark.is_ascii() => byte,
            _ => match table.binary_search_by_key(&mark, |(known, _)| *known) {
                Ok(at) => table.get(at).map_or(b' ', |(_, byte)| *byte),
                Err(_) => return false,
            },
        };
        (value, missing) = match (byte, missing) {
            (0x80..=0xbf, 1..) => ((value << 6) | u32::from(byte & 0x3f), missing - 1),
            (0x00..=0x7f, 0) => continue,
            (0xc2..=0xdf, 0) => (u32::from(byte & 0x1f), 1),
            (0xe0..=0xef, 0) => (u32::from(byte & 0x0f), 2),
            (0xf0..=0xf4, 0) => (u32::from(byte & 0x07), 3),
            _ => return false,
        };
        if missing == 0 && !is_likely(value) {
            return false;
        }
    }
    missing == 0
}

/// Whether a character is one of names and messages, rather than of a dictionary.
fn is_likely(value: u32) -> bool {
    let is_written = char::from_u32(value).is_some_and(|mark| !mark.is_control());
    is_written
        && matches!(value,
            0xa0..=0x17f | 0x218..=0x21b | 0x386..=0x3ce | 0x400..=0x45f | 0x490..=0x491 | 0x5d0..=0x5ea
            | 0x621..=0x64a | 0x6a9..=0x6cc | 0x900..=0x97f | 0xe00..=0xe7f | 0x1ea0..=0x1ef9 | 0x200b..=0x203a
            | 0x20ac | 0x2122 | 0x2600..=0x27bf | 0x3040..=0x30ff | 0x4e00..=0x9fff | 0xac00..=0xd7a3 | 0xfeff
            | 0x1f300..=0x1faff)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_code_pages_are_whole() {
        assert!(DOS.iter().all(|page| page.chars().count() == 128));
        for (encoding, table) in ENCODINGS.iter().zip(TABLES.iter()) {
            assert!(table.len() > 110, "{}: {}", encoding.name(), table.len());
        }
    }

    #[test]
    fn names_read_in_any_encoding_are_found() {
        let names = [
            "Élodie",
            "Özlem",
            "Ørsted",
            "Ayşe",
            "Šime",
            "Đorđe",
            "Željko",
            "Zoë",
            "José",
            "Łukasz",
            "Ștefan",
            "Мария",
            "Γιώργος",
            "日本",
            "don’t",
            "👍",
        ];
        for name in names {
            for (index, table) in TABLES.iter().enumerate() {
                let read = |byte: &u8| match byte {
                    0..0x80 => Some(char::from(*byte)),
                    _ => table.iter().find(|(_, known)| known == byte).map(|(mark, _)| *mark),
                };
                if let Some(misread) = name.as_bytes().iter().map(read).collect::<Option<String>>() {
                    let is_told = index < ENCODINGS.len() || misread.contains(is_line);
                    assert_eq!(is_misread(&misread), is_told, "{index}: {name} {misread}");
                }
            }
        }
    }

    #[test]
    fn names_as_they_are_written_are_not() {
        let names = [
            "",
            "Ana",
            "François",
            "José",
            "IRMÃ",
            "SÃO",
            "Žofija Šimić",
            "ŠŽĆ",
            "Đorđe Šćepanović",
            "“Ä” – Å…",
            "«CAFÉ»",
            "NESCAFÉ®",
            "CAFÉ™",
            "É”",
            "Hanoï»",
            "Мария Ёлкина",
            "Вікторія Їжак",
            "Ђорђе Њ.",
            "Љубиша",
            "Γιώργος Παπαδόπουλος",
            "Ήλιος",
            "Łukasz Żółć",
            "Nguyễn Thị Ánh",
            "שלום",
            "محمد",
            "日本",
            "ประเทศไทย",
            "👩\u{200d}👧",
            "AÑO¡",
            "¿Qué?",
            "Ünsal Şahin",
            "Ștefan Țepeș",
            "Ænes Ørsted Åås",
            "ÀÉÈÙ",
            "10 °C",
            "5 € – ok",
        ];
        let wrong: Vec<&str> = names.into_iter().filter(|name| is_misread(name)).collect();
        assert_eq!(wrong, [""; 0]);
    }
}
