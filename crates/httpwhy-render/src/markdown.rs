//! Markdown for a terminal: paragraphs and lists wrapped to its width, code kept as it is.

use pulldown_cmark::{CodeBlockKind, Event, Parser, Tag, TagEnd};

use crate::style::{Look, Style, columns};

/// Renders Markdown with every line indented by `indent` columns.
pub fn render(text: &str, style: Style, indent: usize) -> String {
    let mut writer = Writer {
        style,
        out: String::new(),
        words: Vec::new(),
        look: Look::Plain,
        levels: Vec::new(),
        base: indent,
        code: None,
        first: None,
        glue: false,
    };
    for event in Parser::new(text) {
        writer.event(event);
    }
    writer.flush();
    writer.out
}

/// One piece of a paragraph that is not broken.
struct Word {
    text: String,
    look: Look,
    /// No space stands before it.
    glued: bool,
}

struct Writer {
    style: Style,
    out: String,
    words: Vec<Word>,
    look: Look,
    /// The next number of each open list, `None` for bullets.
    levels: Vec<Option<u64>>,
    base: usize,
    /// Whether a code block is open.
    code: Option<()>,
    /// The bullet or number of the item that begins.
    first: Option<String>,
    glue: bool,
}

impl Writer {
    fn event(&mut self, event: Event<'_>) {
        match event {
            Event::Start(Tag::Strong | Tag::Heading { .. }) => self.look = Look::Strong,
            Event::End(TagEnd::Strong) => self.look = Look::Plain,
            Event::End(TagEnd::Heading(_)) => {
                self.flush();
                self.look = Look::Plain;
            }
            Event::Start(Tag::List(start)) => {
                self.flush();
                self.levels.push(start);
            }
            Event::End(TagEnd::List(_)) => {
                self.levels.pop();
            }
            Event::Start(Tag::Item) => {
                self.first = Some(match self.levels.last_mut() {
                    Some(Some(number)) => {
                        *number += 1;
                        format!("{}. ", *number - 1)
                    }
                    _ => "- ".to_owned(),
                });
            }
            Event::End(TagEnd::Item | TagEnd::Paragraph) => self.flush(),
            Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(_) | CodeBlockKind::Indented)) => {
                self.flush();
                self.code = Some(());
            }
            Event::End(TagEnd::CodeBlock) => self.code = None,
            Event::Text(text) if self.code.is_some() => {
                for line in text.lines() {
                    self.out.push_str(&" ".repeat(self.base + 2));
                    self.out.push_str(&self.style.paint(Look::Code, line));
                    self.out.push('\n');
                }
            }
            Event::Text(text) => self.text(&text, self.look),
            Event::Code(text) => {
                // Without colour the back-ticks stay, so that a field's name still stands out.
                let shown = if self.style.color {
                    text.to_string()
                } else {
                    format!("`{text}`")
                };
                self.push(shown, Look::Code, self.glue);
                self.glue = true;
            }
            Event::SoftBreak | Event::HardBreak => self.glue = false,
            Event::Html(text) | Event::InlineHtml(text) => self.text(&text, Look::Plain),
            _ => {}
        }
    }

    fn text(&mut self, text: &str, look: Look) {
        let mut glued = self.glue && !text.starts_with(breaks);
        for word in text.split(breaks).filter(|word| !word.is_empty()) {
            self.push(word.replace(TIE, " "), look, glued);
            glued = false;
        }
        self.glue = !text.ends_with(breaks) && !text.is_empty();
    }

    fn push(&mut self, text: String, look: Look, glued: bool) {
        self.words.push(Word {
            text,
            look,
            glued: glued && !self.words.is_empty(),
        });
    }

    /// Writes the words gathered so far as one wrapped paragraph.
    fn flush(&mut self) {
        self.glue = false;
        if self.words.is_empty() {
            return;
        }
        let depth = self.base + self.levels.len().saturating_sub(1) * 3;
        let first = self.first.take().unwrap_or_default();
        let hang = if self.levels.is_empty() {
            depth
        } else {
            depth + columns(&first).max(2)
        };
        let limit = self.style.columns();
        let mut line = format!("{}{first}", " ".repeat(depth));
        let mut filled = columns(&line);
        let mut empty = true;
        let words = std::mem::take(&mut self.words);
        let mut units = words.into_iter().peekable();
        while let Some(word) = units.next() {
            // Glued pieces (`code`, then a comma) break together.
            let mut unit = vec![word];
            while units.peek().is_some_and(|next| next.glued) {
                unit.extend(units.next());
            }
            // What is longer than a line begins one of its own, and is cut into lines.
            let room = limit.saturating_sub(hang).max(8);
            let whole: usize = unit.iter().map(|piece| columns(&piece.text)).sum();
            if whole > room {
                let lines = folded(&unit, room);
                if !empty {
                    self.out.push_str(line.trim_end());
                    self.out.push('\n');
                    line = " ".repeat(hang);
                }
                filled = hang;
                for (at, pieces) in lines.iter().enumerate() {
                    if at > 0 {
                        self.out.push_str(line.trim_end());
                        self.out.push('\n');
                        line = " ".repeat(hang);
                        filled = hang;
                    }
                    for (look, text) in pieces {
                        line.push_str(&self.style.paint(*look, text));
                        filled += columns(text);
                    }
                }
                empty = false;
                continue;
            }
            let width: usize = unit.iter().map(|piece| columns(&piece.text)).sum();
            if !empty && filled + 1 + width > limit {
                self.out.push_str(line.trim_end());
                self.out.push('\n');
                line = " ".repeat(hang);
                filled = hang;
                empty = true;
            }
            if !empty {
                line.push(' ');
                filled += 1;
            }
            for piece in unit {
                line.push_str(&self.style.paint(piece.look, &piece.text));
            }
            filled += width;
            empty = false;
        }
        self.out.push_str(&line);
        self.out.push('\n');
    }
}

