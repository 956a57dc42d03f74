import { allOf } from '../filter/adHoc';
import { exactFilter } from '../filter/exact';
import { parenthesize } from '../filter/write';
import { GoldwireQuery, QueryType } from './model';
import { entryOf, isKnown, OwnKey, QUERY_TYPES, VALUES_QUERY } from './queryTypes';

const OWN_KEYS: readonly OwnKey[] = Array.from(new Set([...QUERY_TYPES, VALUES_QUERY].flatMap((entry) => entry.keys)));

/** What a new panel asks: the request rate of each workload that is called. */
export const DEFAULT_QUERY: Partial<GoldwireQuery> = { queryType: 'signals', ...entryOf('signals').initial };

/** A query that says nothing yet becomes the default one; any other is left as it is. */
export function withDefaults(query: GoldwireQuery): GoldwireQuery {
  return query.queryType ? query : { ...DEFAULT_QUERY, ...withoutEmpty(query) };
}

/**
 * The query as the editor stores it: it says what it asks, holds no key of another type, and has the values of a link
 * within its filter. The same object where it was so already.
 */
export function settled(stored: GoldwireQuery): GoldwireQuery {
  const query = withWhere(withDefaults(stored));
  return foreignKeys(query).length > 0 ? prune(query) : query;
}

/** The values that a link brought along become part of the filter, where they can be seen and changed. */
function withWhere(query: GoldwireQuery): GoldwireQuery {
  const { where, ...rest } = query;
  const written = where && exactFilter(where);
  if (!written) {
    // What cannot be written is for the backend to refuse, with its reason.
    return query;
  }
  const filter = allOf(rest.filter ?? '', [Array.isArray(where) && where.length > 1 ? parenthesize(written) : written]);
  return { ...rest, filter };
}

function foreignKeys(query: GoldwireQuery): string[] {
  if (!isKnown(query.queryType)) {
    return [];
  }
  const taken: readonly string[] = entryOf(query.queryType).keys;
  return Object.keys(query).filter((key) => OWN_KEYS.includes(key as OwnKey) && !taken.includes(key));
}

/** Leaves out the keys that the query's type does not take, and those that are empty. */
export function prune(query: GoldwireQuery): GoldwireQuery {
  const foreign = foreignKeys(query);
  return withoutEmpty(pickKeys(query, (key) => !foreign.includes(key)));
}

/** Keeps what the new type can use, such as the filter, and fills the rest with what that type begins with. */
export function switchType(query: GoldwireQuery, queryType: QueryType): GoldwireQuery {
  const entry = entryOf(queryType);
  const kept = prune({ ...query, queryType });
  // What a group is differs: `workload` on the map, `destination.workload` elsewhere.
  if (queryType === 'serviceMap' || query.queryType === 'serviceMap') {
    delete kept.groupBy;
  }
  if (isRows(queryType) || isRows(query.queryType)) {
    delete kept.columns;
    delete kept.orderBy;
  }
  return { ...entry.initial, ...kept, queryType };
}

/** False where there is nothing that could be asked. */
export function isComplete(query: GoldwireQuery): boolean {
  switch (query.queryType) {
    case undefined:
      return false;
    case 'signals':
      return Boolean(query.signals?.length);
    case 'heatmap':
      return Boolean(query.signal);
    case 'table':
      return Boolean(query.table && query.aggregates?.length);
    case 'values':
      return Boolean(query.field);
    default:
      return true;
  }
}

/** The query in one line, for Explore's history and collapsed rows. */
export function describe(query: GoldwireQuery): string {
  const subject = query.aggregates ?? query.signals ?? [query.signal ?? query.field ?? ''];
  const parts = [
    entryOf(query.queryType).label.toLowerCase(),
    query.queryType === 'table' ? `of ${query.table}:` : '',
    subject.join(', '),
    query.groupBy?.length ? `by ${query.groupBy.join(', ')}` : '',
    query.filter ? `where ${query.filter}` : '',
    query.live ? '(live)' : '',
    query.from === 0 ? '(all of history)' : '',
  ];
  return parts.filter(Boolean).join(' ');
}

function isRows(type: QueryType | undefined): boolean {
  return entryOf(type).keys.includes('columns');
}

function withoutEmpty(query: GoldwireQuery): GoldwireQuery {
  return pickKeys(query, (_, value) => {
    const empty = value === undefined || value === '' || value === null || (Array.isArray(value) && value.length === 0);
    return !empty;
  });
}

function pickKeys(query: GoldwireQuery, keep: (key: string, value: unknown) => boolean): GoldwireQuery {
  const entries = Object.entries(query).filter(([key, value]) => keep(key, value));
  return { refId: query.refId, ...Object.fromEntries(entries) };
}
