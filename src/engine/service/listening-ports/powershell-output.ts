/**
 * Reads what the script of windows-ports.ts prints: an array of rows as JSON, one row alone without
 * the array (ConvertTo-Json does that), or nothing.
 */
import * as v from 'valibot';
import { portholeError } from '../../../shared/errors.ts';
import { isPort } from '../../../shared/target.ts';
import { listenAddress } from './listen-address.ts';
import { processName, type ListeningPort } from './listening-port.ts';

const Row = v.object({
  LocalAddress: v.string(),
  LocalPort: v.pipe(v.number(), v.integer(), v.check(isPort)),
  OwningProcess: v.pipe(v.number(), v.integer(), v.minValue(0)),
  ProcessName: v.nullish(v.string(), ''),
});

/** All addresses that are listened on. Rows that are none are left out; `E_PORTS_UNREADABLE` where the whole is no JSON. */
export function parsePowershell(output: string): ListeningPort[] {
  const text = output.replace(/^\uFEFF/, '').trim();
  if (text === '') return [];
  const parsed = parseJson(text);
  return (Array.isArray(parsed) ? parsed : [parsed]).flatMap(parseRow);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw portholeError('E_PORTS_UNREADABLE', { reason: 'PowerShell did not say JSON' }, { cause });
  }
}

function parseRow(value: unknown): ListeningPort[] {
  const { success, output: row } = v.safeParse(Row, value);
  if (!success) return [];
  const address = listenAddress(row.LocalAddress);
  if (address === undefined) return [];
  const process = { name: processName(row.ProcessName), pid: row.OwningProcess };
  return [{ port: row.LocalPort, address, process }];
}
