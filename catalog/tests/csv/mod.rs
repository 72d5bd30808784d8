//! CSV (RFC 4180) as these tests use it: fields on one line, `"` around those with a comma, `#` before a comment line.

/// The rows below the header line, each with as many fields as the header has.
pub(crate) fn rows<const N: usize>(text: &str) -> Vec<[String; N]> {
    text.lines()
        .filter(|line| !line.starts_with('#'))
        .skip(1)
        .map(|line| {
            let fields = fields(line);
            fields
                .try_into()
                .unwrap_or_else(|fields| panic!("{N} fields wanted: {fields:?}"))
        })
        .collect()
}

fn fields(line: &str) -> Vec<String> {
    let mut fields = vec![String::new()];
    let mut is_quoted = false;
    let mut characters = line.chars().peekable();
    while let Some(c) = characters.next() {
        let last = fields.last_mut().expect("the first was put there above");
        match c {
            '"' if is_quoted && characters.next_if_eq(&'"').is_some() => last.push('"'),
            '"' => is_quoted = !is_quoted,
            ',' if !is_quoted => fields.push(String::new()),
            c => last.push(c),
        }
    }
    assert!(!is_quoted, "a quote is not closed: {line}");
    fields
}
