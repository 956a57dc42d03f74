import { DataQueryRequest, dateTime } from '@grafana/data';

import { GoldwireQuery } from '../query/model';
import { addressOf, hash, isLive } from './live';

const FLOWS: GoldwireQuery = { refId: 'A', queryType: 'flows', live: true, filter: 'a = 1' };

function until(to: string): DataQueryRequest<GoldwireQuery> {
  const range = { from: dateTime(0), to: dateTime(1000), raw: { from: 'now-1h', to } };
  return { range, rangeRaw: range.raw } as DataQueryRequest<GoldwireQuery>;
}

describe('isLive', () => {
  it('is so for flows and requests that end now', () => {
    expect(isLive(FLOWS, until('now'))).toBe(true);
    expect(isLive({ ...FLOWS, queryType: 'requests', as: 'table' }, until('now'))).toBe(true);
    expect(isLive(FLOWS, until('now/d'))).toBe(true);
  });

  it('is not for the past, other shapes, or unless asked for', () => {
    expect(isLive(FLOWS, until('now-5m'))).toBe(false);
    expect(isLive(FLOWS, until('2026-01-01T00:00:00Z'))).toBe(false);
    expect(isLive({ ...FLOWS, live: undefined }, until('now'))).toBe(false);
    expect(isLive({ ...FLOWS, queryType: 'requests', as: 'logs' }, until('now'))).toBe(false);
    expect(isLive({ ...FLOWS, queryType: 'drops' }, until('now'))).toBe(false);
  });
});

describe('addressOf', () => {
  it('names the data source and a path of allowed letters, and carries the query', () => {
    const address = addressOf(FLOWS, 'uid1');
    expect(address).toMatchObject({ scope: 'ds', stream: 'uid1' });
    expect(address.path).toMatch(/^live\/[0-9a-f]{16}$/);
    expect(address.data).toEqual({ queryType: 'flows', live: true, filter: 'a = 1' });
  });

  it('is one for one question, whatever panel asks', () => {
    expect(addressOf({ ...FLOWS, refId: 'B', hide: false }, 'u').path).toBe(addressOf(FLOWS, 'u').path);
    expect(addressOf({ ...FLOWS, filter: 'a = 2' }, 'u').path).not.toBe(addressOf(FLOWS, 'u').path);
  });
});

it('hash tells like texts apart', () => {
  const texts = Array.from({ length: 10_000 }, (_, index) => hash(`{"filter":"destination.port = ${index}"}`));
  expect(new Set(texts).size).toBe(texts.length);
});
