/**
 * The bundled preload script, in a world that has only what a sandboxed one may use: what it gives to
 * the page, and that nothing else gets there.
 */
import { fileURLToPath } from 'node:url';
import * as vm from 'node:vm';
import { build } from 'vite';
import { beforeAll, expect, test } from 'vitest';
import { apiOfPage } from '../../../src/shared/calls/page-api.ts';
import type { PageApi } from '../../../src/shared/calls/page-api.ts';
import { CONTRACT } from '../../../src/shared/contract.ts';
import { CALL_CHANNEL, REPLY_CHANNEL } from '../../../src/shared/ipc-channels.ts';
import { quietTalk } from '../../support/quiet-talk.ts';

/** What `require` of a sandboxed preload script knows (Electron, docs/tutorial/sandbox.md). */
const MODULES = ['electron', 'events', 'timers', 'url', 'node:events', 'node:timers', 'node:url'];

interface Loaded {
  readonly required: string[];
  readonly exposed: Map<string, unknown>;
  readonly sent: { channel: string; args: unknown[] }[];
  readonly channels: string[];
  readonly ipcRenderer: object;
  reply(message: unknown): void;
}

let code = '';
let files: readonly string[] = [];

beforeAll(async () => {
  const configFile = fileURLToPath(new URL('../../../src/preload/vite.config.ts', import.meta.url));
  // Not written: the suites of other files may be reading it.
  const built = await build({ configFile, build: { write: false } });
  const [output] = Array.isArray(built) ? built : [built];
  if (output === undefined || !('output' in output)) throw new Error('nothing was built');
  files = output.output.map(({ fileName }) => fileName);
  code = output.output[0].code;
});

function load(): Loaded {
  const required: string[] = [];
  const exposed = new Map<string, unknown>();
  const sent: Loaded['sent'] = [];
  const listeners = new Map<string, (event: unknown, message: unknown) => void>();
  const ipcRenderer = {
    send: (channel: string, ...args: unknown[]) => sent.push({ channel, args }),
    on: (channel: string, listener: (event: unknown, message: unknown) => void) =>
      listeners.set(channel, listener),
  };
  const contextBridge = {
    exposeInMainWorld: (name: string, value: unknown) => exposed.set(name, value),
  };
  const world = vm.createContext({
    AbortController,
    console: {},
    require: (name: string) => {
      required.push(name);
      if (!MODULES.includes(name)) throw new Error(`a sandboxed preload script has no ${name}`);
      return name === 'electron' ? { contextBridge, ipcRenderer } : {};
    },
  });
  vm.runInContext(code, world);
  return {
    required,
    exposed,
    sent,
    channels: [...listeners.keys()],
    ipcRenderer,
    reply: (message) => listeners.get(REPLY_CHANNEL)?.({ sender: ipcRenderer }, message),
  };
}

/** Every value that can be reached from `value`. */
function* reach(value: unknown, seen = new Set()): Generator {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return;
  if (seen.has(value)) return;
  seen.add(value);
  yield value;
  for (const key of Reflect.ownKeys(value)) {
    const { value: inner } = Reflect.getOwnPropertyDescriptor(value, key) ?? {};
    yield* reach(inner, seen);
  }
}

function pageOf(loaded: Loaded): PageApi {
  return loaded.exposed.get('porthole') as PageApi;
}

const listener = { onEvent: () => undefined, onWanted: () => undefined };

test('is one file that asks for nothing but Electron', () => {
  expect(files).toEqual(['preload.cjs']);
  const { required } = load();
  expect(required).toEqual(['electron']);
  expect(code).not.toMatch(/\bimport\s*\(/);
});

test('gives the page the calls of the contract, and nothing else', () => {
  const loaded = load();
  expect([...loaded.exposed.keys()]).toEqual(['porthole']);
  expect(Object.keys(pageOf(loaded)).toSorted()).toEqual(Object.keys(CONTRACT).toSorted());
  for (const call of Object.values(pageOf(loaded))) expect(call).toBeTypeOf('function');
  expect(loaded.channels).toEqual([REPLY_CHANNEL]);
});

test('leaks nothing of Electron', () => {
  const loaded = load();
  const call = pageOf(loaded).status({}, listener);
  for (const root of [pageOf(loaded), call]) {
    for (const value of reach(root)) expect(value).not.toBe(loaded.ipcRenderer);
  }
  expect(Object.keys(call).toSorted()).toEqual(['answer', 'cancel', 'outcome']);
});

test('says what the page wants on one channel only, and only what fits the contract', async () => {
  const loaded = load();
  const page = pageOf(loaded);
  page.status({}, listener);
  page.pause({ share: null }, listener).cancel();
  const wrong = page.pause({ share: 7 } as unknown as { share: string }, listener);
  expect(await wrong.outcome).toMatchObject({ ok: false, code: 'E_CONTROL' });
  expect(new Set(loaded.sent.map(({ channel }) => channel))).toEqual(new Set([CALL_CHANNEL]));
  expect(loaded.sent.map(({ args }) => args.length)).toEqual([1, 1, 1]);
  expect(loaded.sent.map(({ args }) => JSON.parse(args[0] as string) as unknown)).toEqual([
    { id: 1, call: 'status', params: {} },
    { id: 2, call: 'pause', params: { share: null } },
    { id: 2, cancel: true },
  ]);
});

test('takes answers, and no other messages', async () => {
  const loaded = load();
  const asked = apiOfPage(pageOf(loaded)).call('ui', {}, quietTalk());
  loaded.reply({ id: 1, result: { url: 'http://evil/' } });
  loaded.reply(undefined);
  loaded.reply(JSON.stringify({ id: 1, result: { url: null } }));
  expect(await asked).toEqual({ url: null });
});
