import { css, cx } from '@emotion/css';
import type { GrafanaTheme2, IconName } from '@grafana/data';
import { Icon, useStyles2, useTheme2 } from '@grafana/ui';
import { Handle, type Node, type NodeProps, Position } from '@xyflow/react';

import type { Arc, GraphNode } from './readGraph';

export type CircleNode = Node<{ node: GraphNode; faded: boolean }, 'circle'>;

const RING = 5;
/** The part of the circle's width that Grafana leaves to the numbers. */
const STATS_WIDTH = 70;

/** A node as Grafana's panel draws it: a ring of shares around its numbers, its names below. */
export function NodeCircle({ data: { node, faded }, selected }: NodeProps<CircleNode>) {
  const styles = useStyles2(getStyles);
  const size = node.radius * 2;
  return (
    <div
      className={cx(styles.node, { [styles.faded]: faded })}
      role="button"
      aria-label={`Node ${node.title || node.id}`}
      style={{ width: size }}
    >
      <Handle type="target" position={Position.Left} isConnectable={false} className={styles.handle} />
      <div className={cx(styles.circle, { [styles.selected]: selected })} style={{ width: size, height: size }}>
        <Ring node={node} />
        {node.icon ? (
          <Icon name={node.icon as IconName} size="xxl" />
        ) : (
          <div className={styles.stats}>
            <div>{node.mainStat}</div>
            <div>{node.secondaryStat}</div>
          </div>
        )}
      </div>
      <div className={styles.names}>
        <div title={node.title}>{node.title}</div>
        <div title={node.subtitle}>{node.subtitle}</div>
      </div>
      <Handle type="source" position={Position.Right} isConnectable={false} className={styles.handle} />
    </div>
  );
}

/** Each share is a dash on a circle whose whole length counts as 1. */
function Ring({ node: { radius, arcs, color } }: { node: GraphNode }) {
  const theme = useTheme2();
  const styles = useStyles2(getStyles);
  const given = arcs.filter(({ share }) => share > 0);
  const shown: Arc[] = given.length > 0 ? given : [{ share: 1, color: color ?? theme.colors.border.strong }];
  const startOf = (index: number) => shown.slice(0, index).reduce((sum, { share }) => sum + share, 0);
  return (
    <svg className={styles.ring} viewBox={`${-radius} ${-radius} ${radius * 2} ${radius * 2}`} aria-hidden>
      {shown.map((arc, index) => (
        <circle
          key={index}
          r={radius - RING / 2}
          fill="none"
          stroke={theme.visualization.getColorByName(arc.color)}
          strokeWidth={RING}
          pathLength={1}
          strokeDasharray={`${arc.share} 1`}
          strokeDashoffset={-startOf(index)}
          transform="rotate(-90)"
        />
      ))}
    </svg>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  node: css({ position: 'relative', transition: 'opacity 100ms' }),
  faded: css({ opacity: 0.3 }),
  circle: css({
    position: 'relative',
    display: 'flex',
    alignItems: 'center',
    justifyContent: 'center',
    borderRadius: '50%',
    background: theme.components.panel.background,
  }),
  selected: css({ boxShadow: `0 0 0 3px ${theme.colors.primary.border}` }),
  ring: css({ position: 'absolute', inset: 0 }),
  stats: css({
    position: 'relative',
    textAlign: 'center',
    lineHeight: 1.25,
    fontSize: 10,
    width: 'max-content',
    maxWidth: STATS_WIDTH,
    '& > div': { overflow: 'hidden', textOverflow: 'ellipsis', whiteSpace: 'nowrap' },
    // As in Grafana, what does not fit shows while the pointer is there.
    '*:hover > &': { maxWidth: 'none', background: theme.components.panel.background },
    '& > :first-child': { fontWeight: theme.typography.fontWeightMedium },
    '& > :last-child': { color: theme.colors.text.secondary },
  }),
  names: css({
    position: 'absolute',
    top: '100%',
    left: '50%',
    width: 150,
    marginTop: theme.spacing(0.5),
    transform: 'translateX(-50%)',
    textAlign: 'center',
    lineHeight: 1.3,
    fontSize: 12,
    '& > div': { overflow: 'hidden', textOverflow: 'ellipsis', whiteSpace: 'nowrap' },
    '& > :last-child': { color: theme.colors.text.secondary, fontSize: 11 },
  }),
  handle: css({ visibility: 'hidden', pointerEvents: 'none' }),
});
