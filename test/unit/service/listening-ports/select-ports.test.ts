/** Which of many listeners are told, and by which reader. */
import { describe, expect, it } from 'vitest';
import { selectPorts } from '../../../../src/engine/service/listening-ports/listening-port.ts';
import { listeningPorts } from '../../../../src/engine/service/listening-ports/listening-ports.ts';
import { LISTENING_PORTS_MAX } from '../../../../src/shared/limits.ts';

const NONE: ReadonlySet<number> = new Set();

function at(address: string, port = 3000) {
  return { address, port };
}

describe('several addresses of one port', () => {
  it.each([
    ['127.0.0.1', ['0.0.0.0', '127.0.0.1', '::1']],
    ['0.0.0.0', ['192.168.1.5', '::', '0.0.0.0']],
    ['::', ['::1', '::', '127.0.0.53']],
    ['::1', ['127.0.0.53', '::1', 'fe80::1%lo0']],
    ['127.0.0.53', ['192.168.1.5', '127.0.0.53']],
    ['192.168.1.5', ['192.168.1.5', '10.0.0.1']],
  ])('become %s', (nearest, addresses) => {
    expect(
      selectPorts(
        addresses.map((address) => at(address)),
        NONE,
      ),
    ).toEqual([at(nearest)]);
  });

  it('of equal ones the first is kept', () => {
    const both = [
      { ...at('::'), inode: '1' },
      { ...at('::'), inode: '2' },
    ];
    expect(selectPorts(both, NONE)).toEqual(both.slice(0, 1));
  });
});

describe('the ports that are told', () => {
  it('are in order, without those that are left out and those that are none', () => {
    const found = [9000, 22, 3000, 0, 65_536, 5432].map((port) => at('::1', port));
    const ports = selectPorts(found, new Set([3000, 1])).map(({ port }) => port);
    expect(ports).toEqual([22, 5432, 9000]);
  });

  it('are bounded in number, the lowest ones', () => {
    const found = Array.from({ length: 5000 }, (_none, index) => at('::1', 6000 - index));
    const ports = selectPorts(found, NONE).map(({ port }) => port);
    expect(ports).toHaveLength(LISTENING_PORTS_MAX);
    expect(ports[0]).toBe(1001);
  });
});

describe('the reader', () => {
  it('is the one of the platform, and hears what to leave out', async () => {
    const found = { ...at('::1'), process: null };
    const except = new Set([80]);
    const told = await listeningPorts({
      platform: 'win32',
      except,
      readers: {
        linux: async () => [],
        win32: async (query) => (query.except === except ? [found] : []),
      },
    });
    expect(told).toEqual([found]);
  });

  it('is missing on other systems', async () => {
    await expect(listeningPorts({ platform: 'aix' })).rejects.toMatchObject({
      code: 'E_PORTS_UNREADABLE',
    });
  });

  it('is not asked by who has given up already', async () => {
    const reason = new Error('given up');
    const asked = listeningPorts({
      signal: AbortSignal.abort(reason),
      platform: 'linux',
      readers: { linux: async () => [] },
    });
    await expect(asked).rejects.toBe(reason);
  });
});
