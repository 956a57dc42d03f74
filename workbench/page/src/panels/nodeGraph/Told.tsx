import { css } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { locationService } from '@grafana/runtime';
import { LinkButton, useStyles2 } from '@grafana/ui';

import type { GraphEdge, GraphNode, Link } from './readGraph';

/** What there is to tell of the node or edge that was clicked, with the links that lead on from it. */
export function Told({ node, edge }: { node?: GraphNode; edge?: GraphEdge }) {
  const styles = useStyles2(getStyles);
  const told = node ?? edge;
  if (!told) {
    return null;
  }
  const title = node ? node.title || node.id : `${edge?.source} → ${edge?.target}`;
  return (
    <div className={styles.told} role="region" aria-label="Details">
      <h6>{title}</h6>
      <dl>
        {told.details
          .filter(({ value }) => value)
          .map(({ name, value }) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </div>
          ))}
      </dl>
      {told.links.map((link) => (
        <FollowLink key={link.title + link.href} {...link} />
      ))}
    </div>
  );
}

function FollowLink({ title, href }: Link) {
  const follow = (event: React.MouseEvent) => {
    if (href.startsWith('/')) {
      event.preventDefault();
      locationService.push(href);
    }
  };
  return (
    <LinkButton href={href} onClick={follow} size="sm" variant="secondary" fill="text">
      {title}
    </LinkButton>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  told: css({
    display: 'flex',
    flexDirection: 'column',
    alignItems: 'flex-start',
    minWidth: 200,
    maxWidth: 340,
    padding: theme.spacing(1.5),
    background: theme.colors.background.elevated,
    border: `1px solid ${theme.colors.border.weak}`,
    borderRadius: theme.shape.radius.default,
    boxShadow: theme.shadows.z2,
    fontSize: theme.typography.bodySmall.fontSize,
    '& h6': { margin: theme.spacing(0, 0, 1) },
    '& dl': { margin: 0, width: '100%' },
    '& dl > div': { display: 'flex', justifyContent: 'space-between', gap: theme.spacing(2) },
    '& dt': { color: theme.colors.text.secondary, fontWeight: 'normal' },
    '& dd': { margin: 0, textAlign: 'right', overflowWrap: 'anywhere' },
  }),
});
