/** What the PowerShell script prints, and how it is started. */
import { describe, expect, it } from 'vitest';
import { parsePowershell } from '../../../../src/engine/service/listening-ports/powershell-output.ts';
import {
  powershell,
  windowsPorts,
} from '../../../../src/engine/service/listening-ports/windows-ports.ts';
import { PROCESS_NAME_BYTES_MAX } from '../../../../src/shared/limits.ts';

const NODE = '{"LocalAddress":"::","LocalPort":3000,"OwningProcess":14232,"ProcessName":"node"}';
const ZONED =
  '{"LocalAddress":"fe80::9d1c:3a4f:21b0:77aa%12","LocalPort":5357,"OwningProcess":9120,"ProcessName":"wslrelay"}';

function one(row: object): unknown {
  const full = {
    LocalAddress: '127.0.0.1',
    LocalPort: 80,
    OwningProcess: 4,
    ProcessName: 'a',
    ...row,
  };
  return parsePowershell(JSON.stringify([full]))[0];
}

describe('the output of PowerShell', () => {
  it('is an array', () => {
    expect(parsePowershell(`[${NODE},${ZONED}]\r\n`)).toEqual([
      { port: 3000, address: '::', process: { name: 'node', pid: 14_232 } },
      {
        port: 5357,
        address: 'fe80::9d1c:3a4f:21b0:77aa%12',
        process: { name: 'wslrelay', pid: 9120 },
      },
    ]);
  });

  it.each([
    ['one row, without an array', `${NODE}\r\n`],
    [
      'one row, over several lines',
      `\r\n{\r\n${NODE.slice(1, -1).replaceAll(',', ',\r\n')}\r\n}\r\n`,
    ],
    ['a byte order mark', `\uFEFF[${NODE}]\r\n`],
  ])('is %s', (_name, output) => {
    expect(parsePowershell(output)).toMatchObject([{ port: 3000, address: '::' }]);
  });

  it.each(['', '\r\n', '\uFEFF\r\n', '[]', 'null', '1', '"text"', '[[]]', '{}'])(
    'says nothing: %j',
    (output) => {
      expect(parsePowershell(output)).toEqual([]);
    },
  );

  it.each(['[', 'Get-NetTCPConnection : Access denied', '#< CLIXML <Objs>', `${NODE}${NODE}`])(
    'is no JSON: %j',
    (output) => {
      expect(() => parsePowershell(output)).toThrow(
        expect.objectContaining({ code: 'E_PORTS_UNREADABLE' }),
      );
    },
  );

  it.each([
    { LocalPort: 0 },
    { LocalPort: 65_536 },
    { LocalPort: 80.5 },
    { LocalPort: '80' },
    { LocalPort: null },
    { LocalAddress: '' },
    { LocalAddress: '*' },
    { LocalAddress: '127.0.0.1; calc' },
    { LocalAddress: 7 },
    { OwningProcess: -1 },
    { OwningProcess: 'x' },
    { ProcessName: { toString: 'x' } },
  ])('leaves out a row with %j', (field) => {
    expect(one(field)).toBeUndefined();
  });

  it('keeps the rows around one that is none', () => {
    expect(parsePowershell(`[${NODE},null,{"LocalPort":1},${ZONED}]`)).toHaveLength(2);
  });

  it.each([
    [{ ProcessName: null }, ''],
    [{ ProcessName: '記事本' }, '記事本'],
    [{ ProcessName: 'a\u202eb\u0000\nc' }, 'ab c'],
    [{ ProcessName: 'x'.repeat(10_000) }, 'x'.repeat(PROCESS_NAME_BYTES_MAX)],
  ])('has a name fit to be shown: %j', (field, name) => {
    expect(one(field)).toMatchObject({ process: { name, pid: 4 } });
  });
});

describe('PowerShell', () => {
  it('is the one of the system, without the modules of another', () => {
    const env = { SystemRoot: String.raw`D:\Win`, PSModulePath: 'x', psmodulepath: 'y', TEMP: 'z' };
    const started = powershell(env);
    expect(started.path).toBe(String.raw`D:\Win\System32\WindowsPowerShell\v1.0\powershell.exe`);
    expect(started.env).toEqual({ SystemRoot: String.raw`D:\Win`, TEMP: 'z' });
  });

  it('gets a script that no command line changes', () => {
    const { path, args } = powershell({});
    expect(path).toBe(String.raw`C:\Windows\System32\WindowsPowerShell\v1.0\powershell.exe`);
    expect(args.join(' ')).not.toMatch(/["\r\n]|\\$/);
  });

  it('is told to be missing where it is', async () => {
    await expect(
      windowsPorts({ except: new Set() }, { SystemRoot: '/nowhere' }),
    ).rejects.toMatchObject({
      code: 'E_PORTS_UNREADABLE',
      message: expect.stringContaining('ENOENT'),
    });
  });
});
