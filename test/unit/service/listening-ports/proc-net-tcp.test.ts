/** Rows of /proc/net/tcp and tcp6 as kernels print them, and as none does. */
import { describe, expect, it } from 'vitest';
import { parseProcNetTcp } from '../../../../src/engine/service/listening-ports/proc-net-tcp.ts';

const REST = '00000000:00000000 00:00000000 00000000  1000        0 41234 1 ffff8881 100 0 0 10 0';
const NOBODY = '00000000:0000';
const NOBODY_6 = '00000000000000000000000000000000:0000';

function row(local: string, { remote = NOBODY, state = '0A', rest = REST } = {}): string {
  return `   7: ${local} ${remote} ${state} ${rest}`;
}

function row6(local: string): string {
  return row(local, { remote: NOBODY_6 });
}

describe('a row of a socket that listens', () => {
  it.each([
    ['loopback', row('0100007F:1F90'), '127.0.0.1', 8080],
    ['all addresses', row('00000000:0016'), '0.0.0.0', 22],
    ['the highest port', row('0501A8C0:FFFF'), '192.168.1.5', 65_535],
    ['::', row6('00000000000000000000000000000000:0BB8'), '::', 3000],
    ['::1', row6('00000000000000000000000001000000:1435'), '::1', 5173],
    ['IPv4-mapped', row6('0000000000000000FFFF00000100007F:1F90'), '127.0.0.1', 8080],
    ['IPv4-mapped, all', row6('0000000000000000FFFF000000000000:1F90'), '0.0.0.0', 8080],
    ['link-local', row6('000080FE00000000FF005450563412FE:01BB'), 'fe80::5054:ff:fe12:3456', 443],
    ['global', row6('B80D0120000000000000000001000000:0050'), '2001:db8::1', 80],
  ])('%s', (_name, line, address, port) => {
    expect(parseProcNetTcp(line, 'LE')).toEqual([{ address, port, uid: 1000, inode: '41234' }]);
  });

  it.each([
    ['IPv4', row('7F000001:1F90'), '127.0.0.1'],
    ['IPv6', row6('20010DB8000000000000000000000001:0050'), '2001:db8::1'],
  ])('of a big-endian machine, %s', (_name, line, address) => {
    expect(parseProcNetTcp(line, 'BE')).toMatchObject([{ address }]);
  });
});

describe('what is left out', () => {
  it.each([
    ['the heading', '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when'],
    ['nothing', ''],
    ['a connection', row('0100007F:1F90', { state: '01', remote: '0100007F:C001' })],
    ['TIME_WAIT', row('0100007F:1F90', { state: '06' })],
    ['half a row', row('0100007F:1F90').slice(0, 70)],
    ['an address too short', row('00007F:1F90')],
    ['an address too long', row(`${'0'.repeat(40)}:1F90`)],
    ['letters that are no hex', row('0100007G:1F90')],
    ['an inode that is no number', row('0100007F:1F90', { rest: REST.replace('41234', 'x') })],
    ['10 kB of garbage', `\u0000\u202e${'9: '.repeat(3500)}`],
  ])('%s', (_name, line) => {
    expect(parseProcNetTcp(line, 'LE')).toEqual([]);
  });

  it('leaves the rows around it', () => {
    const table = ['garbage', row('0100007F:1F90'), 'garbage', row('0100007F:1F91'), ''].join('\n');
    expect(parseProcNetTcp(table, 'LE').map(({ port }) => port)).toEqual([8080, 8081]);
  });
});
