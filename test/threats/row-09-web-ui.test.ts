/**
 * Row 9 of the threat table, and the part of row 8 that a header decides: everything a browser can be
 * made to send to the web UI, and what others send, over raw connections. Whoever is refused gets a
 * status without a body, and no handler hears of it. What is said on a WebSocket that was let in is in
 * row-09-web-door.test.ts, what real pages try in row-09-web-pages.test.ts.
 */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { watchForLeaks } from '../support/leaks.ts';
import { dial, readToEnd } from '../support/tcp.ts';
import {
  bytesOf,
  CANARY,
  closeWebUis,
  exchange,
  getHeaders as get,
  headOf,
  keepOpen,
  startWebUi,
} from '../support/web-ui.ts';
import type { RawHead, TestUi } from '../support/web-ui.ts';

let expectNothingLeft: () => Promise<void>;

beforeAll(() => {
  expectNothingLeft = watchForLeaks();
});
afterEach(closeWebUis);
afterAll(async () => expectNothingLeft());

/** Headers of a request, changed; made for the port it goes to, and the token it may know. */
type Change = (port: number, token: string) => Readonly<Record<string, string | null>>;

const OTHER = 61_234;

/** What names the web UI wrongly, or comes from elsewhere; of a request for a file or an upgrade alike. */
const STRANGERS: Readonly<Record<string, Change>> = {
  'Host of a stranger': () => ({ Host: 'evil.example' }),
  'Host of a stranger with our port': (port) => ({ Host: `evil.example:${port}` }),
  'Host that begins like ours': (port) => ({ Host: `127.0.0.1.evil.example:${port}` }),
  'Host with a user that looks like ours': (port) => ({ Host: `127.0.0.1:${port}@evil.example` }),
  'Host with a trailing dot': (port) => ({ Host: `localhost.:${port}` }),
  'Host in capitals': (port) => ({ Host: `LOCALHOST:${port}` }),
  'Host without a port': () => ({ Host: '127.0.0.1' }),
  'Host with another port': () => ({ Host: `127.0.0.1:${OTHER}` }),
  'Host with the port spelled otherwise': (port) => ({ Host: `127.0.0.1:0${port}` }),
  'Host below localhost': (port) => ({ Host: `laptop.localhost:${port}` }),
  'Host in another spelling of 127.0.0.1': (port) => ({ Host: `127.1:${port}` }),
  'Host 0.0.0.0': (port) => ({ Host: `0.0.0.0:${port}` }),
  'Host ::1 without brackets': (port) => ({ Host: `::1:${port}` }),
  'Host ::1 written out': (port) => ({ Host: `[0:0:0:0:0:0:0:1]:${port}` }),
  'Host 127.0.0.1 mapped into IPv6': (port) => ({ Host: `[::ffff:127.0.0.1]:${port}` }),
  'Host that is empty': () => ({ Host: '' }),
  'Origin null': () => ({ Origin: 'null' }),
  'Origin that is empty': () => ({ Origin: '' }),
  'Origin of a stranger': () => ({ Origin: 'https://evil.example' }),
  'Origin of another port': () => ({ Origin: `http://127.0.0.1:${OTHER}` }),
  'Origin without the port': () => ({ Origin: 'http://127.0.0.1' }),
  'Origin over https': (port) => ({ Origin: `https://127.0.0.1:${port}` }),
  'Origin localhost to Host 127.0.0.1': (port) => ({ Origin: `http://localhost:${port}` }),
  'Origin 127.0.0.1 to Host localhost': (port) => ({
    Host: `localhost:${port}`,
    Origin: `http://127.0.0.1:${port}`,
  }),
  'Origin with a path': (port) => ({ Origin: `http://127.0.0.1:${port}/` }),
  'Origin of a device’s site': (port) => ({ Origin: `http://laptop.localhost:${port}` }),
  'Sec-Fetch-Site same-site, another port': () => ({ 'Sec-Fetch-Site': 'same-site' }),
  'Sec-Fetch-Site cross-site': () => ({ 'Sec-Fetch-Site': 'cross-site' }),
  'Sec-Fetch-Site unheard of': () => ({ 'Sec-Fetch-Site': 'same-origin-ish' }),
  'Sec-Fetch-Site same-origin and more': () => ({ 'Sec-Fetch-Site': 'same-origin, cross-site' }),
  'a body': () => ({ 'Content-Length': '2' }),
  'a body in pieces': () => ({ 'Transfer-Encoding': 'chunked' }),
  Range: () => ({ Range: 'bytes=0-10' }),
  'a body after being asked for it': () => ({ Expect: '100-continue', 'Content-Length': '2' }),
  'an expectation nobody can meet': () => ({ Expect: 'the-unexpected' }),
};

