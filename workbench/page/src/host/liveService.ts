import {
  type DataFrameJSON,
  type DataQueryResponse,
  type LiveChannelAddress,
  LiveChannelConnectionState,
  type LiveChannelEvent,
  LiveChannelEventType,
  LoadingState,
  StreamingDataFrame,
} from '@grafana/data';
import type { GrafanaLiveSrv, LiveDataStreamOptions } from '@grafana/runtime';
import { map, Observable, of, share } from 'rxjs';

/** A line of the server's answer to a subscription. */
type Line =
  | { type: 'subscribed'; data: unknown }
  | { type: 'message'; data: unknown }
  | { type: 'error'; message: string }
  | { type: 'end' };

/**
 * Grafana Live over the server's stream of JSON lines. One channel is one subscription, however many panels listen.
 */
export class LiveService implements GrafanaLiveSrv {
  private channels = new Map<string, Observable<Line>>();

  getConnectionState(): Observable<boolean> {
    return of(true);
  }

  getStream<T>(address: LiveChannelAddress): Observable<LiveChannelEvent<T>> {
    const id = idOf(address);
    return this.channel(address).pipe(map((line) => toEvent<T>(id, line)));
  }

  getDataStream({ addr, buffer, frame, key }: LiveDataStreamOptions): Observable<DataQueryResponse> {
    return new Observable((subscriber) => {
      const rows = frame ? StreamingDataFrame.fromDataFrameJSON(frame, buffer) : StreamingDataFrame.empty(buffer);
      const show = (state: LoadingState, error?: string) => {
        const data = rows.fields.length > 0 ? [rows] : [];
        subscriber.next({ key: key ?? idOf(addr), state, data, error: error ? { message: error } : undefined });
      };
      return this.channel(addr).subscribe({
        next: (line) => {
          switch (line.type) {
            case 'error':
              return show(LoadingState.Error, line.message);
            case 'end':
              return show(LoadingState.Done);
            default:
              push(rows, line.data);
              return show(LoadingState.Streaming);
          }
        },
        error: (error: Error) => show(LoadingState.Error, error.message),
        complete: () => subscriber.complete(),
      });
    });
  }

  async getPresence(): Promise<never> {
    throw new Error('data source channels have no presence');
  }

  async publish(): Promise<never> {
    throw new Error('nobody may publish to a data source channel');
  }

  private channel(address: LiveChannelAddress): Observable<Line> {
    const id = idOf(address);
    const known = this.channels.get(id);
    if (known) {
      return known;
    }
    const lines = new Observable<Line>((subscriber) => {
      const abort = new AbortController();
      readLines(id, address.data, abort.signal, (line) => subscriber.next(line)).then(
        () => subscriber.complete(),
        (error) => {
          if (!abort.signal.aborted) {
            subscriber.error(error);
          }
        }
      );
      return () => {
        this.channels.delete(id);
        abort.abort();
      };
    }).pipe(share());
    this.channels.set(id, lines);
    return lines;
  }
}

/** Grafana 12.4 names the middle part `stream`, earlier ones `namespace`. */
function idOf({ scope, path, ...rest }: LiveChannelAddress): string {
  const { stream, namespace } = rest as { stream?: string; namespace?: string };
  return `${scope}/${stream ?? namespace}/${path}`;
}

/** An initial message may be empty. */
function push(rows: StreamingDataFrame, message: unknown): void {
  const json = message as DataFrameJSON | null;
  if (json?.schema || json?.data) {
    rows.push(json);
  }
}

async function readLines(
  channel: string,
  data: unknown,
  signal: AbortSignal,
  take: (line: Line) => void
): Promise<void> {
  const response = await fetch('/api/live/subscribe', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ channel, data }),
    signal,
  });
  if (!response.ok || !response.body) {
    const answer = (await response.json()) as { message?: string };
    throw new Error(answer.message ?? response.statusText);
  }
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    const lines = (rest + part.value).split('\n');
    rest = lines.pop() ?? '';
    lines.forEach((line) => take(JSON.parse(line)));
  }
}

function toEvent<T>(id: string, line: Line): LiveChannelEvent<T> {
  if (line.type === 'message') {
    return { type: LiveChannelEventType.Message, message: line.data as T };
  }
  const state = line.type === 'end' ? LiveChannelConnectionState.Disconnected : LiveChannelConnectionState.Connected;
  const error = line.type === 'error' ? line.message : undefined;
  return { type: LiveChannelEventType.Status, id, timestamp: Date.now(), state, error };
}
