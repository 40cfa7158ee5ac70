/**
 * `porthole rendezvous` as a process: what it prints, its health, TLS, and how it ends.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';

import { createLog, logCounts } from '../../src/cli/rendezvous-log.ts';
import type { RendezvousCounts } from '../../src/engine/signaling/rendezvous-server.ts';
import { EXIT_DEADLINE_MS, RENDEZVOUS_LOG_MS } from '../../src/shared/limits.ts';
import { Command, endCommands } from '../support/command.ts';
import { watchForLeaks } from '../support/leaks.ts';
import {
  closeAll,
  endpointOf,
  HandClock,
  Joiner,
  remoteSharer,
} from '../support/pairing-computers.ts';
import { Child } from '../support/processes.ts';

const pairingChild = fileURLToPath(new URL('../support/remote-pairing-child.ts', import.meta.url));

let folder = '';
let expectNothingLeft: () => Promise<void>;

beforeAll(() => {
  expectNothingLeft = watchForLeaks();
  folder = mkdtempSync(join(tmpdir(), 'porthole-rendezvous-'));
});

afterEach(async () => {
  await closeAll();
  await endCommands();
});

afterAll(async () => {
  rmSync(folder, { recursive: true });
  await expectNothingLeft();
});

interface Pem {
  readonly cert: string;
  readonly key: string;
}

/** A certificate that signs itself, for localhost, made by OpenSSL. */
function makeCertificate(name: string): Pem {
  const files = { cert: join(folder, `${name}.crt`), key: join(folder, `${name}.key`) };
  const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'];
  const names = ['-subj', `/CN=${name}`, '-addext', 'subjectAltName=DNS:localhost'];
  const out = ['-keyout', files.key, '-out', files.cert];
  execFileSync('openssl', ['req', '-x509', ...kind, ...names, ...out], { stdio: 'ignore' });
  return files;
}

/** Starts one on a free port; resolves with the URL it tells. */
async function start(...args: readonly string[]): Promise<{ command: Command; url: string }> {
  const command = Command.start(['rendezvous', '--listen', '127.0.0.1:0', '--json', ...args]);
  const { url } = await command.event('rendezvous');
  return { command, url: String(url) };
}

/** The lines of its log; throws when one is no JSON. */
function logOf({ stderr }: { readonly stderr: string }): Record<string, unknown>[] {
  const lines = stderr.split('\n').slice(0, -1);
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
}

async function pairThrough(url: string, env: NodeJS.ProcessEnv = {}) {
  const child = Child.start({
    name: 'the pairing',
    command: process.execPath,
    args: ['--import', 'tsx', pairingChild, url],
    env: { ...process.env, ...env },
  });
  const outcome = await child.event('outcome');
  await child.exited;
  return outcome;
}

