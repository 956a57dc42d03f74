//! `goldwire top`: the golden signals, live.

use std::{
    io,
    time::{Duration, Instant},
};

use anyhow::Result;
use chrono::Utc;
use crossterm::event::{Event, EventStream, KeyCode, KeyModifiers};
use futures::StreamExt;
use goldwire_answer::{
    coverage::Coverage,
    table::{Answer, Finished, MapEdge, Series, ServiceMap},
};
use goldwire_model::query::Window;
use ratatui::{
    DefaultTerminal, Frame,
    layout::{Constraint, Layout, Rect},
    style::{Color, Modifier, Style, Stylize},
    text::Line,
    widgets::{Block, Cell, Paragraph, Row, Sparkline, Table, TableState},
};
use serde_json::json;

use super::{
    arguments::TopArguments,
    map,
    nodes::{Nodes, Options},
    output, text,
};

const OPTIONS: Options = Options(&[("filter", "--filter")]);

/// How far back the rates look: long enough to be steady, short enough to show what is now.
const LOOK_BACK: Duration = Duration::from_secs(30);

/// How far back the curve reaches.
const CURVE: Duration = Duration::from_secs(120);

pub(crate) async fn run(arguments: &TopArguments) -> Result<()> {
    let nodes = Nodes::from_arguments(&arguments.nodes)?;
    let mut view = View::default();
    view.look(arguments, &nodes).await?;
    if arguments.once {
        text::write_table(&mut io::stdout().lock(), &map::edges(&view.map))?;
        for line in output::shortcomings(&view.coverage) {
            eprintln!("note: {line}");
        }
        return Ok(());
    }
    let mut terminal = ratatui::try_init()?;
    let ended = watch(&mut terminal, arguments, &nodes, &mut view).await;
    ratatui::try_restore()?;
    ended
}

async fn watch(terminal: &mut DefaultTerminal, arguments: &TopArguments, nodes: &Nodes, view: &mut View) -> Result<()> {
    let mut keys = EventStream::new();
    let mut ticks = tokio::time::interval(Duration::from_secs(arguments.interval));
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        terminal.draw(|frame| view.draw(frame))?;
        tokio::select! {
            _ = ticks.tick() => {
                // A node that is away for a moment is shown as such; the picture stays.
                if let Err(error) = view.look(arguments, nodes).await {
                    view.trouble = Some(error.to_string());
                }
            }
            key = keys.next() => match key {
                Some(Ok(Event::Key(key))) => match (key.code, key.modifiers) {
                    (KeyCode::Char('q') | KeyCode::Esc, _) | (KeyCode::Char('c'), KeyModifiers::CONTROL) => return Ok(()),
                    (KeyCode::Down | KeyCode::Char('j'), _) => view.selected.select_next(),
                    (KeyCode::Up | KeyCode::Char('k'), _) => view.selected.select_previous(),
                    _ => {}
                },
                Some(Ok(_)) => {}
                Some(Err(error)) => return Err(error.into()),
                None => return Ok(()),
            }
        }
    }
}

struct View {
    map: ServiceMap,
    coverage: Coverage,
    requests: Vec<u64>,
    errors: Vec<u64>,
    trouble: Option<String>,
    selected: TableState,
    looked: Instant,
}

impl Default for View {
    fn default() -> Self {
        Self {
            map: ServiceMap::default(),
            coverage: Coverage {
                nodes_asked: 0,
                nodes_answered: 0,
                late: Vec::new(),
                unreachable: Vec::new(),
                tier: None,
                quantiles: goldwire_answer::coverage::Exactness::None,
                relative_error: None,
                nodes: Vec::new(),
                notes: Vec::new(),
            },
            requests: Vec::new(),
            errors: Vec::new(),
            trouble: None,
            selected: TableState::default(),
            looked: Instant::now(),
        }
    }
}

impl View {
    async fn look(&mut self, arguments: &TopArguments, nodes: &Nodes) -> Result<()> {
        let now = Utc::now().timestamp_millis();
        let back = |span: Duration| Window { from: now - span.as_millis() as i64, to: now };
        let map = json!({ "queryType": "serviceMap", "filter": arguments.filter });
        let (_, Answer { body, coverage }) = nodes.ask(map, back(LOOK_BACK), OPTIONS).await?;
        if let Finished::Map(map) = body {
            self.map = map;
        }
        self.coverage = coverage;
        let curve = json!({ "queryType": "signals", "filter": arguments.filter, "signals": ["request_rate", "error_rate"], "step": "1s" });
        let (_, Answer { body, .. }) = nodes.ask(curve, back(CURVE), OPTIONS).await?;
        if let Finished::Series(series) = body {
            self.requests = curve_of(series.first());
            self.errors = curve_of(series.get(1));
        }
        self.trouble = None;
        self.looked = Instant::now();
        Ok(())
    }

