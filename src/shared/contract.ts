/**
 * What one process can ask of the Porthole that keeps everything (`porthole up`, the desktop app):
 * every call with its parameters, the events it tells meanwhile, what it takes meanwhile, and its
 * result. Client, server, preload script, page and handlers derive their types from this one literal.
 * `ENGINE_CALLS` are answered by whatever keeps a data folder, `SHELL_CALLS` (shell-calls.ts) by what
 * shows a page. A feed is a call that never ends by itself and waits for an input, `more`, behind
 * every event but the first: whoever is slow gets less, and nothing piles up.
 *
 * Invariant: everything is plain JSON and is validated where it arrives; a peer is named by its
 * short device id, its name or the beginning of its id, a share by its id, name or port.
 */
import * as v from 'valibot';
import {
  LISTENING_PORTS_MAX,
  ACTIVITY_BATCH_MAX,
  SETTINGS_SERVERS_MAX,
  SETTINGS_TEXT_CHARS_MAX,
} from './limits.ts';
import { SHELL_CALLS } from './shell-calls.ts';

const text = v.pipe(v.string(), v.maxLength(4096));
const port = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(65_535));
const nothing = v.strictObject({});

/** Who may use a share: every paired device but some, or chosen ones. By device id, whole. */
export const AccessSchema = v.variant('kind', [
  v.strictObject({ kind: v.literal('everyone'), except: v.array(text) }),
  v.strictObject({ kind: v.literal('chosen'), peers: v.array(text) }),
]);
export type Access = v.InferOutput<typeof AccessSchema>;

/** `unknown` until the first probe. */
const HealthSchema = v.picklist(['unknown', 'up', 'down']);
export type Health = v.InferOutput<typeof HealthSchema>;

const ShareViewSchema = v.strictObject({
  /** 32 hexadecimal digits. */
  id: text,
  name: text,
  /** As a person writes it. */
  target: text,
  access: AccessSchema,
  health: HealthSchema,
  /**
   * `paused`: kept, offered to nobody until it is resumed. `stopped`: stored, and offered again by the
   * next command that shares it.
   */
  state: v.picklist(['live', 'paused', 'stopped']),
  /** Open through it now. */
  connections: v.number(),
});
export type ShareView = v.InferOutput<typeof ShareViewSchema>;

const PeerViewSchema = v.strictObject({
  /** Short device id. */
  id: text,
  name: text,
  /** ISO 8601. */
  pairedAt: text,
  lastSeen: v.nullable(text),
  /**
   * `held`: nothing connects the two right now, and open connections wait. `removed`: that device has
   * forgotten this one.
   */
  state: v.picklist(['offline', 'connecting', 'up', 'held', 'removed']),
  path: v.nullable(text),
  roundTripMs: v.nullable(v.number()),
  /** Part of the packets that got lost lately, 0 to 1; null while nothing was measured. */
  loss: v.nullable(v.number()),
  /** How the two reach each other; null while no carrier works. */
  route: v.nullable(
    v.strictObject({
      /** ICE candidate types (RFC 8445 §4): `host`, `srflx`, `prflx`, `relay`. */
      local: text,
      remote: text,
      /** Address and port of the other end, or of the relay. */
      address: text,
      /** PeerConnections in use. */
      lanes: v.number(),
    }),
  ),
  /** Open over its link now, held ones too. */
  connections: v.number(),
  /** What keeps it from being reached, where a person can do something about it; an error code. */
  obstacle: v.nullable(text),
  /** While `connecting` or `held`: since when, ISO 8601. */
  since: v.nullable(text),
});
export type PeerView = v.InferOutput<typeof PeerViewSchema>;

const ForwardViewSchema = v.strictObject({
  /** Id of the share. */
  share: text,
  name: text,
  /** `127.0.0.1:PORT`. */
  local: text,
  /** Short device id. */
  peer: text,
  peerName: text,
  /** Port of the target on its own computer. */
  sharedPort: port,
  /** Why the local port is what it is. */
  why: v.picklist(['same-port', 'asked-for', 'taken', 'privileged', 'own-target']),
  /**
   * `waiting`: the peer is offline or does not offer it; connections are reset at once. `down`: as
   * `live`, but the peer says that nothing answers there now; connections are tried all the same.
   */
  state: v.picklist(['live', 'down', 'waiting']),
  /** Open through it now. */
  connections: v.number(),
});
export type ForwardView = v.InferOutput<typeof ForwardViewSchema>;