/// Stands between words that no line ends between; shown as a space.
const TIE: char = '\u{a0}';

fn breaks(c: char) -> bool {
    c.is_whitespace() && c != TIE
}

/// Pieces that stand together, on lines of at most so many columns: ended at spaces, or anywhere in a longer word.
fn folded(unit: &[Word], room: usize) -> Vec<Vec<(Look, String)>> {
    let mut lines: Vec<Vec<(Look, String)>> = vec![Vec::new()];
    let mut filled = 0;
    for piece in unit {
        for word in piece.text.split_inclusive(' ') {
            let mut rest = word;
            while !rest.is_empty() {
                let width = columns(rest.trim_end());
                if filled + width > room && filled > 0 && (width <= room || filled * 2 > room) {
                    lines.push(Vec::new());
                    filled = 0;
                }
                let (now, later) = split_at_columns(rest, room - filled);
                let line = lines.last_mut().expect("there is always one");
                match line.last_mut().filter(|(look, _)| *look == piece.look) {
                    Some((_, text)) => text.push_str(now),
                    None => line.push((piece.look, now.to_owned())),
                }
                filled += columns(now);
                rest = later;
            }
        }
    }
    for line in &mut lines {
        if let Some((_, text)) = line.last_mut() {
            text.truncate(text.trim_end().len());
        }
    }
    lines
}

/// The text's beginning that fills at most so many columns, at least one character of it, and the rest. A space at the
/// end takes no room.
fn split_at_columns(text: &str, room: usize) -> (&str, &str) {
    if columns(text.trim_end()) <= room {
        return (text, "");
    }
    let mut filled = 0;
    for (at, c) in text.char_indices() {
        filled += columns(c.encode_utf8(&mut [0; 4]));
        if filled > room && at > 0 {
            return text.split_at(at);
        }
    }
    (text, "")
}

/// What came from elsewhere must not act as Markdown.
pub(crate) fn escape_markdown(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_ascii_punctuation() {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paragraphs_and_lists_are_wrapped_and_code_is_kept() {
        let style = Style {
            color: false,
            width: 40,
        };
        let text = "Retry with `Retry-After`, at most three times; then stop.\n\n1. The body is nginx's own page, so it wrote it.\n2. Short.\n\n```\nleave   this alone, however long it is, exactly as is\n```\n";
        assert_eq!(
            render(text, style, 2),
            "  Retry with `Retry-After`, at most\n  three times; then stop.\n  1. The body is nginx's own page, so it\n     wrote it.\n  2. Short.\n    leave   this alone, however long it is, exactly as is\n"
        );
    }

    #[test]
    fn no_line_is_longer_than_the_width() {
        let style = Style {
            color: false,
            width: 40,
        };
        let text = "Then `upstream timed out (110: Connection timed out) while reading response header` (see), and \
                    `https://example.org/a/very/long/path/without/any/space/in/it/at/all` and 99\u{a0}% of it.";
        let shown = render(text, style, 4);
        assert!(shown.lines().all(|line| columns(line) <= 40), "{shown}");
        assert_eq!(
            shown.split_whitespace().collect::<String>(),
            text.split_whitespace().collect::<String>(),
        );
        assert!(shown.contains("99 %"), "{shown}");
    }
}
