import { type DataFrame, type Field, FieldType, formattedValueToString, getFieldDisplayName } from '@grafana/data';

/** A share of a node's circle. */
export interface Arc {
  share: number;
  color: string;
}

/** One line of what is told of a node or an edge. */
export interface Detail {
  name: string;
  value: string;
}

export interface Link {
  title: string;
  href: string;
}

export interface GraphNode {
  id: string;
  title: string;
  subtitle: string;
  mainStat: string;
  secondaryStat: string;
  icon?: string;
  color?: string;
  radius: number;
  arcs: Arc[];
  details: Detail[];
  links: Link[];
}

export interface GraphEdge {
  id: string;
  source: string;
  target: string;
  mainStat: string;
  secondaryStat: string;
  thickness: number;
  color?: string;
  dashes?: string;
  details: Detail[];
  links: Link[];
}

export interface Graph {
  nodes: GraphNode[];
  edges: GraphEdge[];
}

const RADIUS = 40;
const STATS = ['mainstat', 'secondarystat'];

/** Reads the two frames of a node graph by the names that Grafana gives their fields. */
export function readGraph(frames: DataFrame[]): Graph {
  const isEdges = (frame: DataFrame) => frame.fields.some(({ name }) => name === 'source');
  const nodes = frames.filter((frame) => !isEdges(frame)).flatMap((frame) => eachRow(frame, readNode));
  return { nodes, edges: frames.filter(isEdges).flatMap((frame) => eachRow(frame, readEdge)) };
}

/** One row of a frame, by field names. */
interface Reader {
  raw(name: string): unknown;
  text(name: string): string;
  /** The numbers by the names that the frame gives them, then what else it tells. */
  details(): Detail[];
  links(): Link[];
  arcs(): Arc[];
}

function eachRow<T>(frame: DataFrame, read: (reader: Reader) => T): T[] {
  return Array.from({ length: frame.length }, (_, row) => read(readerOf(frame, row)));
}

function readNode(row: Reader): GraphNode {
  return {
    id: row.text('id'),
    title: row.text('title'),
    subtitle: row.text('subtitle'),
    mainStat: row.text('mainstat'),
    secondaryStat: row.text('secondarystat'),
    icon: row.text('icon') || undefined,
    color: row.text('color') || undefined,
    radius: Number(row.raw('noderadius')) || RADIUS,
    arcs: row.arcs(),
    details: row.details(),
    links: row.links(),
  };
}

function readEdge(row: Reader): GraphEdge {
  return {
    id: row.text('id'),
    source: row.text('source'),
    target: row.text('target'),
    mainStat: row.text('mainstat'),
    secondaryStat: row.text('secondarystat'),
    thickness: Number(row.raw('thickness')) || 1,
    color: row.text('color') || undefined,
    dashes: row.text('strokedasharray') || undefined,
    details: row.details(),
    links: row.links(),
  };
}

function readerOf(frame: DataFrame, row: number): Reader {
  const field = (name: string) => frame.fields.find((candidate) => candidate.name === name);
  const text = (from: Field | undefined) => (from ? write(from, from.values[row]) : '');
  return {
    raw: (name) => field(name)?.values[row],
    text: (name) => text(field(name)),
    details: () =>
      frame.fields
        .filter(({ name }) => STATS.includes(name) || name.startsWith('detail__'))
        .map((from) => ({ name: from.config.displayName ?? getFieldDisplayName(from, frame), value: text(from) })),
    links: () =>
      frame.fields.flatMap((from) =>
        (from.getLinks?.({ valueRowIndex: row }) ?? []).map(({ title, href }) => ({ title, href }))
      ),
    arcs: () =>
      frame.fields
        .filter(({ name }) => name.startsWith('arc__'))
        .map(({ config, values }) => ({ share: Number(values[row]), color: config.color?.fixedColor ?? 'gray' })),
  };
}

function write(field: Field, value: unknown): string {
  if (value === null || value === undefined) {
    return '';
  }
  return field.type === FieldType.number && field.display
    ? formattedValueToString(field.display(value))
    : String(value);
}
