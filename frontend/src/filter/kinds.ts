import { FieldKind } from './condition';

const INTEGERS =
  /^((source|destination|either)\.(port|pid)|http\.response\.status_code|rpc\.status_code|process\.(pid|parent_pid|exit_code)|connection)$/;
const ADDRESSES = /^(source|destination|either)\.address$/;
const DURATIONS = /^(latency|latency_first_byte|duration|connect_latency|rtt|rtt_min)$/;
const SIZES = /^(request_bytes|response_bytes|bytes_sent|bytes_received|drop\.bytes)$/;
const NUMBERS = /^(packets_sent|packets_received|retransmits|resets|count)$/;
const TIMES = /^(time|start|process\.start)$/;

const KINDS: ReadonlyArray<[FieldKind, RegExp]> = [
  ['integer', INTEGERS],
  ['address', ADDRESSES],
  ['duration', DURATIONS],
  ['bytes', SIZES],
  ['number', NUMBERS],
  ['time', TIMES],
];

/**
 * The kind of a field by its name. Variables are filled in without waiting for the nodes' list of fields, so this much
 * of it is known here; a name that is in no list is text.
 */
export function kindOf(field: string): FieldKind {
  return KINDS.find(([, names]) => names.test(field))?.[0] ?? 'text';
}
