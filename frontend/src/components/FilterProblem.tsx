import { css } from '@emotion/css';
import { GrafanaTheme2 } from '@grafana/data';
import { Button, useStyles2 } from '@grafana/ui';
import React from 'react';

import { mark, mend } from '../filter/problem';
import { CheckedFilter } from './useFilterCheck';

interface FilterProblemProps {
  checked: CheckedFilter | undefined;
  /** The filter as written, with its variables. */
  written: string;
  onMend: (text: string) => void;
}

/** What is wrong with a filter, where, and what was probably meant. */
export function FilterProblem({ checked, written, onMend }: FilterProblemProps) {
  const styles = useStyles2(getStyles);
  const problem = checked?.problem;
  if (!checked || !problem) {
    return null;
  }
  const { before, fault, after } = mark(checked.text, problem);
  // Positions count in the text that was checked: with variables filled in they do not fit what is written.
  const canMend = problem.suggestion && checked.text === written;
  return (
    <div role="alert" aria-label="Filter problem" className={styles.problem}>
      <div>{problem.message}</div>
      <code className={styles.text}>
        {before}
        <mark className={styles.fault}>{fault || ' '}</mark>
        {after}
      </code>
      {canMend && (
        <Button size="sm" variant="secondary" icon="check" onClick={() => onMend(mend(written, problem))}>
          Use {problem.suggestion}
        </Button>
      )}
    </div>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  problem: css({
    display: 'flex',
    flexWrap: 'wrap',
    alignItems: 'center',
    gap: theme.spacing(1),
    marginTop: theme.spacing(0.5),
    color: theme.colors.error.text,
    fontSize: theme.typography.bodySmall.fontSize,
  }),
  text: css({ whiteSpace: 'pre-wrap', wordBreak: 'break-word' }),
  fault: css({
    background: 'none',
    color: 'inherit',
    textDecoration: `underline wavy ${theme.colors.error.border}`,
    textUnderlineOffset: '3px',
  }),
});
