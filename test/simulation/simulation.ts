/**
 * The engine core of two or three devices in virtual time, under the faults of one seed, and what
 * must hold whatever happens:
 *
 *   I1  what an application receives is a prefix of what the other one sent, and all of it at a
 *       clean end
 *   I2  FIN and RST keep their place; a clean end is only seen when the other side ended; a
 *       connection is reset only when its session was rightly lost, and then at both ends
 *   I3  once the last fault is over, everything goes on within 30 s, and new connections work
 *   I4  nothing is acted on before the peer is authenticated
 *   I5  what the engine holds is bounded by the windows
 *   I6  nothing is left at the end: no timer, socket, carrier
 *   I7  the same seed makes the same trace
 */
import type { Carrier } from '../../src/engine/carrier/carrier.ts';
import { seededRandom } from '../../src/shared/random.ts';
import type { LanePurpose } from '../../src/engine/link/peer-link.ts';
import { READ_AHEAD_BYTES, WINDOW_BYTES_MAX } from '../../src/shared/limits.ts';
import { FakeDialer, type DialAnswer } from '../support/fake-dialer.ts';
import { VirtualClock } from '../support/virtual-clock.ts';
import { DeviceClock } from './device-clock.ts';
import { Conversation, Party } from './sim-conversation.ts';
import { SimPeer, type PeerState } from './sim-device.ts';
import { FaultLedger } from './sim-ledger.ts';
import type { SimEnd } from './sim-carrier.ts';
import { SimNet, type Callable } from './sim-net.ts';
import { drawPlan, type ConversationPlan, type Fault, type Plan } from './sim-plan.ts';
import { describe } from './sim-trace.ts';
import { speakOutOfTurn } from './sim-stranger.ts';

/** Progress must be back this long after the last fault, ms (I3). */
const PROGRESS_MS = 30_000;
/** A new connection may have to wait this much longer where nothing was open during the outage and nobody said that the network is back: the longest wait between two calls, and the call. */
const BACKOFF_MS = 36_000;
/** How long a probe takes. */
const PROBE_MS = 10_000;
/** All that is left of an ended run must be gone by then, ms. */
const WIND_DOWN_MS = 60_000;
/** One read of the application's on top of what the window and the read-ahead allow, bytes. */
const READ_BYTES = 65_536;

/** Silence on a link in use is noticed by then, ms: three PINGs, one second of the clock that asks, and what was still on its way. */
const NOTICE_MS = 5000;

/** What a process sent before it died arrives until then, ms after the shortest restart. */
const LAST_WORDS_MS = 100;

/** A call that nobody gives up or waits for. */
function unwatched() {
  return { signal: new AbortController().signal, onAnswered: () => undefined };
}

const NEXT_TURN = Promise.resolve();

/** One process of a device. */
class SimProcess implements Callable {
  readonly device: number;
  readonly clock: DeviceClock;
  readonly peers = new Map<number, SimPeer>();
  /** Peers that proved who they are to this process. */
  readonly authenticated = new Set<number>();

  constructor(device: number, clock: DeviceClock) {
    this.device = device;
    this.clock = clock;
  }

  onCarrier(from: number, carrier: SimEnd, purpose: LanePurpose): Promise<void> {
    const peer = this.peers.get(from);
    if (peer === undefined) throw new Error('a carrier of a device that is not there');
    return peer.onCarrier(carrier, purpose);
  }
}

export interface SimResult {
  readonly seed: number;
  readonly trace: number;
  readonly problems: readonly string[];
  readonly log: readonly string[];
  readonly conversations: number;
  readonly faults: number;
  readonly resets: number;
  /** Connections whose reset a fault excuses. */
  readonly excused: number;
  /** Times that a device came back to a session with connections open. */
  readonly resumes: number;
  readonly virtualMs: number;
}

export class Simulation {
  readonly #plan: Plan;
  readonly #virtual = new VirtualClock();
  readonly #net: SimNet;
  readonly #random: () => number;
  readonly #ledger: FaultLedger;
  readonly #processes: (SimProcess | undefined)[] = [];
  readonly #clocks: DeviceClock[] = [];
  /** Carriers of those who are not paired. */
  readonly #strangers: Carrier[] = [];
  readonly #conversations = new Map<number, Conversation>();
  readonly #problems = new Set<string>();
  readonly #log: string[] = [];
  readonly #isTraced: boolean;
  #excused = 0;
  #resumes = 0;
  #trace = 0x811c9dc5;
  #steps = 0;

