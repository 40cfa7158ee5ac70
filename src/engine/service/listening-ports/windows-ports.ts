/**
 * Listening ports on Windows, from Get-NetTCPConnection.
 *
 * Whose process it is Windows tells an administrator only. What everybody may see is the session of
 * a process, so the ports of this process's session are told: those of the person at the desktop,
 * also of programs they started as an administrator, or as somebody else with runas; not those of
 * services, nor of other people who are logged in.
 */
import { win32 } from 'node:path';
import { selectPorts, type ListeningPort, type PortQuery } from './listening-port.ts';
import { parsePowershell } from './powershell-output.ts';
import { runTool } from './run-tool.ts';

/** Without a double quote, which the command line of Windows would need escaped. */
const SCRIPT = [
  "$ErrorActionPreference = 'Stop'",
  "$ProgressPreference = 'SilentlyContinue'",
  // Names beyond ASCII; a computer that allows only the constrained language keeps its code page.
  'try { [Console]::OutputEncoding = New-Object Text.UTF8Encoding $false } catch { }',
  '$session = (Get-Process -Id $PID).SessionId',
  '$names = @{}',
  'Get-Process | Where-Object { $_.SessionId -eq $session } | ForEach-Object { $names[[int]$_.Id] = $_.ProcessName }',
  [
    'Get-NetTCPConnection -State Listen -ErrorAction SilentlyContinue',
    'Where-Object { $names.ContainsKey([int]$_.OwningProcess) }',
    "Select-Object LocalAddress, LocalPort, OwningProcess, @{ Name = 'ProcessName'; Expression = { $names[[int]$_.OwningProcess] } }",
    'ConvertTo-Json -Compress',
  ].join(' | '),
].join('; ');

const POWERSHELL = ['System32', 'WindowsPowerShell', 'v1.0', 'powershell.exe'];

/** The ports that processes of this session listen on. `E_PORTS_UNREADABLE` where PowerShell fails. */
export async function windowsPorts(
  { except, signal }: PortQuery,
  env: NodeJS.ProcessEnv = process.env,
): Promise<ListeningPort[]> {
  const output = await runTool({ ...powershell(env), silentFailure: 'failure', signal });
  return selectPorts(parsePowershell(output), except);
}

/** Windows PowerShell, which is part of the system, with the script above. */
export function powershell(env: NodeJS.ProcessEnv): {
  path: string;
  args: string[];
  env: NodeJS.ProcessEnv;
} {
  return {
    path: win32.join(env['SystemRoot'] ?? String.raw`C:\Windows`, ...POWERSHELL),
    args: ['-NoLogo', '-NoProfile', '-NonInteractive', '-Command', SCRIPT],
    // Started from PowerShell 7 it would name modules that this one cannot load.
    env: Object.fromEntries(
      Object.entries(env).filter(([name]) => name.toLowerCase() !== 'psmodulepath'),
    ),
  };
}
