import { css, cx } from '@emotion/css';
import type { GrafanaTheme2, IconName } from '@grafana/data';
import { locationService } from '@grafana/runtime';
import { Icon, useStyles2 } from '@grafana/ui';

interface Place {
  text: string;
  href: string;
  icon: IconName;
}

const PLACES: Place[] = [
  { text: 'Dashboards', href: '/dashboards', icon: 'apps' },
  { text: 'Explore', href: '/explore', icon: 'compass' },
  { text: 'Data sources', href: '/connections/datasources', icon: 'database' },
];

/** The ways to the rooms. */
export function Navigation({ path }: { path: string }) {
  const styles = useStyles2(getStyles);
  const open = PLACES.find(({ href }) => path.startsWith(href)) ?? PLACES[0];
  return (
    <nav className={styles.navigation} aria-label="Main">
      {PLACES.map(({ text, href, icon }) => (
        <Anchor key={href} href={href} className={cx(styles.place, { [styles.open]: href === open.href })}>
          <Icon name={icon} size="lg" />
          {text}
        </Anchor>
      ))}
    </nav>
  );
}

/** A link that changes the room and not the page. */
export function Anchor({ href, className, children }: { href: string; className?: string; children: React.ReactNode }) {
  const go = (event: React.MouseEvent) => {
    if (!event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      locationService.push(href);
    }
  };
  return (
    <a href={href} className={className} onClick={go}>
      {children}
    </a>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  navigation: css({
    display: 'flex',
    flexDirection: 'column',
    gap: theme.spacing(0.5),
    width: 190,
    flexShrink: 0,
    padding: theme.spacing(2, 1),
    borderRight: `1px solid ${theme.colors.border.weak}`,
    background: theme.colors.background.primary,
  }),
  place: css({
    display: 'flex',
    alignItems: 'center',
    gap: theme.spacing(1),
    padding: theme.spacing(0.75, 1),
    borderRadius: theme.shape.radius.default,
    color: theme.colors.text.secondary,
    '&:hover': { background: theme.colors.action.hover, color: theme.colors.text.primary },
  }),
  open: css({
    color: theme.colors.text.primary,
    background: theme.colors.action.selected,
    boxShadow: `inset 3px 0 0 ${theme.colors.primary.border}`,
  }),
});
