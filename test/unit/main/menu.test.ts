/** The tray menu as data: design/ux.md C2, in three languages and on three systems. */
import { describe, expect, test } from 'vitest';
import { trayMenu } from '../../../src/main/tray/menu.ts';
import type { MenuInput } from '../../../src/main/tray/menu.ts';
import { menuTemplate } from '../../../src/main/tray/electron-tray.ts';
import type {
  ForwardView,
  ListeningPort,
  PeerView,
  ShareView,
  StatusView,
} from '../../../src/shared/contract.ts';
import { LANGUAGES } from '../../../src/shared/messages/language.ts';
import { FORWARD, PEER, SHARE, STATUS } from '../../support/control-handlers.ts';
import { actionsIn, itemAt, linesOf } from './shell-scene.ts';

const NODE: ListeningPort = {
  port: 3000,
  address: '127.0.0.1',
  target: '3000',
  process: { name: 'node', pid: 12 },
  label: 'Web app',
  share: SHARE.id,
};
const VITE: ListeningPort = { ...NODE, port: 5173, target: '5173', share: null };
const BASE: MenuInput = {
  status: { ...STATUS, shares: [{ ...SHARE, name: '3000' }] },
  listening: [NODE, VITE],
  problem: { kind: 'relay-only', effect: 'hinders' },
  language: 'en',
  platform: 'linux',
  updates: 'built-in',
};

function menu(change: Partial<MenuInput> = {}, status: Partial<StatusView> = {}): string[] {
  const base = { ...BASE, ...change };
  const of = base.status === null ? null : { ...base.status, ...status };
  return linesOf(trayMenu({ ...base, status: of }));
}

/** The labels of a list with these views. */
function listOf(title: string, status: Partial<StatusView>): string[] {
  const items = trayMenu({ ...BASE, listening: [], status: { ...STATUS, ...status } });
  const list = itemAt(items, [title]);
  if (list.kind !== 'submenu') throw new Error('no list');
  return list.items.map((item) => ('label' in item ? item.label : '---'));
}