/** The same hosts as pages of theirs see them, after DNS rebinding: `Origin` fits. */
const REBOUND: Readonly<Record<string, Change>> = Object.fromEntries(
  Object.entries(STRANGERS)
    .filter(([name]) => name.startsWith('Host'))
    .map(([name, change]) => [
      `${name}, and the Origin that fits`,
      (port: number, token: string) => {
        const { Host = null } = change(port, token);
        return { Host, Origin: `http://${Host}`, 'Sec-Fetch-Site': 'same-origin' };
      },
    ]),
);

/** What is wrong with the whole head. */
const HEADS: Readonly<Record<string, (port: number, token: string) => RawHead>> = {
  'POST of a form': (port) => [
    'POST / HTTP/1.1',
    `Host: 127.0.0.1:${port}`,
    `Origin: http://127.0.0.1:${OTHER}`,
    'Content-Type: application/x-www-form-urlencoded',
    'Content-Length: 2',
  ],
  'POST of plain text': (port) => [
    'POST /calls HTTP/1.1',
    `Host: 127.0.0.1:${port}`,
    'Content-Type: text/plain',
    'Content-Length: 2',
  ],
  'POST of JSON by our own page': (port, token) => [
    'POST /calls HTTP/1.1',
    `Host: 127.0.0.1:${port}`,
    `Origin: http://127.0.0.1:${port}`,
    'Sec-Fetch-Site: same-origin',
    `Authorization: Bearer ${token}`,
    'Content-Type: application/json',
    'Content-Length: 2',
  ],
  'POST that waits to be asked for its body': (port) => [
    'POST / HTTP/1.1',
    `Host: 127.0.0.1:${port}`,
    'Expect: 100-continue',
    'Content-Length: 1000000000',
  ],
  'a preflight': (port) => [
    'OPTIONS /calls HTTP/1.1',
    `Host: 127.0.0.1:${port}`,
    `Origin: http://127.0.0.1:${OTHER}`,
    'Access-Control-Request-Method: POST',
    'Access-Control-Request-Private-Network: true',
  ],
  ...Object.fromEntries(
    ['HEAD', 'PUT', 'DELETE', 'PATCH', 'TRACE', 'PROPFIND'].map((method) => [
      method,
      (port: number): RawHead => [`${method} / HTTP/1.1`, `Host: 127.0.0.1:${port}`],
    ]),
  ),
  CONNECT: (port) => [`CONNECT 127.0.0.1:${port} HTTP/1.1`, `Host: 127.0.0.1:${port}`],
  'no Host': () => ['GET / HTTP/1.1'],
  'no Host, as HTTP/1.0 allows': () => ['GET / HTTP/1.0'],
  'two Hosts': (port) => ['GET / HTTP/1.1', `Host: 127.0.0.1:${port}`, 'Host: evil.example'],
  'two Hosts, the second ours': (port) => [
    'GET / HTTP/1.1',
    'Host: evil.example',
    `Host: 127.0.0.1:${port}`,
  ],
  'two Origins': (port) => [
    'GET / HTTP/1.1',
    `Host: 127.0.0.1:${port}`,
    `Origin: http://127.0.0.1:${port}`,
    `Origin: http://127.0.0.1:${OTHER}`,
  ],
  'an absolute form': (port) => [
    `GET http://127.0.0.1:${port}/ HTTP/1.1`,
    `Host: 127.0.0.1:${port}`,
  ],
  'an absolute form of a stranger': (port) => [
    'GET http://evil.example/ HTTP/1.1',
    `Host: 127.0.0.1:${port}`,
  ],
  'a folded header': (port) => ['GET / HTTP/1.1', `Host: 127.0.0.1:${port}`, ' evil.example'],
  'HTTP/0.9': () => ['GET /'],
  'HTTP/2 by prior knowledge': () => ['PRI * HTTP/2.0', '', 'SM'],
  'an upgrade to HTTP/2': (port) => [
    'GET / HTTP/1.1',
    `Host: 127.0.0.1:${port}`,
    'Connection: Upgrade, HTTP2-Settings',
    'Upgrade: h2c',
    'HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA',
  ],
  'too many bytes of headers': (port) => [
    'GET / HTTP/1.1',
    `Host: 127.0.0.1:${port}`,
    `Cookie: ${'x'.repeat(70_000)}`,
  ],
};

