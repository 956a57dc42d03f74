import { css } from '@emotion/css';
import { InlineField, useStyles2 } from '@grafana/ui';
import React, { cloneElement, ReactElement, useId } from 'react';

interface LabelledProps {
  label: string;
  tooltip?: string;
  error?: string;
  grow?: boolean;
  /** An input that takes an `id`. */
  children: ReactElement<{ id?: string; invalid?: boolean }>;
}

/** An input in a row of the query editor, with its name before it. */
export function Labelled({ label, tooltip, error, grow, children }: LabelledProps) {
  const id = useId();
  return (
    <InlineField
      label={label}
      labelWidth="auto"
      tooltip={tooltip}
      htmlFor={id}
      invalid={Boolean(error)}
      error={error}
      grow={grow}
      interactive={Boolean(tooltip)}
    >
      {cloneElement(children, { id })}
    </InlineField>
  );
}

interface NamedProps {
  name: string;
  /** An input that takes an `id`. */
  children: ReactElement<{ id?: string }>;
}

/** An input whose place says what it is; its name is there for screen readers. */
export function Named({ name, children }: NamedProps) {
  const styles = useStyles2(getStyles);
  const id = useId();
  return (
    <div>
      <label htmlFor={id} className={styles.hidden}>
        {name}
      </label>
      {cloneElement(children, { id })}
    </div>
  );
}

const getStyles = () => ({
  hidden: css({
    position: 'absolute',
    width: 1,
    height: 1,
    overflow: 'hidden',
    clipPath: 'inset(50%)',
    whiteSpace: 'nowrap',
  }),
});