describe('the whole menu', () => {
  test('is that of the design in English', () => {
    expect(menu()).toEqual([
      '(Porthole: 1 device connected)',
      '!  Relay only: direct connection blocked',
      '---',
      'Share a Port…',
      'Detected on This Computer >',
      '  Share port 5173  Web app (node)',
      'Add a Device…',
      '---',
      'Shared by This Computer >',
      '  3000  Web app (node) >',
      '    Copy Link',
      '    Show QR Code',
      '    Pause',
      '    Stop Sharing',
      'On Other Devices >',
      '  laptop: 5432 -> 127.0.0.1:5432 >',
      '    Open in Browser',
      '    Copy Address',
      '    Disconnect',
      'Devices >',
      '  laptop: Direct, 12 ms >',
      '    Copy Device ID',
      '    Reconnect',
      '    Device Details…',
      '---',
      '[ ] Pause All Sharing',
      '---',
      'Open Porthole',
      'Settings…',
      'Check for Updates…',
      'Quit Porthole',
    ]);
  });

  test('is that of the design in traditional Chinese', () => {
    expect(menu({ language: 'zh-Hant' })).toEqual([
      '(Porthole：已連線 1 台裝置)',
      '!  僅經由中繼：直接連線遭封鎖',
      '---',
      '分享連接埠…',
      '這台電腦上偵測到的 >',
      '  分享連接埠 5173  Web app (node)',
      '新增裝置…',
      '---',
      '這台電腦分享的 >',
      '  3000  Web app (node) >',
      '    複製連結',
      '    顯示 QR 碼',
      '    暫停',
      '    停止分享',
      '其他裝置上的 >',
      '  laptop：5432 -> 127.0.0.1:5432 >',
      '    在瀏覽器開啟',
      '    複製位址',
      '    中斷連線',
      '裝置 >',
      '  laptop：直接連線，12 ms >',
      '    複製裝置 ID',
      '    重新連線',
      '    裝置詳細資料…',
      '---',
      '[ ] 暫停所有分享',
      '---',
      '開啟 Porthole',
      '設定…',
      '檢查更新…',
      '結束 Porthole',
    ]);
  });

  test('is that of the design in simplified Chinese', () => {
    expect(menu({ language: 'zh-Hans' })).toEqual([
      '(Porthole：已连接 1 台设备)',
      '!  仅经由中继：直连被阻止',
      '---',
      '分享端口…',
      '本机检测到的 >',
      '  分享端口 5173  Web app (node)',
      '添加设备…',
      '---',
      '本机分享的 >',
      '  3000  Web app (node) >',
      '    复制链接',
      '    显示二维码',
      '    暂停',
      '    停止分享',
      '其他设备上的 >',
      '  laptop：5432 -> 127.0.0.1:5432 >',
      '    在浏览器打开',
      '    复制地址',
      '    断开连接',
      '设备 >',
      '  laptop：直连，12 ms >',
      '    复制设备 ID',
      '    重新连接',
      '    设备详情…',
      '---',
      '[ ] 暂停所有分享',
      '---',
      '打开 Porthole',
      '设置…',
      '检查更新…',
      '退出 Porthole',
    ]);
  });

  test('has no line for a problem, for updates or for detected ports that are not there', () => {
    const lines = menu({ problem: null, updates: 'none', listening: [NODE] });
    expect(lines.slice(0, 4)).toEqual([
      '(Porthole: 1 device connected)',
      '---',
      'Share a Port…',
      'Add a Device…',
    ]);
    expect(lines).not.toContain('Check for Updates…');
  });

  test('says what is empty', () => {
    const lines = menu({ problem: null, listening: [] }, { shares: [], forwards: [], peers: [] });
    expect(lines).toEqual([
      '(Porthole: no devices yet)',
      '---',
      'Share a Port…',
      'Add a Device…',
      '---',
      'Shared by This Computer >',
      '  (No shared ports yet)',
      'On Other Devices >',
      '  (Nothing shared with you yet)',
      'Devices >',
      '  (No devices yet)',
      '---',
      '[ ] Pause All Sharing',
      '---',
      'Open Porthole',
      'Settings…',
      'Check for Updates…',
      'Quit Porthole',
    ]);
  });

  test('can still be opened and quit while no engine answers', () => {
    expect(menu({ status: null, problem: null })).toEqual([
      '(Porthole: not running)',
      '---',
      'Open Porthole',
      'Settings…',
      'Check for Updates…',
      'Quit Porthole',
    ]);
  });

  test.each([
    [0, '(Porthole: 0 devices connected)'],
    [1, '(Porthole: 1 device connected)'],
    [2, '(Porthole: 2 devices connected)'],
  ])('counts %d devices', (count, head) => {
    const up = Array.from({ length: count }, (_, at) => ({ ...PEER, id: `UP${at}` }));
    const peers = [...up, { ...PEER, id: 'AWAY', state: 'offline' as const }];
    expect(menu({}, { peers })[0]).toBe(head);
  });

  test('says that sharing is paused, and offers to end it', () => {
    const items = trayMenu({ ...BASE, status: { ...STATUS, sharing: 'paused' } });
    expect(linesOf(items)[0]).toBe('(Porthole: sharing is paused)');
    expect(itemAt(items, ['Pause All Sharing'])).toEqual({
      kind: 'checkbox',
      label: 'Pause All Sharing',
      check: 'on',
      action: { kind: 'resume-all' },
    });
  });
});

const deviceLabel = (change: Partial<PeerView>): string =>
  listOf('Devices', { peers: [{ ...PEER, ...change }] })[0] ?? '';