describe('porthole rendezvous', () => {
  test('tells where it listens, is healthy, and ends on SIGTERM', async () => {
    const { command, url } = await start();
    expect(url).toMatch(/^ws:\/\/127\.0\.0\.1:\d+$/);
    const health = await fetch(`${url.replace('ws', 'http')}/health`);
    expect(await health.json()).toMatchObject({ status: 'ok', rooms: 0, connections: 0 });
    const end = await command.endBy('SIGTERM');
    expect(end).toMatchObject({ code: 0, signal: null });
    expect(command.events()).toEqual([{ event: 'rendezvous', url }]);
    const log = logOf(end);
    expect(log.map(({ msg }) => msg)).toEqual(['listening', 'ended']);
    for (const { time } of log) expect(Date.parse(String(time))).not.toBeNaN();
  });

  test('carries a pairing, says goodbye, and logs nothing about it', async () => {
    const { command, url } = await start();
    const { port } = new URL(url);
    const sharer = await remoteSharer(Number(port));
    const joiner = new Joiner();
    await joiner.claim({ ...sharer.invite, endpoints: [endpointOf(Number(port))] });
    expect((await sharer.answers.next()).by).toEqual(joiner.identity.publicKey);
    const end = await command.endBy('SIGTERM');
    expect(end.code).toBe(0);
    expect(end.ms).toBeLessThan(EXIT_DEADLINE_MS + 5000);
    const lost = await sharer.server.states.next();
    expect(lost.kind === 'unreachable' && lost.error.message).toContain('it was stopped');
    const tag = Buffer.from(sharer.room.keys.room);
    for (const form of [tag.toString('base64url'), tag.toString('hex')]) {
      expect(end.stderr + end.stdout).not.toContain(form);
    }
    expect(logOf(end).map(({ msg }) => msg)).toEqual(['listening', 'ended']);
  });

  test('a person reads a sentence', async () => {
    const command = Command.start(['rendezvous', '--listen', '127.0.0.1:0']);
    await command.printed(/^The rendezvous server listens on ws:\/\/127\.0\.0\.1:\d+\./);
    expect((await command.endBy('SIGINT')).code).toBe(0);
  });

  test('without a certificate SIGHUP ends it, as it ends every command', async () => {
    const { command } = await start();
    expect((await command.endBy('SIGHUP')).code).toBe(0);
  });

  test('wss: a pairing by those who trust the certificate, and by nobody else', async () => {
    const { cert, key } = makeCertificate('trusted');
    const { command, url } = await start('--cert', cert, '--key', key);
    expect(url).toMatch(/^wss:\/\/localhost:\d+$/);
    // localhost may be ::1 first; the server listens on 127.0.0.1.
    const trusting = await pairThrough(url, {
      NODE_EXTRA_CA_CERTS: cert,
      NODE_OPTIONS: '--dns-result-order=ipv4first',
    });
    expect(trusting).toMatchObject({
      hosting: 'open',
      joining: 'claimed',
      answer: 'answer to offer 1',
    });
    const doubting = await pairThrough(url, { NODE_OPTIONS: '--dns-result-order=ipv4first' });
    expect(doubting['hosting']).toContain('its certificate is not trusted');
    expect(doubting['joining']).toContain('its certificate is not trusted');
    expect((await command.endBy('SIGTERM')).code).toBe(0);
  });

  test('wss: SIGHUP reads the certificate again, and keeps the old one if it is bad', async () => {
    const { cert, key } = makeCertificate('first');
    const { command, url } = await start('--cert', cert, '--key', key);
    const next = makeCertificate('second');
    const trustingNext = {
      NODE_EXTRA_CA_CERTS: next.cert,
      NODE_OPTIONS: '--dns-result-order=ipv4first',
    };
    expect((await pairThrough(url, trustingNext))['hosting']).not.toBe('open');
    execFileSync('cp', [next.key, key]);
    command.kill('SIGHUP');
    await command.printed(/E_CERTIFICATE/, 'stderr');
    execFileSync('cp', [next.cert, cert]);
    command.kill('SIGHUP');
    await command.printed(/certificate read again/, 'stderr');
    expect((await pairThrough(url, trustingNext))['hosting']).toBe('open');
    expect((await command.endBy('SIGTERM')).code).toBe(0);
  });

  test.each<[string, () => string[], string, number, string]>([
    ['a port that is none', () => ['--listen', '127.0.0.1:99999'], 'E_USAGE', 2, '--listen takes'],
    ['a host without a port', () => ['--listen', 'example.org'], 'E_USAGE', 2, '--listen takes'],
    ['an address of another computer', () => ['--listen', '192.0.2.1:0'], 'E_LISTEN', 1, 'no such'],
    ['a certificate without a key', () => ['--cert', 'x'], 'E_USAGE', 2, 'need each other'],
    ['a missing certificate', () => pem(join(folder, 'no'), 'x'), 'E_CERTIFICATE', 1, 'not there'],
    [
      'no certificate',
      () => pem('package.json', 'package.json'),
      'E_CERTIFICATE',
      1,
      'is no certificate',
    ],
    ['a key that is none', badKey, 'E_CERTIFICATE', 1, 'is no private key'],
    ['a key of another one', otherKey, 'E_CERTIFICATE', 1, 'does not belong'],
  ])('%s', async (_what, args, code, status, reason) => {
    const listen = ['--listen', '127.0.0.1:0'];
    const command = Command.start(['rendezvous', ...listen, ...args(), '--json']);
    const end = await command.end();
    expect(end.code).toBe(status);
    const [event] = command.events();
    expect(event).toMatchObject({ event: 'error', code });
    expect(event?.['message']).toMatch(new RegExp(reason));
  });

  test('a port that is taken', async () => {
    const { url } = await start();
    const { port } = new URL(url);
    const second = Command.start(['rendezvous', '--listen', `127.0.0.1:${port}`, '--json']);
    expect((await second.end()).code).toBe(1);
    expect(second.events()[0]).toMatchObject({ code: 'E_LISTEN' });
  });
});

function pem(cert: string, key: string): string[] {
  return ['--cert', cert, '--key', key];
}

function badKey(): string[] {
  const { cert } = makeCertificate('one');
  return pem(cert, cert);
}

function otherKey(): string[] {
  return pem(makeCertificate('one').cert, makeCertificate('two').key);
}

describe('the log of counts', () => {
  test('is written once a minute at most, and only when something happened', () => {
    const clock = new HandClock();
    const lines: string[] = [];
    const log = createLog({ write: (line) => lines.push(line) });
    let counts: RendezvousCounts = { hosts: 0, guests: 0, messages: 0, refused: 0 };
    const stop = logCounts({ log, clock, load: () => ({ rooms: 1, connections: 2, counts }) });
    clock.turn(RENDEZVOUS_LOG_MS);
    expect(lines).toEqual([]);
    counts = { hosts: 1, guests: 2, messages: 5, refused: 0 };
    clock.turn(RENDEZVOUS_LOG_MS - 1);
    expect(lines).toEqual([]);
    clock.turn(1);
    counts = { hosts: 1, guests: 3, messages: 5, refused: 0 };
    clock.turn(RENDEZVOUS_LOG_MS);
    clock.turn(RENDEZVOUS_LOG_MS);
    const told = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(told).toMatchObject([
      { msg: 'counts', rooms: 1, connections: 2, hosts: 1, guests: 2, messages: 5, refused: 0 },
      { msg: 'counts', hosts: 0, guests: 1, messages: 0, refused: 0 },
    ]);
    stop();
    expect(clock.next()).toBeUndefined();
  });
});