const RendezvousViewSchema = v.strictObject({
  url: text,
  state: v.picklist(['connecting', 'open', 'unreachable']),
  /** A sentence for a person; empty unless it is unreachable. */
  reason: text,
});
export type RendezvousView = v.InferOutput<typeof RendezvousViewSchema>;

/** What is there: all that a menu or a page shows but settings, rates and what happened. */
const StatusViewSchema = v.strictObject({
  pid: v.number(),
  version: text,
  /** Short device id of this computer. */
  device: text,
  deviceName: text,
  /** Connections open through this process now. */
  connections: v.number(),
  /** `paused`: nobody can use any share until sharing is resumed. */
  sharing: v.picklist(['on', 'paused']),
  /** `offline`: no network is up but the loopback interface. */
  network: v.picklist(['online', 'offline']),
  rendezvous: v.array(RendezvousViewSchema),
  shares: v.array(ShareViewSchema),
  forwards: v.array(ForwardViewSchema),
  peers: v.array(PeerViewSchema),
});
export type StatusView = v.InferOutput<typeof StatusViewSchema>;

const linkState = v.picklist(['connecting', 'up', 'held', 'closed']);

/** What happens in an engine, for logs and for whoever shows it. */
const EngineEventSchema = v.variant('kind', [
  v.strictObject({
    kind: v.literal('link'),
    peer: text,
    peerName: text,
    state: linkState,
    path: text,
    /** Why it closed; empty when this side ended it, or it did not close. */
    reason: text,
  }),
  v.strictObject({ kind: v.literal('paired'), peer: text, peerName: text }),
  v.strictObject({ kind: v.literal('forward'), forward: ForwardViewSchema }),
  v.strictObject({ kind: v.literal('forward-closed'), share: text, local: text, peer: text }),
  /** The peer turned a connection of ours down. */
  v.strictObject({ kind: v.literal('refused'), peer: text, peerName: text, code: text }),
  v.strictObject({
    kind: v.literal('health'),
    share: text,
    name: text,
    target: text,
    health: HealthSchema,
  }),
  v.strictObject({
    kind: v.literal('notice'),
    level: v.picklist(['info', 'warn', 'error']),
    /** Error code, or empty. */
    code: text,
    text,
  }),
]);
export type EngineEvent = v.InferOutput<typeof EngineEventSchema>;

/** What happens on the way to a new peer. */
const PairingEventSchema = v.variant('kind', [
  /** A link, or with `offline` an offer blob: a secret, show it only to the person who asked. */
  v.strictObject({
    kind: v.literal('invite'),
    mode: v.picklist(['online', 'offline']),
    link: text,
    expiresAt: text,
  }),
  /** The answer blob to an offline offer, to be carried back. */
  v.strictObject({ kind: v.literal('answer'), blob: text }),
  v.strictObject({ kind: v.literal('connecting'), peer: text, peerName: text }),
  /** Six digits, as both sides must see them. */
  v.strictObject({ kind: v.literal('compare'), digits: text, peer: text, peerName: text }),
  v.strictObject({ kind: v.literal('warning'), text }),
]);
export type PairingEvent = v.InferOutput<typeof PairingEventSchema>;

const PairingInputSchema = v.variant('kind', [
  v.strictObject({ kind: v.literal('verdict'), match: v.boolean() }),
  v.strictObject({ kind: v.literal('answer'), blob: text }),
]);
export type PairingInput = v.InferOutput<typeof PairingInputSchema>;

const LogEntrySchema = v.strictObject({
  /** ISO 8601. */
  at: text,
  level: v.picklist(['info', 'warn', 'error']),
  text,
});
export type LogEntry = v.InferOutput<typeof LogEntrySchema>;

/** Bytes since the engine started. */
const Traffic = { received: v.number(), sent: v.number(), connections: v.number() };

/** Counters of everything, taken at one moment. Rates are differences of two samples. */
const MetricsSampleSchema = v.strictObject({
  /** Milliseconds on a clock that only goes forward. */
  at: v.number(),
  shares: v.array(v.strictObject({ id: text, ...Traffic })),
  forwards: v.array(v.strictObject({ share: text, peer: text, ...Traffic })),
  peers: v.array(
    v.strictObject({
      id: text,
      ...Traffic,
      roundTripMs: v.nullable(v.number()),
      loss: v.nullable(v.number()),
    }),
  ),
});
export type MetricsSample = v.InferOutput<typeof MetricsSampleSchema>;

