import { kindOf } from './kinds';

it.each([
  ['destination.port', 'integer'],
  ['either.pid', 'integer'],
  ['http.response.status_code', 'integer'],
  ['source.address', 'address'],
  ['latency', 'duration'],
  ['rtt_min', 'duration'],
  ['bytes_sent', 'bytes'],
  ['retransmits', 'number'],
  ['tls_handshake_latency', 'duration'],
  ['dns.ttl', 'number'],
  ['time', 'time'],
  ['destination.workload', 'text'],
  ['source.labels.port', 'text'],
  ['dns.answers', 'text'],
])('%s is %s', (field, kind) => {
  expect(kindOf(field)).toBe(kind);
});
