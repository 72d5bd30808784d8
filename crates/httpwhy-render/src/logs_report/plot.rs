//! Plots over time: the share of failures of all exchanges, with incidents marked. The drawing stretches with the page,
//! the figures beside it do not, so that both can be read on a phone.

use std::fmt::Write as _;

use httpwhy_schema::{IncidentLine, LogGroupJson};

use super::escape::{clock, day, escape, percent};
use super::series::{Axis, nice_share};

/// Height of a drawing in its own units.
const HEIGHT: f64 = 100.0;
/// Outcomes with a colour of their own; the rest share the last.
pub(crate) const COLOURS: usize = 6;
/// Rows of the table beside a plot at most.
const ROWS: usize = 48;

/// An outcome's share of all exchanges by column, with its name.
pub(crate) struct Series {
    /// What it is called.
    pub(crate) name: String,
    /// Where it is told more of.
    pub(crate) anchor: String,
    /// Shares by column.
    pub(crate) rates: Vec<f64>,
}

/// The big plot: all outcomes that are failures, one upon the other.
pub(crate) fn stacked(axis: &Axis, series: &[Series], incidents: &[IncidentLine]) -> String {
    let sums: Vec<f64> = (0..axis.columns())
        .map(|column| series.iter().map(|one| one.rates[column]).sum())
        .collect();
    let top = nice_share(sums.iter().copied().fold(0.0, f64::max));
    let mut out = String::from(
        "<figure class=\"plot big\">\n<figcaption id=\"rates-name\">Failures in per cent of all exchanges, ",
    );
    let _ = writeln!(out, "{}</figcaption>", per(axis));
    out.push_str("<ul class=\"legend\">");
    for (at, one) in series.iter().enumerate() {
        let _ = write!(
            out,
            "<li><a href=\"#{}\"><span class=\"swatch s{}\"></span>{}</a></li>",
            one.anchor,
            colour(at),
            escape(&one.name)
        );
    }
    out.push_str("</ul>\n");
    let mut drawing = String::new();
    let mut base = vec![0.0; axis.columns()];
    for (at, one) in series.iter().enumerate() {
        let upper: Vec<f64> = base.iter().zip(&one.rates).map(|(a, b)| a + b).collect();
        let _ = write!(
            drawing,
            "<path class=\"area s{}\" d=\"{}\"><title>{}</title></path>",
            colour(at),
            between(&base, &upper, top),
            escape(&one.name)
        );
        base = upper;
    }
    let about = summary(axis, &sums);
    framed(
        &mut out,
        axis,
        incidents.iter().enumerate(),
        top,
        &drawing,
        "rates-name",
        &about,
    );
    table(&mut out, axis, series);
    out.push_str("</figure>\n");
    out
}

/// The plot of one outcome.
pub(crate) fn single(
    axis: &Axis,
    rates: &[f64],
    incidents: &[(usize, &IncidentLine)],
    colour: usize,
    name: &str,
) -> String {
    let top = nice_share(rates.iter().copied().fold(0.0, f64::max));
    let base = vec![0.0; axis.columns()];
    let drawing = format!(
        "<path class=\"area s{colour}\" d=\"{}\"/>",
        between(&base, rates, top)
    );
    let mut out = format!(
        "<figure class=\"plot\">\n<figcaption id=\"{name}-rate\">Share of all exchanges, {}</figcaption>\n",
        per(axis)
    );
    let about = summary(axis, rates);
    framed(
        &mut out,
        axis,
        incidents.iter().copied(),
        top,
        &drawing,
        &format!("{name}-rate"),
        &about,
    );
    out.push_str("</figure>\n");
    out
}

/// A line of text's height: how an outcome went over time, on the axis of all.
pub(crate) fn sparkline(axis: &Axis, rates: &[f64], colour: usize) -> String {
    let top = rates.iter().copied().fold(f64::MIN_POSITIVE, f64::max);
    let base = vec![0.0; axis.columns()];
    format!(
        "<svg class=\"spark\" viewBox=\"0 0 {} {HEIGHT}\" preserveAspectRatio=\"none\" role=\"img\" aria-label=\"{}\"><path class=\"area s{colour}\" d=\"{}\"/></svg>",
        axis.columns(),
        escape(&summary(axis, rates)),
        between(&base, rates, top)
    )
}

