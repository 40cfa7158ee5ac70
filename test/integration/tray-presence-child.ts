/**
 * Runs on a session bus of its own: starts the stand-in for a tray, asks whether there is one, and
 * prints the answer. Arguments: the folder with the tools, Python, the stand-in, and what it says.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { detectTray } from '../../src/main/tray/tray-presence.ts';

const [tools = '', python = '', script = '', host = ''] = process.argv.slice(2);
const isThere = host !== 'nobody';
const watcher = isThere
  ? spawn(python, [script, host], { stdio: ['pipe', 'pipe', 'inherit'] })
  : undefined;
if (watcher !== undefined) await once(watcher.stdout, 'data');
const env = { ...process.env, PATH: tools };
const presence = await detectTray({ env, signal: new AbortController().signal });
watcher?.stdin.end();
if (watcher !== undefined) await once(watcher, 'exit');
console.log(JSON.stringify(presence));
