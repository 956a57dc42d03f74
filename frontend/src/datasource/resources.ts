import { Condition, FieldKind } from '../filter/condition';
import { RecordTable } from '../query/model';

export interface FieldEntry {
  name: string;
  kind: FieldKind;
  tables: RecordTable[];
  groupable: boolean;
  filterable: boolean;
  description: string;
}

export interface SignalEntry {
  name: string;
  title: string;
  unit: string;
  table: string;
  description: string;
  /** Whether its values can be spread over a heatmap. */
  heatmap: boolean;
}

export interface ValuesRequest {
  field: string;
  prefix?: string;
  limit?: number;
  filter?: string;
  /** A dashboard's ad hoc filters; those that have nothing to do with the field are left out. */
  adHoc?: string[];
  /** Milliseconds since the epoch. */
  from?: number;
  to?: number;
}

/** What the backend says of a filter. Positions count characters from 0. */
export type FilterCheck =
  | { ok: true; canonical: string; conditions: Condition[] | null }
  | {
      ok: false;
      message: string;
      position: number;
      length: number;
      expected: string[];
      suggestion: string | null;
    };

export interface RequestOptions {
  /** A later request with the same id makes Grafana cancel this one. */
  requestId?: string;
  abortSignal?: AbortSignal;
  showErrorAlert?: boolean;
}

/** The doors of the backend, as `DataSourceWithBackend` opens them. */
export interface Transport {
  get(path: string, options: RequestOptions): Promise<unknown>;
  post(path: string, body: unknown, options: RequestOptions): Promise<unknown>;
}

const EITHER = 'either.';
/** Labels that are offered, of each side. */
const LABELS = 100;
const LABELLED: RecordTable[] = ['flows', 'requests', 'drops'];
const QUIET: RequestOptions = { showErrorAlert: false };

/** What the backend knows beside query answers: fields, signals, values, and whether a filter can be read. */
export class Resources {
  private fieldsOnce?: Promise<FieldEntry[]>;
  private signalsOnce?: Promise<SignalEntry[]>;

  constructor(private readonly transport: Transport) {}

  /** Asked once: the list is part of the plugin. An answer that failed is not kept. */
  fields(): Promise<FieldEntry[]> {
    this.fieldsOnce ??= this.list<FieldEntry>('fields').catch((error) => {
      this.fieldsOnce = undefined;
      throw error;
    });
    return this.fieldsOnce;
  }

  signals(): Promise<SignalEntry[]> {
    this.signalsOnce ??= this.list<SignalEntry>('signals').catch((error) => {
      this.signalsOnce = undefined;
      throw error;
    });
    return this.signalsOnce;
  }

  /** The labels that the nodes know of, as fields of either side. None where the nodes can't be asked. */
  async labels(): Promise<FieldEntry[]> {
    const of = async (side: string) => {
      const keys = await this.valuesOfField({ field: `${side}.labels.*`, limit: LABELS }, {}).catch(() => []);
      return keys.map((key) => ({
        name: `${side}.labels.${key}`,
        kind: 'text' as const,
        tables: LABELLED,
        groupable: true,
        filterable: true,
        description: `Label \`${key}\` of the pod or the container`,
      }));
    };
    return (await Promise.all([of('source'), of('destination')])).flat();
  }

  /** Values of `either.workload` are those of both ends. */
  async values(request: ValuesRequest, options: RequestOptions = {}): Promise<string[]> {
    if (!request.field.startsWith(EITHER)) {
      return this.valuesOfField(request, options);
    }
    const sides = ['source.', 'destination.'].map((side) => {
      const field = request.field.replace(EITHER, side);
      const requestId = options.requestId && options.requestId + side;
      return this.valuesOfField({ ...request, field }, { ...options, requestId });
    });
    const merged = new Set((await Promise.all(sides)).flat());
    return Array.from(merged).slice(0, request.limit);
  }

  async checkFilter(filter: string, options: RequestOptions = {}): Promise<FilterCheck> {
    return (await this.transport.post('filter/check', { filter }, { ...QUIET, ...options })) as FilterCheck;
  }

  private async valuesOfField(request: ValuesRequest, options: RequestOptions): Promise<string[]> {
    const answer = await this.transport.post('values', request, { ...QUIET, ...options });
    const { values } = answer as { values?: string[] };
    return Array.isArray(values) ? values : [];
  }

  private async list<T>(path: string): Promise<T[]> {
    const answer = await this.transport.get(path, QUIET);
    return Array.isArray(answer) ? (answer as T[]) : [];
  }
}

/** The sentence to show for a request that failed; nothing for one that was cancelled. */
export function messageOf(error: unknown): string | undefined {
  const { cancelled, name, data, message, statusText } = (error ?? {}) as {
    cancelled?: boolean;
    name?: string;
    data?: { message?: string; error?: string };
    message?: string;
    statusText?: string;
  };
  if (cancelled || name === 'AbortError') {
    return undefined;
  }
  return data?.message ?? data?.error ?? message ?? statusText ?? 'The data source did not answer.';
}