/// The class of the colour of the outcome at that place.
pub(crate) const fn colour(at: usize) -> usize {
    if at < COLOURS { at + 1 } else { COLOURS }
}

/// `by minute`, `by 5 minutes`.
fn per(axis: &Axis) -> String {
    match axis.step {
        1 => "minute by minute".to_owned(),
        step if step % 1440 == 0 => format!("in steps of {} d", step / 1440),
        step if step % 60 == 0 => format!("in steps of {} h", step / 60),
        step => format!("in steps of {step} min"),
    }
}

/// What the drawing shows, in words.
fn summary(axis: &Axis, rates: &[f64]) -> String {
    let highest = rates
        .iter()
        .copied()
        .enumerate()
        .max_by(|a, b| a.1.total_cmp(&b.1).then(b.0.cmp(&a.0)));
    let Some((column, rate)) = highest.filter(|(_, rate)| *rate > 0.0) else {
        return "Nothing.".to_owned();
    };
    let minute = axis.minute(column);
    let mean = rates.iter().sum::<f64>() / rates.len().max(1) as f64;
    format!(
        "On average {}; highest {} at {} {} UTC.",
        percent(mean)
            .replace("&lt;", "less than ")
            .replace("&gt;", "more than "),
        percent(rate)
            .replace("&lt;", "less than ")
            .replace("&gt;", "more than "),
        day(minute),
        clock(minute)
    )
}

/// The axes, the incidents and the drawing between them.
fn framed<'a>(
    out: &mut String,
    axis: &Axis,
    incidents: impl IntoIterator<Item = (usize, &'a IncidentLine)>,
    top: f64,
    drawing: &str,
    name: &str,
    about: &str,
) {
    let columns = axis.columns() as f64;
    let mut windows = String::new();
    let mut labels = String::new();
    for (number, incident) in incidents {
        let Some((from, to)) = axis.window(incident) else {
            continue;
        };
        let _ = write!(
            windows,
            "<rect class=\"window\" x=\"{from:.2}\" y=\"0\" width=\"{:.2}\" height=\"{HEIGHT}\"><title>{}</title></rect>",
            to - from,
            escape(&incident.sentence)
        );
        let middle = f64::midpoint(from, to) / columns * 100.0;
        let _ = write!(
            labels,
            "<span class=\"mark\" style=\"left:{middle:.2}%\">{}</span>",
            number + 1
        );
    }
    let _ = write!(
        out,
        "<div class=\"frame\"><div class=\"scale\" aria-hidden=\"true\"><span>{}</span><span>{}</span><span>0</span></div>\
         <div class=\"drawing\"><div class=\"marks\" aria-hidden=\"true\">{labels}</div>\
         <svg viewBox=\"0 0 {columns} {HEIGHT}\" preserveAspectRatio=\"none\" role=\"img\" aria-labelledby=\"{name}\" aria-describedby=\"{name}-about\">\
         <desc id=\"{name}-about\">{}</desc>{windows}<path class=\"grid\" d=\"M0 0H{columns}M0 50H{columns}\"/>{drawing}\
         <path class=\"ground\" d=\"M0 {HEIGHT}H{columns}\"/></svg>",
        tick_percent(top),
        tick_percent(top / 2.0),
        escape(about)
    );
    out.push_str("<div class=\"ticks\" aria-hidden=\"true\">");
    let ticks = axis.ticks();
    let by_day = ticks.len() > 1 && (ticks[1].0 - ticks[0].0) % 1440 == 0;
    let mut today = None;
    for (at, (minute, place)) in ticks.iter().enumerate() {
        let new_day = today != Some(minute.div_euclid(1440));
        today = Some(minute.div_euclid(1440));
        let text = match (by_day, new_day) {
            (true, _) => day(*minute),
            (false, true) => format!("{} {}", day(*minute), clock(*minute)),
            (false, false) => clock(*minute),
        };
        let left = place / columns * 100.0;
        let edge = match left {
            ..4.0 => " first",
            93.0.. => " last",
            _ => "",
        };
        let minor = if at % 2 == 1 { " minor" } else { "" };
        let _ = write!(
            out,
            "<span class=\"tick{edge}{minor}\" style=\"left:{left:.2}%\">{text}</span>"
        );
    }
    out.push_str("</div></div></div>\n");
}