describe('states', () => {
  test.each<[Partial<PeerView>, string]>([
    [{}, 'laptop: Direct, 12 ms'],
    [{ roundTripMs: 0.2 }, 'laptop: Direct, 1 ms'],
    [{ roundTripMs: null }, 'laptop: Direct'],
    [{ path: 'relayed', roundTripMs: 48.4 }, 'laptop: Relay, 48 ms'],
    [{ path: 'relayed', roundTripMs: null }, 'laptop: Relay'],
    [{ state: 'connecting' }, 'laptop: Connecting…'],
    [{ state: 'held' }, 'laptop: Reconnecting…'],
    [{ state: 'offline' }, 'laptop: Offline'],
    [{ state: 'removed' }, 'laptop: Removed There'],
    [{ state: 'offline', obstacle: 'E_IDENTITY' }, 'laptop: Blocked'],
  ])('of a device: %j', (change, label) => expect(deviceLabel(change)).toBe(label));

  test.each<[Partial<ShareView>, string]>([
    [{}, '3000  web'],
    [{ name: '3000' }, '3000'],
    [{ target: 'localhost:3000' }, '3000  web'],
    [{ target: '[::1]:3000' }, '3000  web'],
    [{ target: '192.168.1.9:80' }, '192.168.1.9:80  web'],
    [{ state: 'paused' }, '3000  web: Paused'],
    [{ health: 'down' }, '3000  web: Nothing Answers'],
    [{ state: 'stopped' }, 'No shared ports yet'],
  ])('of a share: %j', (change, label) => {
    expect(listOf('Shared by This Computer', { shares: [{ ...SHARE, ...change }] })).toEqual([
      label,
    ]);
  });

  test('of a share that is paused: it can be resumed', () => {
    const shares = [{ ...SHARE, state: 'paused' as const }];
    const kinds = actionsIn(trayMenu({ ...BASE, status: { ...STATUS, shares } })).map(
      (a) => a.kind,
    );
    expect(kinds).toContain('resume');
    expect(kinds).not.toContain('pause');
  });

  test.each<[Partial<ForwardView>, string]>([
    [{ local: '127.0.0.1:5433' }, 'laptop: 5432 -> 127.0.0.1:5433'],
    [{ state: 'down' }, 'laptop: 5432 -> 127.0.0.1:5432, Nothing Answers'],
    [{ state: 'waiting' }, 'laptop: 5432 -> 127.0.0.1:5432, Waiting'],
  ])('of a forward: %j', (change, label) => {
    expect(listOf('On Other Devices', { forwards: [{ ...FORWARD, ...change }] })).toEqual([label]);
  });

  test('of a forward that waits: it cannot be opened in the browser', () => {
    const forwards = [{ ...FORWARD, state: 'waiting' as const }];
    const items = trayMenu({ ...BASE, status: { ...STATUS, forwards } });
    const label = 'laptop: 5432 -> 127.0.0.1:5432, Waiting';
    expect(itemAt(items, ['On Other Devices', label, 'Open in Browser']).kind).toBe('disabled');
  });

  test('tell devices of the same name apart', () => {
    const peers = [PEER, { ...PEER, id: 'ZYXWV-12345' }];
    expect(listOf('Devices', { peers })).toEqual([
      'laptop (ABCD): Direct, 12 ms',
      'laptop (ZYXW): Direct, 12 ms',
    ]);
  });
});

const detected = (listening: ListeningPort[], status: Partial<StatusView> = {}): string[] =>
  menu({ listening }, status).filter((line) => line.startsWith('  Share port'));

describe('detected ports', () => {
  test.each<[Partial<ListeningPort>, string]>([
    [{}, '  Share port 5173  Web app (node)'],
    [{ label: '' }, '  Share port 5173  node'],
    [{ process: null }, '  Share port 5173  Web app'],
    [{ process: null, label: '' }, '  Share port 5173'],
  ])('with what is known of them: %j', (change, line) =>
    expect(detected([{ ...VITE, ...change }])).toEqual([line]),
  );

  test('are offered once for both families of addresses, and in order', () => {
    const lines = detected([
      { ...VITE, port: 8080, address: '0.0.0.0' },
      { ...VITE, address: '127.0.0.1' },
      { ...VITE, address: '::1' },
    ]);
    expect(lines.map((line) => line.trim().split(' ')[2])).toEqual(['5173', '8080']);
  });

  test('are not offered while they are shared, whatever whoever listens knows', () => {
    expect(detected([{ ...NODE, share: null }])).toEqual([]);
    const stopped = { ...SHARE, state: 'stopped' as const };
    expect(detected([NODE], { shares: [stopped] })).toHaveLength(1);
  });
});

const many = <T>(count: number, of: (at: number) => T): T[] =>
  Array.from({ length: count }, (_, at) => of(at));

describe('limits', () => {
  const status: StatusView = {
    ...STATUS,
    shares: many(50, (at) => ({ ...SHARE, id: `s${at}`, target: `127.0.0.1:${4000 + at}` })),
    forwards: many(50, (at) => ({ ...FORWARD, share: `f${at}`, local: `127.0.0.1:${6000 + at}` })),
    peers: many(20, (at) => ({ ...PEER, id: `ID${at}`, name: `laptop ${at}` })),
  };
  const listening = many(256, (at) => ({ ...VITE, port: 10_000 + at }));
  const items = trayMenu({ ...BASE, status, listening });

  test.each([
    ['Detected on This Computer', 'ports'],
    ['Shared by This Computer', 'ports'],
    ['On Other Devices', 'ports'],
    ['Devices', 'devices'],
  ] as const)('%s has ten items and then Show All…', (title, page) => {
    const list = itemAt(items, [title]);
    if (list.kind !== 'submenu') throw new Error('no list');
    expect(list.items).toHaveLength(12);
    expect(list.items[10]).toEqual({ kind: 'separator' });
    expect(list.items[11]).toEqual({
      kind: 'action',
      label: 'Show All…',
      action: { kind: 'show-all', page },
    });
  });

  test('ten items need no Show All…', () => {
    const peers = status.peers.slice(0, 10);
    expect(listOf('Devices', { peers })).toHaveLength(10);
  });
});

