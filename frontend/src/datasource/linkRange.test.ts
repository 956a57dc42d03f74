import { DataFrame, dateTime, FieldType, mapInternalLinkToExplore } from '@grafana/data';

import { withLinkRange } from './linkRange';

const RANGE = { from: dateTime(1000), to: dateTime(2000), raw: { from: 'now-1h', to: 'now' } };
const LINK = { title: 'Requests', url: '', internal: { datasourceUid: 'ds1', datasourceName: 'Goldwire', query: {} } };

function frame(links?: object[]): DataFrame {
  const field = { name: 'id', type: FieldType.string, values: ['a'], config: links ? { links } : {} };
  return { length: 1, fields: [field] } as DataFrame;
}

describe('withLinkRange', () => {
  it('has links look at the range of the answer, whatever the time is by then', () => {
    const { data } = withLinkRange({ data: [frame([LINK])] }, RANGE);
    const [link] = data[0].fields[0].config.links;
    const { href } = mapInternalLinkToExplore({
      link,
      internalLink: link.internal,
      scopedVars: {},
      range: link.internal.range,
      field: data[0].fields[0],
      replaceVariables: (text) => text,
    });
    const left = JSON.parse(new URL(href, 'http://grafana').searchParams.get('left') ?? '');
    expect(left.range).toEqual({ from: '1000', to: '2000' });
  });

  it('leaves links to pages and what has none alone', () => {
    const page = { title: 'Page', url: 'https://example.org' };
    const { data } = withLinkRange({ data: [frame([page]), frame(), 'rows' as never] }, RANGE);
    expect(data).toEqual([frame([page]), frame(), 'rows']);
  });
});