/// Without needless digits: `25 %`, `0.5 %`.
fn tick_percent(share: f64) -> String {
    let text = format!("{:.3}", share * 100.0);
    let text = text.trim_end_matches('0').trim_end_matches('.');
    format!("{text}\u{a0}%")
}

/// The outline of an area of steps between two lines. Columns where nothing is take no place.
fn between(lower: &[f64], upper: &[f64], top: f64) -> String {
    let y = |value: f64| (1.0 - value / top) * HEIGHT;
    let mut out = String::new();
    let mut from = 0;
    while from < upper.len() {
        if upper[from] <= lower[from] {
            from += 1;
            continue;
        }
        let to = (from..upper.len())
            .find(|at| upper[*at] <= lower[*at])
            .unwrap_or(upper.len());
        let _ = write!(out, "M{from} {:.2}", y(lower[from]));
        for (at, value) in upper[from..to].iter().enumerate() {
            let _ = write!(out, "V{:.2}H{}", y(*value), from + at + 1);
        }
        for at in (from..to).rev() {
            let _ = write!(out, "V{:.2}H{at}", y(lower[at]));
        }
        out.push('Z');
        from = to;
    }
    out
}

/// The plot's figures as a table, for who cannot see it or wants to copy them.
fn table(out: &mut String, axis: &Axis, series: &[Series]) {
    let fold = axis.columns().div_ceil(ROWS);
    let _ = write!(
        out,
        "<details><summary>The same as a table</summary>\n<div class=\"wide\" tabindex=\"0\" role=\"region\" aria-label=\"Failures by time\"><table>\n<caption>Share of all exchanges from each time on, UTC</caption>\n<thead><tr><th scope=\"col\">From</th><th scope=\"col\">Exchanges</th>"
    );
    for one in series {
        let _ = write!(out, "<th scope=\"col\">{}</th>", escape(&one.name));
    }
    out.push_str("</tr></thead>\n<tbody>\n");
    for from in (0..axis.columns()).step_by(fold) {
        let to = (from + fold).min(axis.columns());
        let minute = axis.minute(from);
        let all: u64 = axis.all[from..to].iter().sum();
        let _ = write!(
            out,
            "<tr><th scope=\"row\">{} {}</th><td>{}</td>",
            day(minute),
            clock(minute),
            super::escape::grouped(all)
        );
        for one in series {
            let part: f64 = (from..to)
                .map(|at| one.rates[at] * axis.all[at] as f64)
                .sum();
            let share = if all == 0 { 0.0 } else { part / all as f64 };
            let _ = write!(out, "<td>{}</td>", percent(share));
        }
        out.push_str("</tr>\n");
    }
    out.push_str("</tbody></table></div></details>\n");
}

/// The incidents of a group, each with its place among all.
pub(crate) fn incidents_of<'a>(
    group: &LogGroupJson<'_>,
    incidents: &'a [IncidentLine],
) -> Vec<(usize, &'a IncidentLine)> {
    incidents
        .iter()
        .enumerate()
        .filter(|(_, one)| one.outcome == group.outcome && one.happened == group.happened)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_area_goes_up_and_back() {
        let path = between(&[0.0, 0.0, 0.0], &[0.0, 0.5, 1.0], 1.0);
        assert_eq!(path, "M1 100.00V50.00H2V0.00H3V100.00H2V100.00H1Z");
        assert_eq!(between(&[0.0], &[0.0], 1.0), "");
    }

    #[test]
    fn ticks_have_no_needless_digits() {
        assert_eq!(tick_percent(0.25), "25\u{a0}%");
        assert_eq!(tick_percent(0.005), "0.5\u{a0}%");
        assert_eq!(tick_percent(0.1 + 0.2), "30\u{a0}%");
    }
}