const ActivitySchema = v.strictObject({
  /** Oldest first. */
  entries: v.pipe(v.array(LogEntrySchema), v.maxLength(ACTIVITY_BATCH_MAX)),
  /** Entries left out before these, because the listener was slow. */
  dropped: v.number(),
});
export type Activity = v.InferOutput<typeof ActivitySchema>;

const ListeningPortSchema = v.strictObject({
  port,
  /** As listened on. */
  address: text,
  /** What shares it: its port, or with the address where loopback does not lead there. */
  target: text,
  process: v.nullable(v.strictObject({ name: text, pid: v.number() })),
  /** What usually has this port: `Web app`, `PostgreSQL`; or empty. */
  label: text,
  /** Id of the share that leads there, if there is one. */
  share: v.nullable(text),
});
export type ListeningPort = v.InferOutput<typeof ListeningPortSchema>;

const server = v.pipe(v.string(), v.minLength(1), v.maxLength(SETTINGS_TEXT_CHARS_MAX));
const servers = v.pipe(v.array(server), v.maxLength(SETTINGS_SERVERS_MAX));

const SettingsViewSchema = v.strictObject({
  deviceName: text,
  holdSeconds: v.number(),
  rendezvous: v.array(text),
  stun: v.array(text),
  /** `turn:USER@HOST:PORT`; passwords never come back. */
  turn: v.array(text),
  discovery: v.boolean(),
  /** Null for any free port. */
  signalingPort: v.nullable(port),
  /** Whole device id of this computer. */
  deviceId: text,
  /** A sentence that says how the key of this computer is protected. */
  keyStorage: text,
  /** Data folder. */
  folder: text,
  /** Whether something that was changed takes effect only when Porthole starts again. */
  restart: v.picklist(['not-needed', 'needed']),
});
export type SettingsView = v.InferOutput<typeof SettingsViewSchema>;

/** Only what is there is changed. */
const SettingsChangeSchema = v.strictObject({
  /** Peers hear of it at once. */
  deviceName: v.exactOptional(server),
  holdSeconds: v.exactOptional(v.pipe(v.number(), v.integer())),
  rendezvous: v.exactOptional(servers),
  stun: v.exactOptional(servers),
  /** Each `turn:USER:PASSWORD@HOST:PORT`, or one that is there already, as it was shown. */
  turn: v.exactOptional(servers),
  discovery: v.exactOptional(v.boolean()),
  signalingPort: v.exactOptional(v.nullable(port)),
});
export type SettingsChange = v.InferOutput<typeof SettingsChangeSchema>;

const none = v.never();
/** Asks a feed for its next event. */
const more = v.literal('more');
const trust = v.picklist(['compare', 'trust-invite']);

