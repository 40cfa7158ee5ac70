/**
 * Talks to the process that keeps a data folder, over its control socket.
 *
 * Invariant: nothing is asked of, and no token shown to, a process that has not proved that it is
 * the one that wrote control.json. When the connection ends, every open call rejects.
 */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { connect } from 'node:net';
import { systemClock } from '../engine/system-clock.ts';
import type { Clock } from '../shared/clock.ts';
import type { CallTalk, PortholeApi } from '../shared/calls/api.ts';
import { CallClient } from '../shared/calls/call-client.ts';
import { fromWire, misunderstood, parseMessage, RefusalSchema } from '../shared/calls/messages.ts';
import type { CallParams, CallResult, EngineCallName } from '../shared/contract.ts';
import { portholeError, PortholeError } from '../shared/errors.ts';
import {
  CONTROL_GREETING_MS,
  CONTROL_ANSWER_BYTES_MAX,
  CONTROL_TOKEN_BYTES,
} from '../shared/limits.ts';
import { readControlFile } from './control-file.ts';
import type { ControlFile } from './control-file.ts';
import { LineSocket } from './line-socket.ts';
import { isSameSecret, proofOf, ProofSchema } from './wire.ts';

/**
 * A client of the process that keeps `dataDir`; `undefined` when none does. Throws `E_CONTROL` when
 * it does not answer in CONTROL_GREETING_MS or turns this client down.
 */
export async function connectControl(
  dataDir: string,
  clock: Clock = systemClock,
): Promise<ControlClient | undefined> {
  const file = readControlFile(dataDir);
  const socket = file === undefined ? undefined : await open(file.address);
  if (file === undefined || socket === undefined) return undefined;
  const client = new ControlClient(socket, file);
  return (await client.greet(clock)) === 'trusted' ? client : undefined;
}

/** `undefined` when nobody listens there. */
async function open(address: string): Promise<Socket | undefined> {
  const socket = connect({ path: address });
  try {
    await once(socket, 'connect');
    return socket;
  } catch {
    return undefined;
  }
}

type State = 'greeting' | 'ready' | 'closed';

/** How a greeting ended: that process is the right one, or it is none of ours. */
type Greeting = 'trusted' | 'stranger';

export class ControlClient implements PortholeApi {
  /** Process id of the other end. */
  readonly pid: number;
  readonly role: ControlFile['role'];
  readonly #lines: LineSocket;
  readonly #token: string;
  readonly #nonce = randomBytes(CONTROL_TOKEN_BYTES).toString('base64url');
  readonly #calls: CallClient;
  #state: State = 'greeting';
  #onGreeted: (how: Greeting | PortholeError) => void = () => {};

  /** For `connectControl`. */
  constructor(socket: Socket, { token, pid, role }: ControlFile) {
    this.#token = token;
    this.pid = pid;
    this.role = role;
    this.#lines = new LineSocket(socket, CONTROL_ANSWER_BYTES_MAX, {
      onLine: (line) => this.#onLine(line),
      onClose: () => this.#onClose(portholeError('E_NO_DAEMON')),
    });
    this.#calls = new CallClient({
      send: (message) => this.#lines.write(`${message}\n`),
      onRefused: (cause) => this.#onClose(cause),
    });
  }

  /** For `connectControl`: before it has resolved with `trusted` nothing may be called. */
  async greet(clock: Clock): Promise<Greeting> {
    const greeted = new Promise<Greeting | PortholeError>((resolve) => {
      this.#onGreeted = resolve;
    });
    const cancelTimer = clock.after(CONTROL_GREETING_MS, () =>
      this.#onClose(misunderstood('it does not answer')),
    );
    this.#lines.write(`${JSON.stringify({ nonce: this.#nonce })}\n`);
    const how = await greeted;
    cancelTimer();
    if (how instanceof PortholeError) throw how;
    return how;
  }

  /** Rejects with `E_NO_DAEMON` when the other process ends, or has ended, before it answers. */
  async call<Name extends EngineCallName>(
    name: Name,
    params: CallParams<Name>,
    talk: CallTalk<Name>,
  ): Promise<CallResult<Name>> {
    if (this.#state === 'greeting') throw portholeError('E_NO_DAEMON');
    return await this.#calls.call(name, params, talk);
  }

  /** Hangs up; calls still open reject with `E_NO_DAEMON`, and are aborted over there. */
  close(): void {
    this.#onClose(portholeError('E_NO_DAEMON'));
  }

  #onClose(cause: PortholeError): void {
    const greeting = this.#state === 'greeting';
    this.#state = 'closed';
    this.#lines.cut();
    // A process that hangs up before it has proved anything was none of ours, or is just ending.
    if (greeting) this.#onGreeted(cause.code === 'E_NO_DAEMON' ? 'stranger' : cause);
    this.#calls.close(cause);
  }

  #onLine(line: string): void {
    if (this.#state === 'greeting') this.#onGreetingLine(line);
    else this.#calls.onMessage(line);
  }

  #onGreetingLine(line: string): void {
    const refusal = parseMessage(RefusalSchema, line);
    if (refusal !== undefined) return this.#onClose(fromWire(refusal.error));
    const proof = parseMessage(ProofSchema, line)?.proof ?? '';
    if (!isSameSecret(proof, proofOf(this.#token, this.#nonce))) return this.close();
    this.#state = 'ready';
    this.#lines.write(`${JSON.stringify({ token: this.#token })}\n`);
    this.#onGreeted('trusted');
  }
}
