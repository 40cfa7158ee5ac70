/** Fetches through the demo's tunnel, checks every byte, and measures. */
import { Agent, get } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { portholeError } from '../shared/errors.ts';
import { DEMO_FILE_BYTES, demoBlock } from './demo-server.ts';

export interface Measured {
  /** Megabits of the file a second. */
  readonly throughputMbps: number;
  /** Median time of a small page over one connection, ms. */
  readonly rttMs: number;
}

const PAGES = 50;

/** Measures the web server behind `local` (`127.0.0.1:PORT`). */
export async function measureTunnel(local: string, signal: AbortSignal): Promise<Measured> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const fetchFrom = (path: string): Promise<IncomingMessage> => {
    return new Promise((resolve, reject) => {
      get(`http://${local}${path}`, { agent, signal }, resolve).on('error', reject);
    });
  };
  try {
    const rttMs = await medianPageTime(fetchFrom);
    const throughputMbps = await fileRate(await fetchFrom('/file'));
    return { throughputMbps: round(throughputMbps), rttMs: round(rttMs) };
  } finally {
    agent.destroy();
  }
}

async function medianPageTime(
  fetchFrom: (path: string) => Promise<IncomingMessage>,
): Promise<number> {
  const times: number[] = [];
  for (let page = 0; page < PAGES; page += 1) {
    const startedAt = performance.now();
    const response = await fetchFrom('/');
    response.resume();
    await new Promise((resolve, reject) => response.on('end', resolve).on('error', reject));
    times.push(performance.now() - startedAt);
  }
  return times.toSorted((a, b) => a - b)[PAGES / 2] as number;
}

async function fileRate(response: IncomingMessage): Promise<number> {
  const block = Buffer.from(demoBlock());
  const startedAt = performance.now();
  let received = 0;
  for await (const chunk of response) {
    requireBytesOfFile(chunk as Buffer, received, block);
    received += (chunk as Buffer).length;
  }
  if (received !== DEMO_FILE_BYTES)
    throw corrupt(`${received} of ${DEMO_FILE_BYTES} bytes arrived`);
  const seconds = (performance.now() - startedAt) / 1000;
  return (received * 8) / 1e6 / seconds;
}

function requireBytesOfFile(chunk: Buffer, offset: number, block: Buffer): void {
  for (let done = 0; done < chunk.length;) {
    const at = (offset + done) % block.length;
    const part = Math.min(chunk.length - done, block.length - at);
    if (chunk.compare(block, at, at + part, done, done + part) !== 0) {
      throw corrupt(`a wrong byte behind offset ${offset + done}`);
    }
    done += part;
  }
}

function corrupt(reason: string): Error {
  return portholeError('E_INTERNAL', { reason });
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
