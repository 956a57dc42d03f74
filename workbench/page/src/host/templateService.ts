import type { ScopedVars, TypedVariableModel } from '@grafana/data';
import type { TemplateSrv } from '@grafana/runtime';
import { get } from 'lodash';

import { macroValue } from './macros';

/** The value of a variable for which all values are chosen. */
export const ALL = '$__all';

/** A dashboard variable with what is chosen of it. */
export interface Variable {
  name: string;
  label: string;
  type: string;
  multi: boolean;
  includeAll: boolean;
  /** What stands for all values where its author said so; else the list of them does. */
  allValue?: string;
  options: string[];
  chosen: string[];
}

type Formatter = (value: unknown, variable: object, format?: (value: unknown) => string) => string;

const REFERENCE = /\$(\w+)|\[\[(\w+?)(?::(\w+))?\]\]|\$\{(\w+)(?:\.([^:^}]+))?(?::([^}]+))?\}/g;

/** Grafana's template service over the variables of the dashboard that is open. */
export class TemplateService implements TemplateSrv {
  private variables: Variable[] = [];

  use(variables: Variable[]): void {
    this.variables = variables;
  }

  getVariables(): TypedVariableModel[] {
    return this.variables.map(toModel);
  }

  containsTemplate(target?: string): boolean {
    return this.referencesIn(target).length > 0;
  }

  /** The names that the text refers to and that are variables. */
  referencesIn(target = ''): string[] {
    const names = Array.from(
      target.matchAll(REFERENCE),
      ([, plain, bracketed, , braced]) => plain ?? bracketed ?? braced
    );
    return names.filter((name) => this.variables.some((variable) => variable.name === name));
  }

  updateTimeRange(): void {
    // The time range travels with each request's scoped variables.
  }

  replace(target = '', scopedVars?: ScopedVars, format?: string | Function): string {
    return target.replace(REFERENCE, (match, plain, bracketed, bracketedFormat, braced, path, bracedFormat) => {
      const name: string = plain ?? bracketed ?? braced;
      const wanted = bracketedFormat ?? bracedFormat ?? format;
      const scoped = scopedVars?.[name];
      if (scoped) {
        return write(path ? get(scoped.value, path) : scoped.value, {}, wanted);
      }
      const macro = macroValue(name, path, scopedVars);
      if (macro !== undefined) {
        return write(macro, {}, wanted);
      }
      const variable = this.variables.find((candidate) => candidate.name === name);
      return variable ? this.writeVariable(variable, wanted) : match;
    });
  }

  private writeVariable(variable: Variable, format?: string | Function): string {
    if (variable.chosen.includes(ALL)) {
      return variable.allValue ?? write(variable.options, variable, format);
    }
    return write(variable.multi ? variable.chosen : variable.chosen[0], variable, format);
  }
}

function toModel(variable: Variable): TypedVariableModel {
  const value = variable.multi ? variable.chosen : (variable.chosen[0] ?? '');
  const options = variable.options.map((option) => ({ text: option, value: option, selected: false }));
  return { ...variable, id: variable.name, current: { text: value, value }, options } as unknown as TypedVariableModel;
}

function write(value: unknown, variable: object, format?: string | Function): string {
  if (typeof format === 'function') {
    return (format as Formatter)(value, variable, (plain) => write(plain, variable));
  }
  if (!Array.isArray(value)) {
    return writeOne(value, format);
  }
  switch (format) {
    case 'csv':
    case 'raw':
      return value.join(',');
    case 'pipe':
      return value.join('|');
    case 'regex':
      return `(${value.map((one) => writeOne(one, 'regex')).join('|')})`;
    case 'json':
      return JSON.stringify(value);
    case 'text':
      return value.join(' + ');
    default:
      return value.length === 1 ? String(value[0]) : `{${value.join(',')}}`;
  }
}

function writeOne(value: unknown, format?: string): string {
  const text = value === undefined || value === null ? '' : String(value);
  switch (format) {
    case 'regex':
      return text.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&');
    case 'json':
      return JSON.stringify(value);
    case 'percentencode':
    case 'queryparam':
      return encodeURIComponent(text);
    default:
      return text;
  }
}
