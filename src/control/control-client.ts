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
import type { CallName, CallParams, CallResult } from '../shared/contract.ts';
import { portholeError, PortholeError, toError } from '../shared/errors.ts';
import {
  CONTROL_GREETING_MS,
  CONTROL_LINE_BYTES_MAX,
  CONTROL_TOKEN_BYTES,
} from '../shared/limits.ts';
import type { CallTalk, PortholeApi } from './api.ts';
import { readControlFile } from './control-file.ts';
import type { ControlFile } from './control-file.ts';
import { LineSocket } from './line-socket.ts';
import { OpenCall } from './open-call.ts';
import {
  checkPart,
  formatLine,
  fromWire,
  isSameSecret,
  misunderstood,
  parseLine,
  proofOf,
  ProofSchema,
  RefusalSchema,
  ReplySchema,
} from './wire.ts';
import type { Reply } from './wire.ts';

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
  readonly #calls = new Map<number, OpenCall<CallName>>();
  #nextId = 1;
  #state: State = 'greeting';
  #onGreeted: (how: Greeting | PortholeError) => void = () => {};

  /** For `connectControl`. */
  constructor(socket: Socket, { token, pid, role }: ControlFile) {
    this.#token = token;
    this.pid = pid;
    this.role = role;
    this.#lines = new LineSocket(socket, CONTROL_LINE_BYTES_MAX, {
      onLine: (line) => this.#onLine(line),
      onClose: () => this.#onClose(portholeError('E_NO_DAEMON')),
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
    this.#lines.write(formatLine({ nonce: this.#nonce }));
    const how = await greeted;
    cancelTimer();
    if (how instanceof PortholeError) throw how;
    return how;
  }

  /** Rejects with `E_NO_DAEMON` when the other process ends, or has ended, before it answers. */
  async call<Name extends CallName>(
    name: Name,
    params: CallParams<Name>,
    talk: CallTalk<Name>,
  ): Promise<CallResult<Name>> {
    if (talk.signal.aborted) throw toError(talk.signal.reason);
    if (this.#state !== 'ready') throw portholeError('E_NO_DAEMON');
    const id = this.#nextId++;
    const line = formatLine({ id, call: name, params: checkPart(name, 'params', params) });
    if (Buffer.byteLength(line) > CONTROL_LINE_BYTES_MAX) throw misunderstood('too much at once');
    const call = new OpenCall({ name, talk, onGivenUp: () => this.#giveUp(id) });
    // Nothing below looks at the type of a call before it was checked against its name.
    this.#calls.set(id, call as unknown as OpenCall<CallName>);
    this.#lines.write(line);
    return call.result;
  }

  /** Hangs up; calls still open reject with `E_NO_DAEMON`, and are aborted over there. */
  close(): void {
    this.#onClose(portholeError('E_NO_DAEMON'));
  }

  #giveUp(id: number): void {
    if (this.#calls.delete(id)) this.#lines.write(formatLine({ id, cancel: true }));
  }

  #onClose(cause: PortholeError): void {
    const greeting = this.#state === 'greeting';
    this.#state = 'closed';
    this.#lines.cut();
    // A process that hangs up before it has proved anything was none of ours, or is just ending.
    if (greeting) this.#onGreeted(cause.code === 'E_NO_DAEMON' ? 'stranger' : cause);
    const calls = [...this.#calls.values()];
    this.#calls.clear();
    for (const call of calls) call.onError(cause);
  }

  #onLine(line: string): void {
    const reply = this.#state === 'greeting' ? undefined : parseLine(ReplySchema, line);
    if (reply !== undefined) return this.#onReply(reply);
    if (this.#state === 'greeting') return this.#onGreetingLine(line);
    this.#onClose(misunderstood('a line that is no answer'));
  }

  #onGreetingLine(line: string): void {
    const refusal = parseLine(RefusalSchema, line);
    if (refusal !== undefined) return this.#onClose(fromWire(refusal.error));
    const proof = parseLine(ProofSchema, line)?.proof ?? '';
    if (!isSameSecret(proof, proofOf(this.#token, this.#nonce))) return this.close();
    this.#state = 'ready';
    this.#lines.write(formatLine({ token: this.#token }));
    this.#onGreeted('trusted');
  }

  #onReply(reply: Reply): void {
    if (!('id' in reply)) return this.#onClose(fromWire(reply.error));
    const { id } = reply;
    const call = this.#calls.get(id);
    // It was given up.
    if (call === undefined) return;
    if ('event' in reply) return call.onEvent(reply.event);
    if ('wants' in reply) {
      return call.onWanted((input) => this.#lines.write(formatLine({ id, input })));
    }
    this.#calls.delete(id);
    if ('error' in reply) return call.onError(fromWire(reply.error));
    call.onResult(reply.result);
  }
}
