/**
 * Ten mistakes somebody could make in the engine, each of which the simulation must find.
 */
import type { PlantedFault } from './plant.ts';

export const PLANTED_FAULTS: readonly PlantedFault[] = [
  {
    name: 'a FIN or CLOSE is not kept, so not sent again',
    file: 'tunnel/outgoing-stream.ts',
    find: `    const isBehind = this.#isBehind;
    this.#keep(seq, bytes);`,
    replace: `    const isBehind = this.#isBehind;
    if (seq === 0) this.#keep(seq, bytes);`,
  },
  {
    name: 'what is not acknowledged is sent again from one frame too late',
    file: 'tunnel/outgoing-stream.ts',
    find: 'this.#again = 0;\n    this.#wantTurn();',
    replace: 'this.#again = Math.min(1, this.#kept.length);\n    this.#wantTurn();',
  },
  {
    name: 'a frame is acknowledged before those ahead of it have come',
    file: 'tunnel/incoming-stream.ts',
    find: `    this.#announcedSeq = this.nextSeq;
    return { nextSeq: this.nextSeq,`,
    replace: `    this.#announcedSeq = this.nextSeq;
    return { nextSeq: this.nextSeq + (this.waitingFrames > 0 ? 1 : 0),`,
  },
  {
    name: 'RESUME does not raise the credit',
    file: 'tunnel/dispatcher.ts',
    find: 'socket?.onPeerState(state);',
    replace: 'socket?.onPeerState({ ...state, credit: 0 });',
  },
  {
    name: 'a frame that comes twice is handed on twice',
    file: 'protocol/reassembly.ts',
    find: "if (ahead < 0) return 'duplicate';",
    replace: "if (ahead < 0) return 'next';",
  },
  {
    name: 'a lost session ends connections cleanly instead of by a reset',
    file: 'tunnel/socket-phases.ts',
    find: "'session-lost': step('finished', 'reset-local'),",
    replace: "'session-lost': step('finished', 'end-local'),",
  },
  {
    name: 'the hold goes on when the link is up again',
    file: 'link/peer-link.ts',
    find: `    this.#upSince = this.#options.clock.now();
        this.#cancelHold();`,
    replace: '    this.#upSince = this.#options.clock.now();',
  },
  {
    name: 'frames of a carrier that is not sent on any more are dropped',
    file: 'link/peer-link.ts',
    find: "onFrame(_lane: Lane, frame: Parameters<Link['onFrame']>[0]): void {",
    replace: `onFrame(_lane: Lane, frame: Parameters<Link['onFrame']>[0]): void {
    if (!(this.#link?.sending.has(_lane) ?? true)) return;`,
  },
  {
    name: 'nobody hears that a carrier is suspect',
    file: 'link/heartbeat.ts',
    find: "if (now - this.#silentSince > this.#patienceMs) this.#become('suspect');",
    replace: '',
  },
  {
    name: 'CONTROL messages are not sent again',
    file: 'link/control-stream.ts',
    find: 'for (const frame of this.#kept) this.#pass(frame);',
    replace: '',
  },
];
