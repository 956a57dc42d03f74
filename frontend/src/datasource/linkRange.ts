import { DataFrame, DataLink, DataQueryResponse, Field, TimeRange } from '@grafana/data';

/**
 * The answer with links that look at the range it was asked for. Without one Explore looks at its default, where the records
 * that a value was made from may not be. The backend cannot say it: what Grafana's server reads of a link has no range that
 * its pages look at.
 */
export function withLinkRange(response: DataQueryResponse, { from, to }: TimeRange): DataQueryResponse {
  // What was looked at stays what it is, however late somebody clicks.
  const range: TimeRange = { from, to, raw: { from, to } };
  return { ...response, data: response.data.map((frame: DataFrame) => ofFrame(frame, range)) };
}

function ofFrame(frame: DataFrame, range: TimeRange): DataFrame {
  return frame.fields?.some(hasLinks) ? { ...frame, fields: frame.fields.map((field) => ofField(field, range)) } : frame;
}

const hasLinks = ({ config }: Field) => (config?.links?.length ?? 0) > 0;

function ofField(field: Field, range: TimeRange): Field {
  return hasLinks(field)
    ? { ...field, config: { ...field.config, links: field.config.links?.map((link) => ofLink(link, range)) } }
    : field;
}

function ofLink(link: DataLink, range: TimeRange): DataLink {
  return link.internal ? { ...link, internal: { ...link.internal, range } } : link;
}
