//! How long exchanges took: percentiles as figures, and as a strip on a logarithmic scale. Failures stand apart from
//! what went well.

use std::fmt::Write as _;

use httpwhy_schema::{LogTimesJson, LogsLine};

use super::escape::{duration, escape, grouped};
use super::plot::colour;

/// A line of the table.
struct Row<'a> {
    name: String,
    colour: usize,
    times: &'a LogTimesJson,
    note: String,
}

/// The whole section; empty when no line says how long it took.
pub(crate) fn section(logs: &LogsLine<'_>, anchors: &[String]) -> String {
    let rows = rows(logs, anchors);
    let Some(scale) = Scale::of(&rows) else {
        return String::new();
    };
    let mut out = String::from(
        "<section id=\"durations\" aria-labelledby=\"durations-name\">\n<h2 id=\"durations-name\">How long they took</h2>\n",
    );
    let _ = writeln!(
        out,
        "<p class=\"about\">Percentiles, each within {} %. Failures stand apart: a quick refusal or a long timeout would hide how \
         fast the rest was. The strip goes from the median to the slowest; thick to 90 %, marks at 99 % and 99.9 %; each step of the scale is ten times the one before.</p>",
        logs.time_error_percent
    );
    if logs.untold_times > 0 {
        let _ = writeln!(
            out,
            "<p class=\"note\">{} lines had times that are missing here, because more different ones were met than are kept.</p>",
            grouped(logs.untold_times)
        );
    }
    out.push_str("<div class=\"wide\" tabindex=\"0\" role=\"region\" aria-labelledby=\"durations-name\"><table class=\"durations\">\n<thead><tr><th scope=\"col\">What</th><th scope=\"col\">Exchanges</th><th scope=\"col\">50 %</th><th scope=\"col\">90 %</th><th scope=\"col\">99 %</th><th scope=\"col\">99.9 %</th><th scope=\"col\">Slowest</th>");
    let _ = writeln!(
        out,
        "<th scope=\"col\" class=\"strip\">{}</th></tr></thead>\n<tbody>",
        scale.labels()
    );
    for row in &rows {
        let times = row.times;
        let _ = write!(
            out,
            "<tr><th scope=\"row\">{}{}</th><td data-label=\"Exchanges\">{}</td>",
            row.name,
            row.note,
            grouped(times.count)
        );
        for (label, value) in [
            ("50 %", times.p50),
            ("90 %", times.p90),
            ("99 %", times.p99),
            ("99.9 %", times.p999),
            ("Slowest", times.max),
        ] {
            let _ = write!(out, "<td data-label=\"{label}\">{}</td>", duration(value));
        }
        let _ = writeln!(out, "<td class=\"strip\">{}</td></tr>", scale.strip(row));
    }
    out.push_str("</tbody></table></div>\n</section>\n");
    out
}

fn rows<'a>(logs: &'a LogsLine<'_>, anchors: &[String]) -> Vec<Row<'a>> {
    let all = [
        ("<strong>Went well</strong>", 0, &logs.times_ms),
        ("<strong>Failed</strong>, all", 7, &logs.failed_times_ms),
    ];
    let mut rows: Vec<Row<'_>> = all
        .into_iter()
        .filter_map(|(name, colour, times)| {
            Some(Row {
                name: name.to_owned(),
                colour,
                times: times.as_ref()?,
                note: String::new(),
            })
        })
        .collect();
    let failed = logs.groups.iter().filter(|group| group.happened != "fine");
    rows.extend(
        failed
            .zip(anchors)
            .enumerate()
            .filter_map(|(at, (group, anchor))| {
                let note = group.timeout_s.map_or_else(String::new, |seconds| {
                    format!("<span class=\"soft\">pile up at {seconds} s</span>")
                });
                Some(Row {
                    name: format!(
                        "<a href=\"#{anchor}\">{}</a>",
                        escape(&super::name_of(group))
                    ),
                    colour: colour(at),
                    times: group.times_ms.as_ref()?,
                    note,
                })
            }),
    );
    rows
}

/// A logarithmic scale, in powers of ten of a millisecond.
struct Scale {
    from: f64,
    to: f64,
}

impl Scale {
    fn of(rows: &[Row<'_>]) -> Option<Self> {
        let least = rows
            .iter()
            .map(|row| row.times.p50)
            .fold(f64::MAX, f64::min);
        let most = rows.iter().map(|row| row.times.max).fold(0.0, f64::max);
        let whole = |millis: f64| millis.max(0.01).log10();
        (!rows.is_empty()).then(|| Self {
            from: whole(least).floor(),
            to: whole(most).ceil().max(whole(least).floor() + 1.0),
        })
    }

    /// Where a time stands, 0 to 100.
    fn place(&self, millis: f64) -> f64 {
        let place = (millis.max(0.01).log10() - self.from) / (self.to - self.from);
        (place * 100.0).clamp(0.0, 100.0)
    }

    /// The powers of ten that are written above the strips.
    fn labels(&self) -> String {
        let mut out = String::from("<span class=\"decades\" aria-hidden=\"true\">");
        let (from, to) = (self.from as i32, self.to as i32);
        let every = if to - from > 3 { 2 } else { 1 };
        for power in (from..=to).step_by(every) {
            let left = self.place(10_f64.powi(power));
            let edge = match power {
                power if power == from => " first",
                power if power == to => " last",
                _ => "",
            };
            let text = match power {
                ..-1 => "10\u{a0}µs",
                -1 => "0.1\u{a0}ms",
                0 => "1\u{a0}ms",
                1 => "10\u{a0}ms",
                2 => "0.1\u{a0}s",
                3 => "1\u{a0}s",
                4 => "10\u{a0}s",
                5 => "100\u{a0}s",
                6 => "17\u{a0}min",
                _ => "3\u{a0}h+",
            };
            let _ = write!(
                out,
                "<span class=\"tick{edge}\" style=\"left:{left:.2}%\">{text}</span>"
            );
        }
        out.push_str("</span><span class=\"hidden\">Strip</span>");
        out
    }

    fn strip(&self, row: &Row<'_>) -> String {
        let times = row.times;
        let [p50, p90, p99, p999, max] =
            [times.p50, times.p90, times.p99, times.p999, times.max].map(|time| self.place(time));
        let mut grid = String::new();
        for power in self.from as i32..=self.to as i32 {
            let _ = write!(grid, "M{:.2} 0V20", self.place(10_f64.powi(power)));
        }
        format!(
            "<svg viewBox=\"0 0 100 20\" preserveAspectRatio=\"none\" role=\"img\" aria-label=\"From {} to {}\"><path class=\"grid\" d=\"{grid}\"/><path class=\"range s{}\" d=\"M{p50:.2} 10H{max:.2}\"/><path class=\"core s{}\" d=\"M{p50:.2} 10H{p90:.2}\"/><path class=\"at s{}\" d=\"M{p50:.2} 3V17M{p99:.2} 5V15M{p999:.2} 6V14M{max:.2} 7V13\"/></svg>",
            escape(&duration(times.p50)),
            escape(&duration(times.max)),
            row.colour,
            row.colour,
            row.colour
        )
    }
}
