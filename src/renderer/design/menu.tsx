/** What can be done with one thing, behind a button. */
import { Menu as BaseMenu } from '@base-ui/react/menu';
import { Ellipsis } from 'lucide-react';
import type { ReactNode } from 'react';
import { cx } from './cx.ts';
import { IconButton } from './icon-button.tsx';
import styles from './menu.module.css';
import { popupRoot } from './popup-root.ts';

export interface MenuItem {
  readonly key: string;
  readonly label: string;
  readonly icon?: ReactNode;
  /** `danger`: it takes something away; it stands apart. @default 'plain' */
  readonly look?: 'plain' | 'danger';
  readonly onSelect: () => void;
}

export interface MenuProps {
  /** Name of the button. */
  readonly label: string;
  /** @default label */
  readonly tip?: string;
  readonly items: readonly MenuItem[];
}

export function Menu({ label, tip, items }: MenuProps): ReactNode {
  return (
    <BaseMenu.Root modal={false}>
      <BaseMenu.Trigger render={<IconButton label={label} tip={tip ?? label} />}>
        <Ellipsis aria-hidden="true" />
      </BaseMenu.Trigger>
      <BaseMenu.Portal container={popupRoot}>
        <BaseMenu.Positioner className={styles.positioner} sideOffset={4} align="end">
          <BaseMenu.Popup className={styles.popup}>
            {items.map((item, index) => (
              <Item key={item.key} item={item} isFirst={index === 0} />
            ))}
          </BaseMenu.Popup>
        </BaseMenu.Positioner>
      </BaseMenu.Portal>
    </BaseMenu.Root>
  );
}

function Item({
  item,
  isFirst,
}: {
  readonly item: MenuItem;
  readonly isFirst: boolean;
}): ReactNode {
  const isDanger = item.look === 'danger';
  return (
    <>
      {isDanger && !isFirst && <BaseMenu.Separator className={styles.separator} />}
      <BaseMenu.Item className={cx(styles.item, isDanger && styles.danger)} onClick={item.onSelect}>
        {item.icon}
        {item.label}
      </BaseMenu.Item>
    </>
  );
}
