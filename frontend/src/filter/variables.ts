import { ScopedVars, TypedVariableModel } from '@grafana/data';
import { TemplateSrv } from '@grafana/runtime';

/** What a reference such as `$workload` stands for. */
export type Resolved =
  /** Every value, or none chosen: the condition says nothing. */
  | { kind: 'all' }
  /** The values chosen. `exact` where they were picked from a list rather than typed. */
  | { kind: 'values'; values: string[]; exact: boolean }
  /** Text to stand exactly as it is: a name that is no variable, or a format that its author asked for. */
  | { kind: 'verbatim'; text: string };

export type Resolve = (reference: string) => Resolved;

const REFERENCE = /\$(\w+)|\$\{(\w+)([.:][^}]*)?\}|\[\[(\w+)([.:][^\]]*)?\]\]/g;
const EVERYTHING = new Set(['$__all', '*', '.*', '']);

/** The references in a text, in order. */
export function referencesIn(text: string): RegExpMatchArray[] {
  return Array.from(text.matchAll(REFERENCE));
}

/** Asks Grafana what references stand for. */
export function resolver(templateSrv: TemplateSrv, scopedVars: ScopedVars): Resolve {
  return (reference) => {
    let seen: Seen | undefined;
    const text = templateSrv.replace(reference, scopedVars, (value: unknown, variable: Partial<Seen['variable']>) => {
      seen = { value, variable: variable ?? {} };
      return reference;
    });
    return seen ? ofVariable(seen, isAllChosen(reference, templateSrv, scopedVars)) : ofText(reference, text);
  };
}

/** What Grafana's formatter is told of a variable. */
interface Seen {
  value: unknown;
  variable: { multi?: boolean; includeAll?: boolean; type?: string };
}

function ofVariable({ value, variable }: Seen, allChosen: boolean): Resolved {
  const values = (Array.isArray(value) ? value : [value]).map(String);
  // A repeated panel hands one value of a variable whose choice is "All": then `value` is no list.
  const all = (allChosen && Array.isArray(value)) || values.every((one) => EVERYTHING.has(one) && one !== '*');
  // What a query found is picked from its list, whether one or several can be.
  const listed = variable.multi || variable.includeAll || variable.type === 'query';
  const exact = Boolean(listed || Array.isArray(value));
  return all ? { kind: 'all' } : { kind: 'values', values, exact };
}

/** Grafana did not hand out a value: a custom "all" value, a format, a built-in, or no variable at all. */
function ofText(reference: string, text: string): Resolved {
  const [, plain, braced, format, bracketed, otherFormat] = referencesIn(reference)[0] ?? [];
  const name = plain ?? braced ?? bracketed ?? '';
  if (text === reference || name.startsWith('__') || format || otherFormat) {
    return { kind: 'verbatim', text };
  }
  return EVERYTHING.has(text) ? { kind: 'all' } : { kind: 'values', values: [text], exact: false };
}

function isAllChosen(reference: string, templateSrv: TemplateSrv, scopedVars: ScopedVars): boolean {
  const [, plain, braced, , bracketed] = referencesIn(reference)[0] ?? [];
  const name = plain ?? braced ?? bracketed ?? '';
  if (scopedVars[name]) {
    return false;
  }
  const variable = templateSrv.getVariables().find((candidate) => candidate.name === name);
  const chosen = variable && currentValue(variable);
  return Array.isArray(chosen) ? chosen.includes('$__all') : chosen === '$__all';
}

function currentValue(variable: TypedVariableModel): unknown {
  return 'current' in variable && variable.current && 'value' in variable.current ? variable.current.value : undefined;
}
