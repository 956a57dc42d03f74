import { FieldKind } from './condition';
import kinds from './kinds.json';

/** The backend's fields that are no text. Its tests hold this list against its own. */
const KINDS = new Map(Object.entries(kinds as Record<string, FieldKind>));
const EITHER = /^either\./;

/**
 * The kind of a field by its name. Variables are filled in without waiting for the nodes' list of fields, so this much
 * of it is known here; a name that is in no list is text.
 */
export function kindOf(field: string): FieldKind {
  return KINDS.get(field.replace(EITHER, 'source.')) ?? 'text';
}
