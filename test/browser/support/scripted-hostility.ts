/**
 * Texts of somebody who wants to harm: markup, scripts, what turns or hides what is around it, and
 * what never ends. As long as the contract lets a text be, 4096 characters, and 12 kB as UTF-8.
 */
import type { LogEntry } from '../../../src/shared/contract.ts';
import type { FakePorthole } from '../../support/fake-porthole.ts';
import { LAPTOP, LISTENING, REMOTE_DATABASE, WEB_APP } from '../../support/fake-views.ts';
import { SCENES } from '../../support/page-scenes.ts';

const LONGEST = 4096;

export const HOSTILE = {
  script: '<script>globalThis.harmed = 1; alert(1)</script>',
  image: '<img src=x onerror="globalThis.harmed = 1; alert(2)">',
  markup:
    '"><svg onload=alert(3)><iframe src="javascript:alert(4)"></iframe><a href=javascript:alert(5)>x</a>',
  address: 'javascript:alert(6)//',
  breakout: "</title></script></style></textarea>--><script>alert(7)</script>'",
  template:
    '{{constructor.constructor("alert(8)")()}} ${alert(9)} #{x} <%= x %> {name} {peer} {port} %s',
  style: 'x"} </style><style>*{display:none!important}body{background:url(http://evil.example/)}',
  prototype: '__proto__',
  override: 'photo\u202egnp.exe',
  overrides: `${'\u202e\u2067'.repeat(60)}abc 5432`,
  closers: `\u2069\u2069\u202c\u2069x\u202e5432`,
  rightToLeft: 'مرحبا بالعالم (12) שלום',
  invisible: '\u200b\u200d\ufeff\u2060\u00ad'.repeat(80),
  stacked: `Z${'\u0300\u0301\u0302\u0303\u0489'.repeat(120)}`,
  family: '👩‍👩‍👧‍👦'.repeat(180),
  joiners: `👩${'\u200d👩'.repeat(600)}`,
  unbroken: 'W'.repeat(LONGEST),
  wide: '界'.repeat(LONGEST),
  lines: 'first\r\nsecond\u2028third\u2029fourth\n'.repeat(60),
  control: 'a\u0000b\u0007\u001b[31mred\u001b]0;title\u0007\u0085\u009b2Jc',
  lone: 'half \ud83d a pair \ude00',
} as const;

export const HOSTILE_TEXTS: readonly string[] = Object.values(HOSTILE);

const hex = (index: number, digit: string): string => index.toString(16).padStart(32, digit);

/** A scene in which everything that somebody else can choose is hostile. */
export function hostileScene(): FakePorthole {
  const fake = SCENES.usual();
  const text = (index: number): string => HOSTILE_TEXTS[index % HOSTILE_TEXTS.length] ?? '';
  fake.listening = HOSTILE_TEXTS.map((name, index) => ({
    ...LISTENING[1]!,
    port: 6000 + index,
    target: String(6000 + index),
    process: { name, pid: 1 },
    label: text(index + 1),
    share: index % 2 === 0 ? hex(index, 'a') : null,
  }));
  fake.settings = {
    ...fake.settings,
    deviceName: HOSTILE.overrides,
    rendezvous: [HOSTILE.markup, HOSTILE.override],
    stun: [HOSTILE.style],
    turn: [HOSTILE.unbroken.slice(0, 200)],
    keyStorage: HOSTILE.image,
    folder: HOSTILE.overrides,
  };
  fake.setStatus({
    version: HOSTILE.script,
    deviceName: HOSTILE.override,
    rendezvous: [{ url: HOSTILE.markup, state: 'unreachable', reason: HOSTILE.script }],
    shares: HOSTILE_TEXTS.map((name, index) => ({
      ...WEB_APP,
      id: hex(index, 'a'),
      name,
      target: index % 3 === 0 ? text(index + 2) : `127.0.0.1:${3000 + index}`,
      health: index % 4 === 0 ? 'down' : 'up',
    })),
    peers: HOSTILE_TEXTS.map((name, index) => ({
      ...LAPTOP,
      id: `AAAAA-BBBBB-CCCCC-DDD${String(index).padStart(2, '0')}-A`,
      name,
      state: (['up', 'offline', 'connecting', 'held', 'removed'] as const)[index % 5] ?? 'up',
      obstacle: index % 7 === 1 ? 'E_IDENTITY' : null,
      route: { local: 'relay', remote: 'host', address: text(index + 3), lanes: 1 },
    })),
    forwards: HOSTILE_TEXTS.map((name, index) => ({
      ...REMOTE_DATABASE,
      share: hex(index, 'b'),
      peer: `AAAAA-BBBBB-CCCCC-DDD${String(index).padStart(2, '0')}-A`,
      name,
      peerName: text(index + 1),
      local: `127.0.0.1:${5000 + index}`,
      sharedPort: 6000 + index,
      state: (['live', 'waiting', 'down'] as const)[index % 3] ?? 'live',
    })),
  });
  fake.log(
    ...HOSTILE_TEXTS.map(entryOf),
    ...HOSTILE_TEXTS.map((each) => entryOf(`${each}: connected`.slice(0, LONGEST))),
  );
  fake.diagnostics = HOSTILE_TEXTS.join('\n');
  return fake;
}

function entryOf(text: string): LogEntry {
  return { at: '2026-11-21T14:02:11.120Z', level: 'warn', text };
}
