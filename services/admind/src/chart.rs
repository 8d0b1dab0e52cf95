//! Charts as SVG made here: columns by hour, ratio lines, bars by rule, small trends in tiles.
//!
//! Colours, sizes of text and hover live in `assets/app.css`; nothing here is a style. Each chart carries its figures
//! as a table too, for whoever cannot see it or wants the numbers. It formats no instants: labels come ready.

use crate::format::count;
use crate::page::Markup;
use std::fmt::Write as _;

/// The words around a chart.
#[derive(Debug, Clone, Copy)]
pub struct Words<'a> {
    /// What the chart shows, for screen readers and as the caption of its table.
    pub title: &'a str,
    /// What its labels are (`小时`, `Hour`).
    pub labels: &'a str,
    /// The word that opens the table (`查看数字`, `Figures`).
    pub figures: &'a str,
}

/// One row of figures over all labels.
#[derive(Debug, Clone, Copy)]
pub struct Series<'a> {
    /// Its name in the legend.
    pub name: &'a str,
    /// Its figures, one for each label.
    pub figures: &'a [u64],
}

/// Stacked columns: the parts of a whole by hour or day. At most [`MAX_SERIES`] series are drawn.
#[must_use]
pub fn columns(words: Words<'_>, labels: &[String], series: &[Series<'_>]) -> Markup {
    let series = &series[..series.len().min(MAX_SERIES)];
    let svg = stacked(words.title, labels, series, &[]);
    let rows = labels.iter().enumerate().map(|(at, label)| {
        (label.as_str(), series.iter().map(|row| count(figure(row, at))).collect::<Vec<_>>())
    });
    figure_of(words, series.iter().map(|row| row.name), &svg, rows)
}