/** Answered by whatever keeps a data folder, to commands and pages. */
const ENGINE_CALLS = {
  status: { params: nothing, event: none, input: none, result: StatusViewSchema },
  share: {
    params: v.strictObject({
      target: text,
      name: v.nullable(text),
      /** Chosen peers; empty for all paired devices. */
      peers: v.array(text),
      lan: v.picklist(['this-computer', 'allow-lan']),
    }),
    event: none,
    input: none,
    result: ShareViewSchema,
  },
  unshare: {
    params: v.strictObject({ share: text }),
    event: none,
    input: none,
    result: ShareViewSchema,
  },
  grant: {
    params: v.strictObject({ peer: text, share: text }),
    event: none,
    input: none,
    result: v.strictObject({ peer: PeerViewSchema, share: ShareViewSchema }),
  },
  revoke: {
    params: v.strictObject({ peer: text, share: text }),
    event: none,
    input: none,
    result: v.strictObject({ peer: PeerViewSchema, share: ShareViewSchema }),
  },
  forget: {
    params: v.strictObject({ peer: text }),
    event: none,
    input: none,
    result: PeerViewSchema,
  },
  connect: {
    params: v.strictObject({ peer: text, share: text, localPort: v.nullable(port) }),
    event: none,
    input: none,
    result: ForwardViewSchema,
  },
  disconnect: {
    /** Local address, local port, share name or share id of a forward. */
    params: v.strictObject({ forward: text }),
    event: none,
    input: none,
    result: ForwardViewSchema,
  },
  /** Makes an invite and waits for the one device that uses it. */
  invite: {
    params: v.strictObject({
      mode: v.picklist(['online', 'offline']),
      trust,
      /** Id of a share to grant to the new peer. */
      grant: v.nullable(text),
      /**
       * `all`: whatever the new peer shares becomes a forward here too, now and later.
       * @default chosen, as on a device that has a terminal to choose in
       */
      forwards: v.exactOptional(v.picklist(['all', 'chosen'])),
    }),
    event: PairingEventSchema,
    input: PairingInputSchema,
    result: PeerViewSchema,
  },
  /** Pairs with the device a link or an offer blob came from; its shares become forwards. */
  join: {
    params: v.strictObject({ code: text, trust, localPort: v.nullable(port) }),
    event: PairingEventSchema,
    input: PairingInputSchema,
    result: PeerViewSchema,
  },
  /** Never ends by itself. */
  follow: { params: nothing, event: EngineEventSchema, input: none, result: none },
  /** What happened lately; until `cancelled` it goes on. */
  logs: {
    params: v.strictObject({ until: v.picklist(['now', 'cancelled']) }),
    event: LogEntrySchema,
    input: none,
    result: nothing,
  },
  /** Feed: all there is, whenever it has changed, at most 10 times a second. */
  watch: { params: nothing, event: StatusViewSchema, input: more, result: none },
  /** Feed: counters, 4 times a second. */
  metrics: { params: nothing, event: MetricsSampleSchema, input: more, result: none },
  /** Feed: what happened lately, and goes on happening, in batches, at most 4 a second. */
  activity: { params: nothing, event: ActivitySchema, input: more, result: none },
  /** Ports that programs of this user listen on, but Porthole's own. */
  listening: {
    params: nothing,
    event: none,
    input: none,
    result: v.strictObject({
      ports: v.pipe(v.array(ListeningPortSchema), v.maxLength(LISTENING_PORTS_MAX)),
    }),
  },
  /** Offers a share, or with null all of them, to nobody until it is resumed; kept over restarts. */
  pause: {
    params: v.strictObject({ share: v.nullable(text) }),
    event: none,
    input: none,
    result: nothing,
  },
  resume: {
    params: v.strictObject({ share: v.nullable(text) }),
    event: none,
    input: none,
    result: nothing,
  },
  /** Calls a peer now, without waiting for the next try; what is up has to prove itself. */
  reconnect: {
    params: v.strictObject({ peer: text }),
    event: none,
    input: none,
    result: PeerViewSchema,
  },
  /** Calls a peer by another name on this computer; empty for the name it has itself. */
  rename: {
    params: v.strictObject({ peer: text, name: text }),
    event: none,
    input: none,
    result: PeerViewSchema,
  },
  settings: { params: nothing, event: none, input: none, result: SettingsViewSchema },
  /** Rejects with E_USAGE, and then nothing is changed. */
  changeSettings: {
    params: SettingsChangeSchema,
    event: none,
    input: none,
    result: SettingsViewSchema,
  },
  /** A backup of identity and paired devices, as `porthole export` writes it. */
  backup: {
    params: v.strictObject({ passphrase: text }),
    event: none,
    input: none,
    result: v.strictObject({ backup: v.string() }),
  },
  /** What there is and what happened lately, as text for a bug report, without secrets, names and addresses. */
  diagnostics: {
    params: nothing,
    event: none,
    input: none,
    result: v.strictObject({ text: v.string() }),
  },
  /** Where the page of this Porthole is, with what lets a browser in: a secret. Null while there is none. */
  ui: {
    params: nothing,
    event: none,
    input: none,
    result: v.strictObject({ url: v.nullable(text) }),
  },
} as const satisfies Record<string, CallSchema>;

export const CONTRACT = { ...ENGINE_CALLS, ...SHELL_CALLS } as const;

interface CallSchema {
  readonly params: v.GenericSchema;
  readonly event: v.GenericSchema;
  readonly input: v.GenericSchema;
  readonly result: v.GenericSchema;
}

export type CallName = keyof typeof CONTRACT;
export type EngineCallName = keyof typeof ENGINE_CALLS;
export type ShellCallName = keyof typeof SHELL_CALLS;
export type CallParams<Name extends CallName> = v.InferOutput<(typeof CONTRACT)[Name]['params']>;
export type CallEvent<Name extends CallName> = v.InferOutput<(typeof CONTRACT)[Name]['event']>;
export type CallInput<Name extends CallName> = v.InferOutput<(typeof CONTRACT)[Name]['input']>;
export type CallResult<Name extends CallName> = v.InferOutput<(typeof CONTRACT)[Name]['result']>;