    fn draw(&mut self, frame: &mut Frame<'_>) {
        let [head, curves, table, foot] =
            Layout::vertical([Constraint::Length(1), Constraint::Length(6), Constraint::Min(3), Constraint::Length(1)])
                .areas(frame.area());
        frame.render_widget(self.headline(), head);
        self.draw_curves(frame, curves);
        self.draw_edges(frame, table);
        frame.render_widget(self.footline(), foot);
    }

    fn headline(&self) -> Line<'static> {
        let total: f64 = self.map.edges.iter().map(|edge| edge.golden.request_rate).sum();
        let nodes = format!(" nodes {}/{} ", self.coverage.nodes_answered, self.coverage.nodes_asked);
        let all_answered = self.coverage.nodes_answered == self.coverage.nodes_asked;
        Line::from(vec![
            " GOLDWIRE ".bold().fg(Color::Black).bg(Color::Yellow),
            format!(" {total:.1} requests/s over {} edges, last {} s ", self.map.edges.len(), LOOK_BACK.as_secs())
                .into(),
            if all_answered { nodes.green() } else { nodes.red() },
        ])
    }

    fn draw_curves(&self, frame: &mut Frame<'_>, area: Rect) {
        let [left, right] = Layout::horizontal([Constraint::Fill(1); 2]).areas(area);
        let curve = |title: &'static str, data: &[u64], color| {
            let width = usize::from(left.width.saturating_sub(2));
            let shown = data[data.len().saturating_sub(width)..].to_vec();
            Sparkline::default().block(Block::bordered().title(title)).data(shown).style(Style::new().fg(color))
        };
        frame.render_widget(curve(" requests/s ", &self.requests, Color::Green), left);
        frame.render_widget(curve(" errors/s ", &self.errors, Color::Red), right);
    }

    fn draw_edges(&mut self, frame: &mut Frame<'_>, area: Rect) {
        let mut edges: Vec<&MapEdge> = self.map.edges.iter().collect();
        edges.sort_by(|a, b| b.golden.request_rate.total_cmp(&a.golden.request_rate).then_with(|| a.id.cmp(&b.id)));
        let widths = [
            Constraint::Fill(2),
            Constraint::Fill(2),
            Constraint::Length(8),
            Constraint::Length(9),
            Constraint::Length(9),
            Constraint::Length(10),
            Constraint::Length(10),
            Constraint::Length(10),
            Constraint::Length(8),
            Constraint::Length(8),
        ];
        let names = ["SOURCE", "DESTINATION", "PROTO", "REQ/S", "ERRORS", "P50", "P99", "RTT P95", "FAILED", "RETRANS"];
        let header = Row::new(names).style(Style::new().add_modifier(Modifier::BOLD));
        let table = Table::new(edges.into_iter().map(row), widths)
            .header(header)
            .row_highlight_style(Style::new().add_modifier(Modifier::REVERSED))
            .block(Block::bordered().title(" who talks to whom "));
        frame.render_stateful_widget(table, area, &mut self.selected);
    }

    fn footline(&self) -> Paragraph<'static> {
        let trouble = self.trouble.clone().or_else(|| output::shortcomings(&self.coverage).into_iter().next());
        match trouble {
            Some(trouble) => Paragraph::new(format!(" {trouble}")).red(),
            None => Paragraph::new(format!(
                " q ends · ↑↓ select · complete as of {:.0} s ago",
                self.looked.elapsed().as_secs_f64()
            ))
            .dark_gray(),
        }
    }
}

/// Up to the last step that is finished.
fn curve_of(series: Option<&Series>) -> Vec<u64> {
    let values = series.map_or(&[] as &[Option<f64>], |series| &series.values);
    let finished = values.iter().rposition(Option::is_some).map_or(0, |last| last + 1);
    values[..finished].iter().map(|value| value.unwrap_or(0.0).round() as u64).collect()
}

fn row(edge: &MapEdge) -> Row<'static> {
    let golden = &edge.golden;
    let number =
        |value: Option<f64>, unit| value.map_or_else(|| "-".to_owned(), |value| text::number(value, Some(unit)));
    let errors = golden.error_ratio.unwrap_or(0.0);
    let error_color = if errors > 0.05 {
        Color::Red
    } else if errors > 0.0 {
        Color::Yellow
    } else {
        Color::Reset
    };
    let failed_color = if golden.connect_failures > 0 { Color::Red } else { Color::Reset };
    Row::new([
        Cell::from(edge.source.to_string()),
        Cell::from(edge.target.to_string()),
        Cell::from(edge.protocols.to_string()),
        Cell::from(format!("{:.1}", golden.request_rate)),
        Cell::from(number(golden.error_ratio, "percentunit")).fg(error_color),
        Cell::from(number(golden.latency_p50, "s")),
        Cell::from(number(golden.latency_p99, "s")),
        Cell::from(number(golden.rtt_p95, "s")),
        Cell::from(golden.connect_failures.to_string()).fg(failed_color),
        Cell::from(golden.retransmits.to_string()),
    ])
}