/// Stacked columns without their table, for a page that has one of its own. `gaps` are the columns of which nothing
/// is known.
#[must_use]
pub fn picture(title: &str, labels: &[String], series: &[Series<'_>], gaps: &[bool]) -> Markup {
    let series = &series[..series.len().min(MAX_SERIES)];
    let mut html = legend(series.iter().map(|row| row.name));
    let _ = write!(html, r#"<figure class="chart">{}</figure>"#, stacked(title, labels, series, gaps));
    Markup::of_safe(html)
}

fn stacked(title: &str, labels: &[String], series: &[Series<'_>], gaps: &[bool]) -> String {
    let totals = (0..labels.len()).map(|at| series.iter().map(|row| figure(row, at)).sum::<u64>());
    let scale = Scale::over(totals.max().unwrap_or(0));
    let mut svg = frame(title, &scale, &|value| count(value));
    let edge = |at: usize| LEFT + PLOT_WIDTH * px(at) / px(labels.len().max(1));
    let width = (PLOT_WIDTH / px(labels.len().max(1)) * 6 / 10).clamp(1, MAX_COLUMN);
    let mut at = 0;
    for run in gaps.chunk_by(|one, next| one == next) {
        let (left, right) = (edge(at), edge(at + run.len()));
        at += run.len();
        if run[0] {
            let (width, height) = (right - left, BOTTOM - TOP);
            let _ =
                write!(svg, r#"<rect class="gap" x="{left}" y="{TOP}" width="{width}" height="{height}"/>"#);
        }
    }
    for (at, label) in labels.iter().enumerate() {
        let middle = i64::midpoint(edge(at), edge(at + 1));
        let mut top = BOTTOM;
        for (nth, row) in series.iter().enumerate() {
            let height = scale.height(figure(row, at));
            top -= height;
            // Of many columns, those without a figure would only be read out.
            if height == 0 && labels.len() > MANY_LABELS {
                continue;
            }
            let _ = write!(
                svg,
                r#"<rect class="bar c{}" x="{}" y="{top}" width="{width}" height="{height}"><title>{} · {}: {}</title></rect>"#,
                nth + 1,
                middle - width / 2,
                text(label),
                text(row.name),
                count(figure(row, at)),
            );
        }
        under(&mut svg, at, labels.len(), middle, label);
    }
    svg.push_str("</svg>");
    svg
}

/// A ratio over time in per mille; a label without a figure leaves a gap.
#[must_use]
pub fn ratio(words: Words<'_>, name: &str, labels: &[String], per_mille: &[Option<u64>]) -> Markup {
    let scale = Scale::over(per_mille.iter().flatten().copied().max().unwrap_or(0).min(1_000));
    let mut svg = frame(words.title, &scale, &percent);
    let slot = PLOT_WIDTH / px(labels.len().max(1));
    let x = |at: usize| LEFT + slot * px(at) + slot / 2;
    let mut path = String::new();
    let mut drawing = false;
    for (at, label) in labels.iter().enumerate() {
        under(&mut svg, at, labels.len(), x(at), label);
        let Some(value) = per_mille.get(at).copied().flatten() else {
            drawing = false;
            continue;
        };
        let y = BOTTOM - scale.height(value);
        let _ = write!(path, "{}{} {y}", if drawing { 'L' } else { 'M' }, x(at));
        let _ = write!(
            svg,
            r#"<circle class="c1" cx="{}" cy="{y}" r="3"><title>{}: {}</title></circle>"#,
            x(at),
            text(label),
            percent(value),
        );
        drawing = true;
    }
    let _ = write!(svg, r#"<path class="line" d="{path}"/></svg>"#);
    let rows = labels.iter().enumerate().map(|(at, label)| {
        let value = per_mille.get(at).copied().flatten();
        (label.as_str(), vec![value.map_or_else(|| "–".to_owned(), percent)])
    });
    figure_of(words, std::iter::once(name), &svg, rows)
}

/// Counts by name, the largest first: refusals by rule, ends of calls. The list itself is the table.
#[must_use]
pub fn bars(rows: &[(String, u64)]) -> Markup {
    let most = rows.iter().map(|(_, value)| *value).max().unwrap_or(0).max(1);
    let mut html = String::from(r#"<dl class="bars">"#);
    for (name, value) in rows {
        let name = text(name);
        let _ = write!(
            html,
            r#"<dt>{name}</dt><dd><progress value="{value}" max="{most}" aria-label="{name}"></progress></dd><dd class="num right">{}</dd>"#,
            count(*value),
        );
    }
    html.push_str("</dl>");
    Markup::of_safe(html)
}

/// A trend without axes for a tile; the tile's figure says what it is.
#[must_use]
pub fn spark(figures: &[u64]) -> Markup {
    let most = figures.iter().copied().max().unwrap_or(0).max(1);
    let step = |at: usize| SPARK_WIDTH * px(at) / px(figures.len().saturating_sub(1).max(1));
    let y = |value: u64| SPARK_HEIGHT - 1 - scaled(value, most, SPARK_HEIGHT - 3);
    let points: Vec<String> =
        figures.iter().enumerate().map(|(at, value)| format!("{} {}", step(at), y(*value))).collect();
    if points.len() < 2 {
        return Markup::of_safe(String::new());
    }
    let line = points.join("L");
    Markup::of_safe(format!(
        r#"<svg class="spark" viewBox="0 0 {SPARK_WIDTH} {SPARK_HEIGHT}" preserveAspectRatio="none" aria-hidden="true"><path class="area" d="M0 {SPARK_HEIGHT}L{line}L{SPARK_WIDTH} {SPARK_HEIGHT}z"/><path class="line" d="M{line}"/></svg>"#
    ))
}

/// The opening of an SVG with its grid and the scale's labels.
fn frame(title: &str, scale: &Scale, word: &dyn Fn(u64) -> String) -> String {
    let mut svg = format!(r#"<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{}">"#, text(title));
    for step in 0..=scale.steps {
        let y = BOTTOM - scale.height(step * scale.step);
        let class = if step == 0 { "axis" } else { "gridline" };
        let _ = write!(
            svg,
            r#"<path class="{class}" d="M{LEFT} {y}H{WIDTH}"/><text x="{}" y="{}" text-anchor="end">{}</text>"#,
            LEFT - 8,
            y + 4,
            text(&word(step * scale.step)),
        );
    }
    svg
}

/// A label under the axis; of many only every n-th, so that none lies on its neighbour.
fn under(svg: &mut String, at: usize, of: usize, middle: i64, label: &str) {
    let most = if label.len() > LONG_LABEL { MAX_LABELS / 2 } else { MAX_LABELS };
    if at.is_multiple_of(of.div_ceil(most).max(1)) {
        let _ = write!(
            svg,
            r#"<text x="{middle}" y="{}" text-anchor="middle">{}</text>"#,
            BOTTOM + 18,
            text(label)
        );
    }
}

fn legend<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let mut html = String::from(r#"<ul class="legend">"#);
    for (nth, name) in names.enumerate() {
        let _ = write!(html, r#"<li><i class="c{}"></i>{}</li>"#, nth + 1, text(name));
    }
    html.push_str("</ul>");
    html
}

/// Legend, picture and table together.
fn figure_of<'a>(
    words: Words<'_>,
    names: impl Iterator<Item = &'a str> + Clone,
    svg: &str,
    rows: impl Iterator<Item = (&'a str, Vec<String>)>,
) -> Markup {
    let mut html = legend(names.clone());
    let _ = write!(
        html,
        r#"<figure class="chart">{svg}</figure><details class="chart-table"><summary>{}</summary><table class="table table-compact"><caption class="sr">{}</caption><thead><tr><th scope="col">{}</th>"#,
        text(words.figures),
        text(words.title),
        text(words.labels),
    );
    for name in names {
        let _ = write!(html, r#"<th scope="col" class="num">{}</th>"#, text(name));
    }
    html.push_str("</tr></thead><tbody>");
    for (label, figures) in rows {
        let _ = write!(html, r#"<tr><th scope="row">{}</th>"#, text(label));
        for figure in figures {
            let _ = write!(html, r#"<td class="num">{}</td>"#, text(&figure));
        }
        html.push_str("</tr>");
    }
    html.push_str("</tbody></table></details>");
    Markup::of_safe(html)
}

/// A value axis with a few round steps.
struct Scale {
    step: u64,
    steps: u64,
}

impl Scale {
    fn over(most: u64) -> Self {
        let wanted = most.div_ceil(AXIS_STEPS).max(1);
        let mut ten = 1_u64;
        while ten.saturating_mul(10) <= wanted {
            ten *= 10;
        }
        let step = [1, 2, 5, 10].map(|by| ten.saturating_mul(by)).into_iter().find(|step| *step >= wanted);
        let step = step.unwrap_or(wanted);
        Self { step, steps: most.div_ceil(step).max(1) }
    }

    fn height(&self, value: u64) -> i64 {
        scaled(value, self.step.saturating_mul(self.steps), BOTTOM - TOP)
    }
}

fn figure(row: &Series<'_>, at: usize) -> u64 {
    row.figures.get(at).copied().unwrap_or(0)
}

/// `value` of `whole` as px of `length`, rounded; never longer than `length`.
fn scaled(value: u64, whole: u64, length: i64) -> i64 {
    let (value, whole) = (u128::from(value.min(whole)), u128::from(whole.max(1)));
    let length = u128::try_from(length).unwrap_or(0);
    i64::try_from((value * length + whole / 2) / whole).unwrap_or(0)
}

fn px(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn percent(per_mille: u64) -> String {
    if per_mille.is_multiple_of(10) {
        format!("{}%", per_mille / 10)
    } else {
        format!("{}.{}%", per_mille / 10, per_mille % 10)
    }
}

/// Text made safe for HTML and attributes.
fn text(raw: &str) -> String {
    let mut safe = String::with_capacity(raw.len());
    for c in raw.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            other => safe.push(other),
        }
    }
    safe
}

/// More series than this cannot be told apart.
pub const MAX_SERIES: usize = 5;
const MAX_LABELS: usize = 12;
const LONG_LABEL: usize = 8;
const MANY_LABELS: usize = 48;
const AXIS_STEPS: u64 = 4;
const WIDTH: i64 = 720;
const HEIGHT: i64 = 216;
const LEFT: i64 = 52;
const TOP: i64 = 10;
const BOTTOM: i64 = 188;
const PLOT_WIDTH: i64 = WIDTH - LEFT;
const MAX_COLUMN: i64 = 36;
const SPARK_WIDTH: i64 = 120;
const SPARK_HEIGHT: i64 = 24;

#[cfg(test)]
mod tests {
    use super::{Scale, Series, Words, bars, columns, picture, ratio, spark};

    const WORDS: Words<'_> = Words { title: "Calls <b>", labels: "Hour", figures: "Figures" };

    fn labels(of: usize) -> Vec<String> {
        (0..of).map(|hour| format!("{hour}:00")).collect()
    }

    #[test]
    fn the_axis_has_round_steps_and_holds_the_largest_figure() {
        for (most, step) in [(0, 1), (1, 1), (4, 1), (5, 2), (37, 10), (40, 10), (41, 20), (2_100, 1_000)] {
            let scale = Scale::over(most);
            assert_eq!(scale.step, step, "{most}");
            assert!(scale.step * scale.steps >= most && scale.steps <= 5, "{most}");
        }
        assert_eq!(Scale::over(u64::MAX).height(u64::MAX), super::BOTTOM - super::TOP);
    }

    #[test]
    fn columns_stack_to_their_total_and_say_their_figures_in_a_table() {
        let series = [Series { name: "a", figures: &[1, 3] }, Series { name: "b", figures: &[3, 1] }];
        let html = columns(WORDS, &labels(2), &series).to_string();
        let heights: Vec<i64> = html
            .match_indices(" height=\"")
            .filter_map(|(at, found)| html[at + found.len()..].split('"').next()?.parse().ok())
            .collect();
        assert_eq!(heights.len(), 4);
        assert!((heights[0] + heights[1] - (super::BOTTOM - super::TOP)).abs() <= 1);
        assert!(html.contains(r#"<td class="num">3</td>"#) && html.contains("<th scope=\"row\">1:00</th>"));
    }

    #[test]
    fn columns_of_which_nothing_is_known_are_one_gap_and_not_zeros() {
        let series = [Series { name: "a", figures: &[1, 0, 0, 2] }];
        let html = picture("Errors", &labels(4), &series, &[false, true, true, false]).to_string();
        assert_eq!(html.matches("class=\"gap\"").count(), 1);
        assert!(html.contains(r#"<rect class="gap" x="219" y="10" width="334""#), "{html}");
        assert!(!html.contains("<table"));
    }

    #[test]
    fn foreign_text_stays_text() {
        let name = "\"><script>".to_owned();
        let series = [Series { name: &name, figures: &[1] }];
        let all = [
            columns(WORDS, std::slice::from_ref(&name), &series).to_string(),
            ratio(WORDS, &name, std::slice::from_ref(&name), &[Some(5)]).to_string(),
            bars(&[(name.clone(), 1)]).to_string(),
        ];
        for html in all {
            assert!(!html.contains("<script") && html.contains("&lt;script&gt;"));
            assert!(!html.contains("style="));
        }
    }

    #[test]
    fn a_missing_ratio_is_a_gap_and_a_dash() {
        let html = ratio(WORDS, "Rate", &labels(3), &[Some(100), None, Some(455)]).to_string();
        assert_eq!(html.matches("<circle").count(), 2);
        assert!(html.contains('–') && html.contains("45.5%") && !html.contains("L386"));
        let path = html.split("class=\"line\" d=\"").nth(1).and_then(|rest| rest.split('"').next());
        assert_eq!(path.map(|path| path.matches('M').count()), Some(2));
    }

    #[test]
    fn nothing_to_show_is_drawn_too() {
        assert!(columns(WORDS, &[], &[]).to_string().contains("<svg"));
        assert!(ratio(WORDS, "Rate", &[], &[]).to_string().contains("<svg"));
        assert_eq!(spark(&[7]).to_string(), "");
        assert!(spark(&[0, 0]).to_string().contains("M0 23L120 23"));
    }
}