  constructor(seed: number, isTraced = false) {
    this.#plan = drawPlan(seed);
    this.#isTraced = isTraced;
    this.#random = seededRandom(seed ^ 0x5eed);
    this.#ledger = new FaultLedger(this.#plan.holdMs);
    this.#net = new SimNet({
      virtual: this.#virtual,
      random: this.#random,
      path: this.#plan.path,
      signaling: this.#plan.signaling,
      log: (text) => this.#note(text),
    });
  }

  async run(): Promise<SimResult> {
    const plan = this.#plan;
    this.#note(`plan ${JSON.stringify({ ...plan, faults: undefined, conversations: undefined })}`);
    for (let device = 0; device < plan.devices; device++) this.#boot(device);
    for (const fault of plan.faults) this.#schedule(fault);
    for (const [id, conversation] of plan.conversations.entries()) {
      this.#virtual.after(conversation.at, () => this.#open(id, conversation));
    }
    try {
      await this.#until(plan.healedAt);
      await this.#recover();
      await this.#windDown();
    } catch (thrown) {
      this.#problem(String(thrown instanceof Error ? thrown.stack : thrown));
    }
    return this.#result();
  }

  #result(): SimResult {
    return {
      seed: this.#plan.seed,
      trace: this.#trace,
      problems: [...this.#problems],
      log: this.#log,
      conversations: this.#conversations.size,
      faults: this.#plan.faults.length,
      resets: [...this.#conversations.values()].filter(
        ({ opener }) => opener.local.seen === 'reset',
      ).length,
      excused: this.#excused,
      resumes: this.#resumes,
      virtualMs: this.#virtual.now(),
    };
  }

  // ── The run ─────────────────────────────────────────────────────────────────────────────────

  /** Between two instants promises go on: what a call settles reaches the engine by them. */
  async #until(end: number): Promise<void> {
    while (this.#virtual.step(end) === 'more') {
      const turns = this.#net.settled > 0 ? 12 : 2;
      this.#net.settled = 0;
      for (let turn = 0; turn < turns; turn++) await NEXT_TURN;
      if (this.#steps++ % 64 === 0) this.#checkBounds();
    }
  }

  /** I3: everything must go on now; then all applications end. */
  async #recover(): Promise<void> {
    const { nudgesWhenHealed, healedAt } = this.#plan;
    if (nudgesWhenHealed) this.#eachPeer((peer) => peer.nudge());
    const mayWait = !nudgesWhenHealed;
    await this.#until(healedAt + PROGRESS_MS);
    for (const conversation of this.#conversations.values()) this.#judge(conversation);
    if (mayWait) await this.#until(healedAt + PROGRESS_MS + BACKOFF_MS);
    const probes = this.#probe();
    await this.#until(this.#virtual.now() + PROBE_MS);
    for (const id of probes) this.#judgeProbe(id);
    this.#judgeRest();
  }

  /** I6: all is closed, and nothing is left. */
  async #windDown(): Promise<void> {
    for (const carrier of this.#strangers) carrier.close();
    this.#eachPeer((peer) => peer.close());
    await this.#until(this.#virtual.now() + WIND_DOWN_MS);
    this.#expect(this.#virtual.pendingTimers === 0, `I6 ${this.#virtual.pendingTimers} timers`);
    for (const { pendingTimers } of this.#clocks) {
      this.#expect(pendingTimers === 0, `I6 ${pendingTimers} timers of a process`);
    }
    for (const { name, isGone } of this.#net.channels) {
      this.#expect(isGone, `I6 carrier ${name} is left`);
    }
    this.#eachPeer((peer) => this.#expect(peer.liveSockets === 0, 'I6 sockets are left'));
  }

  #eachPeer(act: (peer: SimPeer) => void): void {
    for (const process of this.#processes) {
      for (const peer of process?.peers.values() ?? []) act(peer);
    }
  }

  // ── Devices ─────────────────────────────────────────────────────────────────────────────────

  #boot(device: number): void {
    const clock = new DeviceClock(this.#virtual);
    const process = new SimProcess(device, clock);
    this.#clocks.push(clock);
    this.#processes[device] = process;
    for (let peer = 0; peer < this.#plan.devices; peer++) {
      if (peer !== device) process.peers.set(peer, this.#createPeer(process, peer));
    }
    this.#net.boot(device, process);
    for (const peer of process.peers.values()) {
      clock.after(this.#random() * 300, () => peer.start());
    }
  }

  #createPeer(process: SimProcess, peer: number): SimPeer {
    const { device, clock } = process;
    const ends = { caller: process, from: device, to: peer };
    return new SimPeer({
      clock,
      random: this.#random,
      deviceId: nameOf(device),
      peerId: nameOf(peer),
      holdMs: this.#plan.holdMs[device] as number,
      duplicates: this.#plan.duplicates,
      dialer: new FakeDialer(clock, (shareId) => this.#answer(process, { peer, shareId })),
      call: (signal, onAnswered) =>
        this.#net.call({ ...ends, purpose: 'call', signal, onAnswered }),
      makeLane: (purpose) => this.#net.call({ ...ends, purpose, ...unwatched() }),
      onState: (state) => this.#onState(process, peer, state),
      onAuthenticated: () => process.authenticated.add(peer),
      onMessage: (message, carrier) => this.#record({ device, message, carrier }),
      onOver: (why) => this.#note(`device ${device}: session with ${peer} over: ${why}`),
    });
  }

  #onState({ device }: SimProcess, peer: number, state: PeerState): void {
    this.#note(`device ${device}: link to ${peer} is ${state}`);
    this.#mix(state.length);
    const at = this.#virtual.now();
    const link = this.#processes[device]?.peers.get(peer);
    if (state === 'up' && (link?.liveSockets ?? 0) > 0) this.#resumes += 1;
    const session = link?.lastSession;
    this.#ledger.onState({ pair: [device, peer], state, session, at });
  }

  // ── Faults ──────────────────────────────────────────────────────────────────────────────────

  #schedule(fault: Fault): void {
    this.#ledger.add(fault);
    this.#virtual.after(fault.at, () => {
      this.#note(`fault ${JSON.stringify(fault)}`);
      this.#begin(fault);
    });
    if (fault.forMs === 0) return;
    this.#virtual.after(fault.at + fault.forMs, () => {
      this.#note(`over: ${fault.kind}`);
      this.#end(fault);
    });
  }

  #begin(fault: Fault): void {
    switch (fault.kind) {
      case 'cut':
        this.#net.cut(fault.from, fault.to);
        if (fault.ways === 'both') this.#net.cut(fault.to, fault.from);
        return this.#expectNotice(fault);
      case 'sever':
        return this.#net.sever(fault.from, fault.to, fault.which);
      case 'crash':
        return this.#crash(fault.device);
      case 'pause':
        return this.#net.pause(fault.device, fault.how);
      case 'signaling':
        return this.#net.breakSignaling();
      case 'nudge':
        return this.#nudge(fault.devices);
      case 'clock-jump':
        return this.#processes[fault.device]?.clock.jumpWall(fault.byMs);
      case 'lane':
        return this.#addLane(fault);
      case 'stranger':
        return this.#stranger(fault.device, fault.as);
    }
  }

  #end(fault: Fault): void {
    switch (fault.kind) {
      case 'cut':
        this.#net.heal(fault.from, fault.to);
        if (fault.ways === 'both') this.#net.heal(fault.to, fault.from);
        return;
      case 'crash':
        return this.#restart(fault.device);
      case 'pause':
        this.#net.goOn(fault.device);
        return this.#nudge([fault.device]);
      case 'signaling':
        return this.#net.mendSignaling();
      case 'sever':
      case 'nudge':
      case 'clock-jump':
      case 'lane':
      case 'stranger':
        return;
    }
  }

  /** Two ends that are in use notice within seconds that they hear nothing of each other. */
  #expectNotice({ at, forMs, from, to, ways }: Extract<Fault, { kind: 'cut' }>): void {
    const isDisturbed = this.#plan.faults.some(
      (fault) =>
        (fault.kind === 'pause' || fault.kind === 'crash') &&
        fault.at <= at + NOTICE_MS &&
        fault.at + fault.forMs >= at,
    );
    if (ways === 'one' || forMs <= NOTICE_MS || isDisturbed) return;
    for (const [device, peer] of [
      [from, to],
      [to, from],
    ] as const) {
      const link = this.#processes[device]?.peers.get(peer);
      if (link === undefined || link.liveSockets === 0) continue;
      this.#virtual.after(NOTICE_MS, () => {
        const isUnaware = link.state === 'up' && link.liveSockets > 0;
        this.#expect(
          !isUnaware,
          `I3 device ${device} hears nothing of ${peer} and does not notice`,
        );
      });
    }
  }

  #crash(device: number): void {
    this.#excuseSessionsOf(device);
    this.#net.crash(device);
    this.#processes[device] = undefined;
    this.#ledger.forget(device);
  }

  #restart(device: number): void {
    if (this.#processes[device] !== undefined) return;
    // Its last words may have begun one.
    this.#excuseSessionsOf(device);
    this.#boot(device);
    this.#virtual.after(LAST_WORDS_MS, () => this.#excuseSessionsOf(device));
  }

  /** Sessions with a process that died are lost; also those that only one side knows so far. */
  #excuseSessionsOf(device: number): void {
    for (const process of this.#processes) {
      for (const [peer, { lastSession }] of process?.peers ?? []) {
        if (process?.device === device || peer === device) this.#ledger.onCrash(lastSession);
      }
    }
  }

  #nudge(devices: readonly number[]): void {
    for (const device of devices) {
      const process = this.#processes[device];
      process?.clock.deliver(() => {
        for (const peer of process.peers.values()) peer.nudge();
      });
    }
  }

  #addLane({ from, to, purpose }: Extract<Fault, { kind: 'lane' }>): void {
    const process = this.#processes[from];
    if (process?.peers.get(to)?.state !== 'up') return;
    const caller = { caller: process, from, to, purpose, ...unwatched() };
    process.clock.deliver(() => void this.#net.call(caller).catch(() => undefined));
  }

  #stranger(device: number, as: number): void {
    const clock = new DeviceClock(this.#virtual);
    const channel = this.#net.stranger(clock, { from: as, to: device });
    if (channel === undefined) return;
    this.#strangers.push(channel.ends[0]);
    speakOutOfTurn(channel.ends[0], this.#random);
  }

  // ── Applications ────────────────────────────────────────────────────────────────────────────

  #open(id: number, plan: ConversationPlan): void {
    const process = this.#processes[plan.from];
    process?.clock.deliver(() => {
      const peer = process.peers.get(plan.to) as SimPeer;
      const opener = this.#party({ id, role: 'opener', clock: process.clock, plan: plan.opener });
      const openedAt = this.#virtual.now();
      const session = peer.session;
      const conversation = new Conversation({ id, plan, opener, openedAt, session });
      this.#conversations.set(id, conversation);
      this.#note(`conversation ${id} opens ${plan.from}>${plan.to} (${plan.fate}), ${peer.state}`);
      peer.openSocket(Uint8Array.of(id >> 8, id & 0xff), opener.local);
      opener.act();
    });
  }

  #answer(process: SimProcess, dial: { peer: number; shareId: Uint8Array }): DialAnswer {
    const id = ((dial.shareId[0] as number) << 8) | (dial.shareId[1] as number);
    this.#note(`device ${process.device} dials for conversation ${id}`);
    this.#expect(process.authenticated.has(dial.peer), 'I4 dialed for nobody in particular');
    const conversation = this.#conversations.get(id);
    if (conversation?.plan.to !== process.device || conversation.plan.from !== dial.peer) {
      this.#problem(`I4 dialed for a conversation there is not: ${id}`);
      return { kind: 'not-allowed' };
    }
    const { fate, dialMs: afterMs, target: plan } = conversation.plan;
    if (fate === 'not-allowed') return { kind: 'not-allowed' };
    if (fate === 'refused') return { kind: 'failed', code: 'E_TARGET_REFUSED', afterMs };
    this.#expect(conversation.target === undefined, `I1 conversation ${id} dialed twice`);
    const target = this.#party({ id, role: 'target', clock: process.clock, plan });
    conversation.target = target;
    target.act();
    return { kind: 'connected', local: target.local, afterMs };
  }

  #party(options: Omit<ConstructorParameters<typeof Party>[0], 'report' | 'virtual'>): Party {
    const report = (problem: string): void => this.#problem(problem);
    return new Party({ ...options, virtual: this.#virtual, report });
  }

  /** A new connection each way: asks, is answered, and ends well. Returns their ids. */
  #probe(): number[] {
    const now = this.#virtual.now();
    const ids: number[] = [];
    for (let from = 0; from < this.#plan.devices; from++) {
      for (let to = 0; to < this.#plan.devices; to++) {
        if (from === to) continue;
        const act = {
          pieces: [{ at: now, length: 300 }],
          ending: 'finish',
          endsAt: now + 500,
          abortsAfterMs: 0,
          reader: 'at-once',
          readsAt: now,
        } as const;
        const id = this.#plan.conversations.length + ids.length;
        ids.push(id);
        this.#open(id, {
          at: now,
          from,
          to,
          fate: 'connects',
          dialMs: 5,
          opener: act,
          target: act,
        });
      }
    }
    return ids;
  }

  // ── What must hold ──────────────────────────────────────────────────────────────────────────

  #judgeProbe(id: number): void {
    const conversation = this.#conversations.get(id);
    this.#expect(conversation?.session !== undefined, `I3 no link for probe ${id}`);
    const strict = { mayBeReset: false, mayDropAtReset: false };
    for (const problem of conversation?.problems(strict) ?? []) this.#problem(`I3 ${problem}`);
  }

  /** All is said and done: nothing is kept any more, and the last announcements have arrived. */
  #judgeRest(): void {
    for (const process of this.#processes) {
      for (const [index, peer] of process?.peers ?? []) {
        const other = this.#processes[index]?.peers.get(process?.device ?? -1);
        const link = `of device ${process?.device} to ${index}`;
        this.#expect(peer.keptBytes === 0, `I5 the link ${link} keeps ${peer.keptBytes} bytes`);
        this.#expect(peer.liveSockets === 0, `I6 the link ${link} has sockets left`);
        this.#expect(other?.heard === peer.announced, `I3 an announcement ${link} never came`);
      }
    }
  }

  #judge(conversation: Conversation): void {
    const excuse = this.#excuse(conversation);
    if (excuse !== undefined) this.#excused += 1;
    const { plan, session } = conversation;
    const mayDropAtReset = this.#ledger.wasLongApart([plan.from, plan.to], session);
    const leniency = { mayBeReset: excuse !== undefined, mayDropAtReset };
    for (const problem of conversation.problems(leniency)) {
      this.#problem(`${problem}${excuse === undefined ? '' : ` (${excuse})`}`);
    }
  }

  /** Why this conversation may have been reset by the engine, if it may. */
  #excuse({ session }: Conversation): string | undefined {
    if (session === undefined) return 'opened without a session';
    return this.#ledger.excuseFor(session);
  }

  #checkBounds(): void {
    const most = WINDOW_BYTES_MAX + READ_AHEAD_BYTES + READ_BYTES;
    for (const conversation of this.#conversations.values()) {
      if (conversation.isOver) continue;
      this.#expect(conversation.bytesUnderWay() <= most, `I5 conversation ${conversation.id}`);
    }
  }

  #expect(holds: boolean, otherwise: string): void {
    if (!holds) this.#problem(otherwise);
  }

  #problem(problem: string): void {
    this.#note(`PROBLEM ${problem}`);
    this.#problems.add(problem);
  }

  // ── The trace ───────────────────────────────────────────────────────────────────────────────

  #record(arrival: { device: number; message: Uint8Array; carrier: string }): void {
    const { device, message, carrier } = arrival;
    for (const byte of message.subarray(0, 9)) this.#mix(byte);
    this.#mix(message.length);
    this.#mix(Math.round(this.#virtual.now() * 1000));
    this.#mix(device);
    if (this.#isTraced) this.#note(`device ${device} on ${carrier}: ${describe(message)}`);
  }

  #mix(value: number): void {
    this.#trace = Math.imul(this.#trace ^ value, 0x01000193) >>> 0;
  }

  #note(text: string): void {
    if (this.#isTraced) this.#log.push(`${this.#virtual.now().toFixed(2).padStart(10)} ${text}`);
  }
}

/** Device ids in the order of their numbers. */
function nameOf(device: number): string {
  return String.fromCodePoint(0x61 + device);
}