/** Paths that are no files of the page, though a careless server would find some. */
const PATHS: readonly ((token: string) => string)[] = [
  () => '/../index.html',
  () => '/..%2findex.html',
  () => '/assets/',
  () => '/assets',
  () => '/assets/../index.html',
  () => '/%69ndex.html',
  () => '//index.html',
  () => '/index.html%00',
  () => '/assets/index-abcdefgh.js.map',
  () => '/etc/passwd',
  () => '/__proto__',
  () => '/calls',
  (token) => `/?token=${token}`,
  (token) => `/${token}`,
  (token) => `/open/${token}`,
  () => '/open/',
];

const upgrade = (port: number): Readonly<Record<string, string>> => ({
  Host: `127.0.0.1:${port}`,
  Origin: `http://127.0.0.1:${port}`,
  Connection: 'Upgrade',
  Upgrade: 'websocket',
  'Sec-WebSocket-Version': '13',
  'Sec-WebSocket-Key': 'AAAAAAAAAAAAAAAAAAAAAA==',
});

/** What is wrong with an upgrade alone. */
const UPGRADES: Readonly<Record<string, Change>> = {
  'no Origin, as programs': () => ({ Origin: null }),
  'Sec-Fetch-Site none, which no page is': () => ({ 'Sec-Fetch-Site': 'none' }),
  'an older version': () => ({ 'Sec-WebSocket-Version': '8' }),
  'no version': () => ({ 'Sec-WebSocket-Version': null }),
  'no key': () => ({ 'Sec-WebSocket-Key': null }),
  'a key that is none': () => ({ 'Sec-WebSocket-Key': 'AAAA' }),
  'another protocol': () => ({ Upgrade: 'h2c' }),
  'the token as a subprotocol': (_port, token) => ({ 'Sec-WebSocket-Protocol': token }),
  'no Host': () => ({ Host: null }),
};

/** A head with what `change` says in the place of what a browser says. */
function changed(
  line: string,
  base: (port: number) => Readonly<Record<string, string>>,
  at: TestUi,
  change: Change,
): RawHead {
  return headOf(line, { ...base(at.port), ...change(at.port, at.token) });
}

async function expectNothing(at: TestUi, bytes: string): Promise<void> {
  const { status, head, body } = await exchange(at.port, bytes);
  expect(status === 0 || (status >= 400 && status < 500)).toBe(true);
  expect(body).toBe('');
  expect(head).not.toMatch(/access-control|set-cookie|100 continue/i);
  expect(at.calls).toEqual([]);
}

