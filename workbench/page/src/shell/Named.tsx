import { css } from '@emotion/css';
import { useStyles2 } from '@grafana/ui';
import { type ReactNode, useId } from 'react';

/** Gives a control a name that is heard and not seen. @grafana/ui's lists take the id of a label only. */
export function Named({ name, children }: { name: string; children(labelId: string): ReactNode }) {
  const styles = useStyles2(getStyles);
  const id = useId();
  return (
    <>
      <span id={id} className={styles.unseen}>
        {name}
      </span>
      {children(id)}
    </>
  );
}

const getStyles = () => ({
  unseen: css({ position: 'absolute', width: 1, height: 1, overflow: 'hidden', clipPath: 'inset(50%)' }),
});
