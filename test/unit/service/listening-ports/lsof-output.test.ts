/** What lsof prints, as on a developer's Mac and as on none. */
import { describe, expect, it } from 'vitest';
import { parseLsof } from '../../../../src/engine/service/listening-ports/lsof-output.ts';
import { PROCESS_NAME_BYTES_MAX } from '../../../../src/shared/limits.ts';

const MAC = String.raw`p512
cControlCenter
f9
tIPv4
n*:7000
f10
tIPv6
n*:7000
p640
crapportd
f4
tIPv4
n*:49152
p2210
cGoogle\x20Chrome\x20Helper
f31
tIPv6
n[::1]:9222
f32
tIPv4
n127.0.0.1:9222
p3301
cnode
f23
tIPv6
n[::1]:5173
f24
tIPv6
n[fe80::1%lo0]:5174
`;

function address(written: string, type = 'IPv6') {
  const [found] = parseLsof(`p1\ncnode\nt${type}\nn${written}\n`);
  return found && [found.address, found.port];
}

function name(command: string) {
  return parseLsof(`p1\nc${command}\ntIPv4\nn*:80\n`)[0]?.process?.name;
}

describe('the output of lsof', () => {
  it('is read as a Mac prints it', () => {
    const rows = parseLsof(MAC).map(
      (found) => `${found.process?.pid} ${found.process?.name} ${found.address} ${found.port}`,
    );
    expect(rows).toEqual([
      '512 ControlCenter 0.0.0.0 7000',
      '512 ControlCenter :: 7000',
      '640 rapportd 0.0.0.0 49152',
      '2210 Google Chrome Helper ::1 9222',
      '2210 Google Chrome Helper 127.0.0.1 9222',
      '3301 node ::1 5173',
      '3301 node fe80::1%lo0 5174',
    ]);
  });

  it.each([
    ['[::ffff:127.0.0.1]:80', '127.0.0.1'],
    ['[0:0:0:0:0:0:0:1]:80', '::1'],
    ['[2001:DB8::0:1]:80', '2001:db8::1'],
    ['*:80', '::'],
  ])('has the address %s', (written, meant) => {
    expect(address(written)).toEqual([meant, 80]);
  });

  it.each([
    '',
    '*',
    '*:',
    '*:*',
    '*:0',
    '*:65536',
    '*:-1',
    '*:http',
    '127.0.0.1',
    '127.0.0.1:80->10.0.0.1:99',
    '1.2.3.4.5:80',
    'localhost:80',
    '[::1:80',
    '[]:80',
    `[fe80::1%${'x'.repeat(10_000)}]:80`,
    '\u202e*:80',
  ])('leaves out the address %j', (written) => {
    expect(address(written)).toBeUndefined();
  });

  it('leaves out a wildcard of no type', () => {
    expect(address('*:80', 'unix')).toBeUndefined();
  });

  it.each(['', '\n\n', 'garbage', 'COMMAND PID USER', 'n', 'p\nc\nt\nn', '\u0000'.repeat(10_000)])(
    'says nothing: %j',
    (output) => {
      expect(parseLsof(output)).toEqual([]);
    },
  );

  it.each(['px', 'p', 'p99999999999', ''])('has no process: %j', (line) => {
    expect(parseLsof(`p7\ncnode\n${line}\ntIPv4\nn*:80`).at(-1)?.process?.pid).toBe(
      line === '' ? 7 : undefined,
    );
  });

  it.each([
    [String.raw`caf\xc3\xa9\x20\xe4\xb8\xad`, 'café 中'],
    [String.raw`a\x1b[31mb\x07`, 'a [31mb'],
    [String.raw`a\xe2\x80\xaeb`, 'ab'],
    ['a\u202e\u2066b\r', 'ab'],
    [String.raw`\xff\xfe`, '\ufffd\ufffd'],
    ['<img src=x onerror=alert(1)>', '<img src=x onerror=alert(1)>'],
    ['x'.repeat(10_000), 'x'.repeat(PROCESS_NAME_BYTES_MAX)],
  ])('has a name fit to be shown: %j', (command, shown) => {
    expect(name(command)).toBe(shown);
  });
});
