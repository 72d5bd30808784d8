//! A transcript as HTML: what was sent, what came, and facts, told apart by more than colour.

use std::fmt::Write as _;

use super::frame::escape;

/// `<pre class="transcript">` with one span a line.
pub(crate) fn block(transcript: &str) -> String {
    let mut out = String::from(
        "<pre class=\"transcript\" tabindex=\"0\" aria-label=\"Transcript: &gt; sent, &lt; received, * facts\"><code>",
    );
    for line in transcript.lines() {
        let class = match line.as_bytes().first() {
            Some(b'>') => "sent",
            Some(b'<') => "received",
            Some(b'*') => "fact",
            _ => "other",
        };
        let _ = writeln!(out, "<span class=\"{class}\">{}</span>", escape(line));
    }
    out.push_str("</code></pre>\n");
    out
}

#[cfg(test)]
mod tests {
    use super::block;

    #[test]
    fn lines_have_their_direction_and_are_escaped() {
        let html = block("> GET / HTTP/1.1\n< <b>\n* eof:0\n");
        for part in [
            "<span class=\"sent\">&gt; GET / HTTP/1.1</span>\n",
            "<span class=\"received\">&lt; &lt;b&gt;</span>\n",
            "<span class=\"fact\">* eof:0</span>\n",
        ] {
            assert!(html.contains(part), "{html}");
        }
    }
}