const statusNamed = (name: string): StatusView => ({
  ...STATUS,
  shares: [{ ...SHARE, name }],
  forwards: [{ ...FORWARD, peerName: name, name }],
  peers: [{ ...PEER, name }],
});

const listeningNamed = (name: string): ListeningPort[] => [
  { ...VITE, label: name, process: { name, pid: 1 } },
];

describe('names of strangers', () => {
  const HOSTILE = [
    '<img src=x onerror=alert(1)>',
    '\u202Egnp.exe\u2066',
    'line\nbreak\ttab\u0000\u001b[31m',
    'x'.repeat(10_000),
    `z${'\u0301'.repeat(5000)}`,
    '\u200b\u200d\u00ad',
    '\ud800',
    '👨‍👩‍👧‍👦'.repeat(100),
    'fish & chips && more',
  ];
  test.each(HOSTILE)('make labels that are short and on one line: %j', (name) => {
    const items = trayMenu({
      ...BASE,
      status: statusNamed(name),
      listening: listeningNamed(name),
      problem: { kind: 'other-key', effect: 'blocks', device: name },
      platform: 'macos',
    });
    for (const line of linesOf(items)) {
      expect(line).not.toMatch(/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/u);
      expect(line).not.toMatch(/\p{Surrogate}/u);
      expect([...new Intl.Segmenter().segment(line)].length).toBeLessThan(120);
      expect(line.length).toBeLessThan(640);
    }
  });

  test('that show nothing are replaced by the id', () => {
    expect(listOf('Devices', { peers: [{ ...PEER, name: '\u200b\u00ad \u3164' }] })).toEqual([
      `${PEER.id}: Direct, 12 ms`,
    ]);
  });

  test.each([
    ['windows', 'a && b: Direct, 12 ms'],
    ['linux', 'a && b: Direct, 12 ms'],
    ['macos', 'a & b: Direct, 12 ms'],
  ] as const)('mark no letter on %s', (platform, label) => {
    const peers = [{ ...PEER, name: 'a & b' }];
    const items = trayMenu({ ...BASE, platform, status: { ...STATUS, peers } });
    expect(itemAt(items, ['Devices', label]).kind).toBe('submenu');
  });

  test('that are cut end in an ellipsis, behind a whole character', () => {
    const [label = ''] = listOf('Devices', { peers: [{ ...PEER, name: '👨‍👩‍👧‍👦'.repeat(100) }] });
    expect(label).toMatch(/^(?:👨‍👩‍👧‍👦)+…: Direct, 12 ms$/u);
  });
});

test.each(LANGUAGES)('nothing is left unfilled in %s', (language) => {
  for (const problem of [
    { kind: 'other-key', effect: 'blocks', device: 'a' },
    { kind: 'this-offline', effect: 'blocks' },
    { kind: 'udp-blocked', effect: 'blocks' },
    { kind: 'other-version', effect: 'blocks', device: 'a' },
    { kind: 'rendezvous-down', effect: 'hinders', server: 'wss://rv.example.com/x' },
    { kind: 'relay-only', effect: 'hinders' },
  ] as const) {
    const text = menu({ language, problem }).join('\n');
    expect(text).not.toMatch(/[{}]|undefined|NaN/);
    expect(text.includes('rv.example.com\n')).toBe(problem.kind === 'rendezvous-down');
  }
});

test('becomes a template of Electron whose clicks hand the actions back', () => {
  const items = trayMenu(BASE);
  const chosen: unknown[] = [];
  const click = (template: ReturnType<typeof menuTemplate>): void => {
    for (const item of template) {
      if (Array.isArray(item.submenu)) click(item.submenu);
      // What Electron passes along is not looked at.
      (item.click as (() => void) | undefined)?.();
    }
  };
  const template = menuTemplate(items, (action) => chosen.push(action));
  click(template);
  expect(chosen).toEqual(actionsIn(items));
  expect(template[0]).toEqual({ label: 'Porthole: 1 device connected', enabled: false });
  expect(template.find((item) => item.type === 'checkbox')).toMatchObject({ checked: false });
});
