/** The thin adapters over Electron, with typed doubles of the few classes they use. */
import { EventEmitter } from 'node:events';
import { beforeEach, describe, expect, test } from 'vitest';
import { electronNotifier } from '../../../src/main/notices/electron-notifier.ts';
import type { NotificationMaker } from '../../../src/main/notices/electron-notifier.ts';
import { electronTray } from '../../../src/main/tray/electron-tray.ts';
import type { ElectronTrayParts, menuTemplate } from '../../../src/main/tray/electron-tray.ts';
import type { MenuItem } from '../../../src/main/tray/menu-item.ts';

type Template = ReturnType<typeof menuTemplate>;
type Menu = ReturnType<ElectronTrayParts['Menu']['buildFromTemplate']>;

/** Stands for a menu: only what it was built from is looked at. */
const menuOf = (template: readonly object[]): Menu => ({ items: template }) as unknown as Menu;

describe('the tray', () => {
  let said: unknown[];
  let trays: EventEmitter[];

  class TrayDouble extends EventEmitter {
    constructor(image: string, guid?: string) {
      super();
      trays.push(this);
      said.push(['new', image, guid]);
    }
    setImage = (image: unknown): void => void said.push(['image', image]);
    setToolTip = (text: string): void => void said.push(['tooltip', text]);
    setContextMenu = (menu: Menu | null): void => void said.push(['menu', menu]);
    popUpContextMenu = (menu?: Menu): void => void said.push(['pop-up', menu]);
    destroy = (): void => void said.push(['destroy']);
  }

  const parts: ElectronTrayParts = {
    Tray: TrayDouble as unknown as ElectronTrayParts['Tray'],
    Menu: { buildFromTemplate: (template) => menuOf(template) },
  };
  const listener = {
    onClick: () => said.push('click'),
    onRightClick: () => said.push('right-click'),
    onHover: () => said.push('hover'),
    onAction: (action: unknown) => said.push(action),
  };
  const ITEMS: MenuItem[] = [{ kind: 'action', label: 'Quit', action: { kind: 'quit' } }];

  beforeEach(() => {
    said = [];
    trays = [];
  });

  test('passes on what it is told', () => {
    const host = electronTray(parts, 'linux')('a.png', listener);
    host.setImage('b.png');
    host.setTooltip('Porthole');
    host.destroy();
    expect(said).toEqual([
      ['new', 'a.png', undefined],
      ['image', 'b.png'],
      ['tooltip', 'Porthole'],
      ['destroy'],
    ]);
  });

  test.each(['menu', 'pop-up'] as const)('builds a %s whose clicks are actions', (way) => {
    const host = electronTray(parts, 'windows')('a.ico', listener);
    if (way === 'menu') host.setMenu(ITEMS);
    else host.popUpMenu(ITEMS);
    const [kind, menu] = said.at(-1) as [string, { items: Template }];
    expect([kind, menu.items[0]?.label]).toEqual([way, 'Quit']);
    (menu.items[0]?.click as (() => void) | undefined)?.();
    expect(said.at(-1)).toEqual({ kind: 'quit' });
  });

  test.each([
    ['linux', ['click']],
    ['windows', ['click', 'right-click', 'hover']],
    ['macos', ['click', 'right-click', 'hover']],
  ] as const)('hears on %s what there is to hear', (platform, heard) => {
    electronTray(parts, platform)('a.png', listener);
    said = [];
    for (const event of ['click', 'right-click', 'mouse-enter']) trays[0]?.emit(event);
    expect(said).toEqual(heard);
  });

  test('has an id of its own on macOS only', () => {
    electronTray(parts, 'macos')('a.png', listener);
    expect(said).toEqual([
      ['new', 'a.png', expect.stringMatching(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-/)],
    ]);
  });
});

type NotificationOptions = ConstructorParameters<NotificationMaker>[0];

describe('the notifier', () => {
  let said: string[];
  let made: NotificationDouble[];
  let support: boolean;

  class NotificationDouble extends EventEmitter {
    static isSupported = (): boolean => support;
    readonly options: NotificationOptions;
    constructor(options: NotificationOptions) {
      super();
      this.options = options;
      made.push(this);
    }
    show = (): void => void said.push(`show ${this.options.title}`);
    close = (): void => void said.push(`close ${this.options.title}`);
  }

  const maker = NotificationDouble as unknown as NotificationMaker;
  const card = (title: string): Parameters<ReturnType<typeof electronNotifier>['show']>[0] => ({
    id: 'a',
    title,
    body: 'body',
    onClick: () => said.push(`click ${title}`),
  });

  beforeEach(() => {
    said = [];
    made = [];
    support = true;
  });

  test('shows text, and tells of a click', () => {
    electronNotifier(maker).show(card('one'));
    made[0]?.emit('click');
    expect(made[0]?.options).toEqual({ id: 'a', title: 'one', body: 'body' });
    expect(said).toEqual(['show one', 'click one']);
  });

  test('replaces one with the same id', () => {
    const notifier = electronNotifier(maker);
    notifier.show(card('one'));
    notifier.show(card('two'));
    made[0]?.emit('close');
    notifier.close('a');
    expect(said).toEqual(['show one', 'close one', 'show two', 'close two']);
  });

  test.each(['close', 'failed', 'click'])('forgets one after %s', (event) => {
    const notifier = electronNotifier(maker);
    notifier.show(card('one'));
    made[0]?.emit(event);
    said = [];
    notifier.close('a');
    expect(said).toEqual([]);
  });

  test('shows nothing where the system has no notifications', () => {
    support = false;
    electronNotifier(maker).show(card('one'));
    expect(made).toEqual([]);
  });
});
