import {
  DataFrame,
  DataQueryRequest,
  DataQueryResponse,
  LiveChannelAddress,
  LiveChannelScope,
  parseLiveChannelAddress,
  StreamingFrameAction,
  StreamingFrameOptions,
} from '@grafana/data';
import { getGrafanaLiveSrv } from '@grafana/runtime';
import { map, Observable } from 'rxjs';

import { GoldwireQuery } from '../query/model';

const DEFAULT_ROWS = 1000;
/** Keys that Grafana adds for its own use. The same question in two panels is one stream. */
const NOT_ASKED = ['refId', 'hide', 'key', 'datasource'];

/** New rows flow in only where the panel looks at the present; a look into the past is an ordinary query. */
export function isLive(query: GoldwireQuery, request: DataQueryRequest<GoldwireQuery>): boolean {
  const takesLive = query.queryType === 'flows' || query.queryType === 'requests';
  const asTable = query.as === undefined || query.as === 'table';
  return Boolean(query.live) && takesLive && asTable && endsNow(request);
}

/** Rows as they are recorded. The query must have its variables filled in. */
export function stream(
  query: GoldwireQuery,
  uid: string,
  request: DataQueryRequest<GoldwireQuery>
): Observable<DataQueryResponse> {
  const live = getGrafanaLiveSrv();
  return live
    .getDataStream({
      addr: addressOf(query, uid),
      key: `${request.requestId}.${query.refId}`,
      buffer: bufferOf(query, request),
    })
    .pipe(map((response) => named(response, query.refId)));
}

/** A stream does not know which query of the panel it answers. */
function named(response: DataQueryResponse, refId: string): DataQueryResponse {
  // The frame keeps its identity: Grafana appends to it in place.
  const data = response.data.map((frame: DataFrame) => Object.assign(frame, { refId }));
  return { ...response, data, key: refId };
}

export function addressOf(query: GoldwireQuery, uid: string): LiveChannelAddress {
  const asked = Object.fromEntries(Object.entries(query).filter(([key]) => !NOT_ASKED.includes(key)));
  const path = `live/${hash(JSON.stringify(asked))}`;
  // Grafana knows best how it names the parts of an address: `stream` was `namespace` before 12.4.
  const address = parseLiveChannelAddress(`${LiveChannelScope.DataSource}/${uid}/${path}`);
  return { scope: LiveChannelScope.DataSource, stream: uid, path, ...address, data: asked };
}

function bufferOf(query: GoldwireQuery, request: DataQueryRequest<GoldwireQuery>): Partial<StreamingFrameOptions> {
  return {
    action: StreamingFrameAction.Append,
    maxLength: query.limit ?? DEFAULT_ROWS,
    maxDelta: request.range.to.valueOf() - request.range.from.valueOf(),
  };
}

function endsNow(request: DataQueryRequest<GoldwireQuery>): boolean {
  const to = request.rangeRaw?.to ?? request.range?.raw?.to;
  return typeof to === 'string' && to.startsWith('now') && !to.startsWith('now-');
}

/**
 * 64 bits in hexadecimal (FNV-1a, twice with different seeds): a channel's path takes few letters, and two questions
 * on a dashboard must not share one.
 */
export function hash(text: string): string {
  return fnv(text, 0x811c9dc5) + fnv(text, 0x1b873593);
}

function fnv(text: string, seed: number): string {
  let state = seed;
  for (let at = 0; at < text.length; at++) {
    state = Math.imul(state ^ text.charCodeAt(at), 0x01000193);
  }
  return (state >>> 0).toString(16).padStart(8, '0');
}
