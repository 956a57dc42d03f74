import { css } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { useStyles2, useTheme2 } from '@grafana/ui';
import { type Edge, EdgeLabelRenderer, type EdgeProps, type InternalNode, useInternalNode } from '@xyflow/react';

import { type Circle, curveAlong, loopOver } from './curve';
import type { Place } from './layout';
import type { CircleNode } from './NodeCircle';
import type { GraphEdge } from './readGraph';

export type CurveEdge = Edge<{ edge: GraphEdge; route: Place[]; faded: boolean; lit: boolean }, 'curve'>;

const CLICKABLE = 16;

/** An arrow between two circles; its numbers show while it or one of its ends is looked at. */
export function EdgeCurve({ id, source, target, data, selected }: EdgeProps<CurveEdge>) {
  const theme = useTheme2();
  const from = useInternalNode<CircleNode>(source);
  const to = useInternalNode<CircleNode>(target);
  if (!from || !to || !data) {
    return null;
  }
  const { edge, route, faded, lit } = data;
  const curve = source === target ? loopOver(circleOf(from)) : curveAlong(circleOf(from), circleOf(to), route);
  const shown = lit || selected;
  const color = edge.color ? theme.visualization.getColorByName(edge.color) : theme.colors.text.disabled;
  const stroke = shown ? theme.colors.primary.text : color;
  const arrow = `arrow-${id}`;
  return (
    <g opacity={faded ? 0.25 : 1}>
      <defs>
        <marker
          id={arrow}
          viewBox="0 0 10 10"
          refX="8"
          refY="5"
          markerWidth="12"
          markerHeight="12"
          markerUnits="userSpaceOnUse"
          orient="auto"
        >
          <path d="M0,0 L10,5 L0,10 z" fill={stroke} />
        </marker>
      </defs>
      <path
        d={curve.path}
        fill="none"
        stroke={stroke}
        strokeWidth={edge.thickness}
        strokeDasharray={edge.dashes}
        markerEnd={`url(#${arrow})`}
      />
      <path
        d={curve.path}
        fill="none"
        stroke="transparent"
        strokeWidth={CLICKABLE}
        className="react-flow__edge-interaction"
      />
      {shown && <Stats edge={edge} at={curve.middle} />}
    </g>
  );
}

function Stats({ edge, at }: { edge: GraphEdge; at: Place }) {
  const styles = useStyles2(getStyles);
  if (!edge.mainStat && !edge.secondaryStat) {
    return null;
  }
  return (
    <EdgeLabelRenderer>
      <div className={styles.stats} style={{ transform: `translate(-50%, -50%) translate(${at.x}px, ${at.y}px)` }}>
        <div>{edge.mainStat}</div>
        <div>{edge.secondaryStat}</div>
      </div>
    </EdgeLabelRenderer>
  );
}

function circleOf({ internals: { positionAbsolute: corner }, data: { node } }: InternalNode<CircleNode>): Circle {
  return { x: corner.x + node.radius, y: corner.y + node.radius, radius: node.radius };
}

const getStyles = (theme: GrafanaTheme2) => ({
  stats: css({
    position: 'absolute',
    zIndex: 1,
    padding: theme.spacing(0.25, 0.75),
    textAlign: 'center',
    fontSize: 11,
    lineHeight: 1.3,
    pointerEvents: 'none',
    background: theme.colors.background.elevated,
    border: `1px solid ${theme.colors.border.weak}`,
    borderRadius: theme.shape.radius.default,
  }),
});