describe('a request for a file', () => {
  test.each(Object.entries({ ...STRANGERS, ...REBOUND }))(
    'row 9: gets nothing with %s',
    async (_name, change) => {
      const at = await startWebUi();
      await expectNothing(at, bytesOf(changed('GET / HTTP/1.1', get, at, change), 'ab'));
    },
  );

  test.each(Object.entries(HEADS))('row 9: gets nothing as %s', async (_name, make) => {
    const at = await startWebUi();
    await expectNothing(at, bytesOf([...make(at.port, at.token), 'Connection: close'], 'ab'));
  });

  test('row 9: gets nothing for what is no file of the page', async () => {
    const at = await startWebUi();
    for (const make of PATHS) {
      const path = make(at.token);
      const { status, body } = await exchange(
        at.port,
        bytesOf(headOf(`GET ${path} HTTP/1.1`, get(at.port))),
      );
      expect([path, status, body]).toEqual([path, 404, '']);
    }
  });

  test('row 9: is refused before its body has come', async () => {
    const at = await startWebUi();
    const socket = keepOpen(dial(at.port));
    const head = ['POST / HTTP/1.1', 'Host: evil.example', 'Content-Length: 1000000'];
    socket.write(bytesOf(head));
    let text = '';
    await readToEnd(socket, (chunk) => (text += chunk.toString()));
    expect(text).toMatch(/^HTTP\/1\.1 403 /);
  });

  test('row 8: cookies of other ports are not looked at, and none is set', async () => {
    const at = await startWebUi();
    const headers = { ...get(at.port), Cookie: `token=${at.token}; ${'x'.repeat(30_000)}` };
    const { status, head } = await exchange(at.port, bytesOf(headOf('GET / HTTP/1.1', headers)));
    expect(status).toBe(200);
    expect(head).not.toMatch(/set-cookie/i);
  });

  const GOOD: Readonly<Record<string, Change>> = {
    'by address': () => ({}),
    'by name': (port) => ({ Host: `localhost:${port}` }),
    'by IPv6 address': (port) => ({ Host: `[::1]:${port}` }),
    typed: () => ({ 'Sec-Fetch-Site': 'none' }),
    'from our own page': (port) => ({
      Origin: `http://127.0.0.1:${port}`,
      'Sec-Fetch-Site': 'same-origin',
    }),
  };
  test.each(Object.entries(GOOD))(
    'row 9: %s is answered, with all that protects it',
    async (_name, change) => {
      const at = await startWebUi();
      for (const path of ['/', '/index.html', '/icon.svg', '/assets/index-abcdefgh.js']) {
        const line = `GET ${path} HTTP/1.1`;
        const { status, head, body } = await exchange(
          at.port,
          bytesOf(changed(line, get, at, change)),
        );
        expect([path, status]).toEqual([path, 200]);
        expect(body).toMatch(path === '/icon.svg' ? /^<svg/ : new RegExp(CANARY));
        for (const header of PROTECTING) expect(head).toMatch(header);
        const caching = path.startsWith('/assets/') ? /max-age=31536000, immutable/ : /no-store/;
        expect(head).toMatch(caching);
        expect(head).not.toMatch(/access-control|set-cookie/i);
      }
      expect(at.calls).toEqual([]);
    },
  );
});

const PROTECTING: readonly RegExp[] = [
  /^content-security-policy: default-src 'none'; script-src 'self'; .*frame-ancestors 'none'/m,
  /^cross-origin-opener-policy: same-origin\r$/m,
  /^cross-origin-resource-policy: same-origin\r$/m,
  /^x-content-type-options: nosniff\r$/m,
  /^referrer-policy: no-referrer\r$/m,
  /^x-frame-options: DENY\r$/m,
  /^permissions-policy: camera=\(self\), .*microphone=\(\)/m,
  /^content-type: \S+/m,
];

describe('an upgrade', () => {
  const all = { ...STRANGERS, ...REBOUND, ...UPGRADES };

  test.each(Object.entries(all))('row 9: gets nothing with %s', async (_name, change) => {
    const at = await startWebUi();
    await expectNothing(at, bytesOf(changed('GET /calls HTTP/1.1', upgrade, at, change)));
  });

  test.each([
    'POST /calls',
    'GET /',
    'GET /calls/',
    'GET /CALLS',
    'GET //calls',
    'GET /calls?token=',
  ])('row 9: gets nothing as %s', async (line) => {
    const at = await startWebUi();
    const full = line.endsWith('=') ? `${line}${at.token}` : line;
    await expectNothing(at, bytesOf(headOf(`${full} HTTP/1.1`, upgrade(at.port))));
  });

  test.each(['127.0.0.1', 'localhost', '[::1]'])(
    'row 9: of our own page at %s is let in',
    async (name) => {
      const at = await startWebUi();
      const own = { Host: `${name}:${at.port}`, Origin: `http://${name}:${at.port}` };
      const head = headOf('GET /calls HTTP/1.1', { ...upgrade(at.port), ...own });
      expect((await exchange(at.port, bytesOf(head))).status).toBe(101);
    },
  );
});
