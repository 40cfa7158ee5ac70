/** What a hostile peer may send, each by itself, and the code its link must end with. */
import { create } from '@bufbuild/protobuf';
import {
  encodeHandshake,
  PROTOCOL_VERSION,
  UNORDERED_SEQ,
} from '../../src/engine/link/handshake.ts';
import {
  encodeArrived,
  encodeConnect,
  encodeCredit,
  encodeFin,
  encodeFrame,
  FRAME,
} from '../../src/engine/protocol/frame.ts';
import {
  AuthSchema,
  ConfirmSchema,
  HelloSchema,
  PingSchema,
  PongSchema,
  ReadySchema,
} from '../../src/engine/protocol/generated/session_pb.ts';
import type { ErrorCode } from '../../src/shared/errors.ts';
import {
  BEFORE_READY_BYTES_MAX,
  CARRIERS_MAX,
  CONTROL_BYTES_MAX,
  CONTROL_WAITING_MAX,
  EARLY_CREDIT_BYTES,
  FRAME_BYTES_MAX,
  HANDSHAKE_BYTES_MAX,
  RAPID_RESETS_PER_10_S_MAX,
  REFUSED_OPENS_PER_MINUTE_MAX,
  RESUME_PARTS_MAX,
  RESUMES_PER_MINUTE_MAX,
  SKIPPED_IDS_MAX,
  UNACKED_FRAMES_MAX,
} from '../../src/shared/limits.ts';
import {
  AUTH,
  closeAtOnce,
  connect,
  control,
  data,
  HANDSHAKE,
  HELLO,
  NOTHING,
  resume,
  socketState,
} from './attack.ts';

const lanes = (count: number): Uint8Array[] =>
  Array.from({ length: count }, () => new Uint8Array(8));

/** Evil by construction: what is sent after the handshake, and the code it must end with. */
export const CRIMES: readonly (readonly [
  name: string,
  messages: () => Uint8Array[],
  code: ErrorCode,
])[] = [
  [
    'more than the credit at once',
    () => [
      connect(2),
      data(2, 1, 60_000),
      data(2, 2, 60_000),
      data(2, 3, 60_000),
      data(2, 4, 60_000),
      data(2, 5, 60_000),
    ],
    'E_PROTOCOL',
  ],
  [
    'more than the early credit',
    () => [data(2, 1, EARLY_CREDIT_BYTES), data(2, 2, 1)],
    'E_PROTOCOL',
  ],
  ['an id of the wrong parity', () => [connect(1)], 'E_PROTOCOL'],
  ['socket id 0', () => [data(0, 0)], 'E_PROTOCOL'],
  [
    'an unknown type',
    () => [encodeFrame({ type: 0x42, socketId: 2, seq: 0, payload: NOTHING })],
    'E_PROTOCOL',
  ],
  ['type 0', () => [new Uint8Array(9)], 'E_PROTOCOL'],
  ['a frame of nothing', () => [NOTHING], 'E_PROTOCOL'],
  ['a truncated header', () => [connect(2).subarray(0, 8)], 'E_PROTOCOL'],
  ['a frame over 64 KiB', () => [connect(2), data(2, 1, FRAME_BYTES_MAX)], 'E_PROTOCOL'],
  ['a CONNECT without a share', () => [connect(2).subarray(0, 17)], 'E_PROTOCOL'],
  [
    'a CONNECT with too long a share',
    () => [encodeConnect(2, { shareId: new Uint8Array(65), credit: 1 })],
    'E_PROTOCOL',
  ],
  [
    'a CONNECT that is not the first',
    () => [
      connect(2),
      encodeFrame({ type: FRAME.CONNECT, socketId: 2, seq: 1, payload: connect(2).subarray(9) }),
    ],
    'E_PROTOCOL',
  ],
  ['DATA in place of CONNECT', () => [data(2, 0)], 'E_PROTOCOL'],
  ['FIN in place of CONNECT', () => [encodeFin(2, 0)], 'E_PROTOCOL'],
  [
    'a FIN with a payload',
    () => [
      connect(2),
      encodeFrame({ type: FRAME.FIN, socketId: 2, seq: 1, payload: new Uint8Array(1) }),
    ],
    'E_PROTOCOL',
  ],
  ['DATA behind a FIN', () => [connect(2), encodeFin(2, 1), data(2, 2)], 'E_PROTOCOL'],
  ['a second FIN', () => [connect(2), encodeFin(2, 1), encodeFin(2, 2)], 'E_PROTOCOL'],
  [
    'a CLOSE cut short',
    () => [
      connect(2),
      encodeFrame({ type: FRAME.CLOSE, socketId: 2, seq: 1, payload: new Uint8Array(2) }),
    ],
    'E_PROTOCOL',
  ],
  [
    'a CLOSE with too much text',
    () => [
      connect(2),
      encodeFrame({ type: FRAME.CLOSE, socketId: 2, seq: 1, payload: new Uint8Array(204) }),
    ],
    'E_PROTOCOL',
  ],
  [
    'an acknowledgement of what was never sent',
    () => [connect(2), encodeCredit(2, 1, 0)],
    'E_PROTOCOL',
  ],
  ['CREDIT for a socket never seen', () => [encodeCredit(2, 0, 0)], 'E_PROTOCOL'],
  ['CREDIT cut short', () => [connect(2), encodeCredit(2, 0, 0).subarray(0, 16)], 'E_PROTOCOL'],
  [
    'CREDIT beyond 2^53',
    () => [
      connect(2),
      encodeFrame({
        type: FRAME.CREDIT,
        socketId: 2,
        seq: 0,
        payload: new Uint8Array(8).fill(255),
      }),
    ],
    'E_PROTOCOL',
  ],
  ['an acknowledged CONTROL that was never sent', () => [encodeCredit(0, 1, 0)], 'E_PROTOCOL'],
  ['ARRIVED beyond what was sent', () => [encodeArrived(1_000_000)], 'E_PROTOCOL'],
  ['ARRIVED cut short', () => [encodeArrived(0).subarray(0, 16)], 'E_PROTOCOL'],
  [
    'a sequence number too far ahead',
    () => [connect(2), data(2, UNACKED_FRAMES_MAX + 4, 1)],
    'E_PROTOCOL',
  ],
  ['too many ids left out', () => [connect(2 + 2 * (SKIPPED_IDS_MAX + 1))], 'E_PROTOCOL'],
  ['a malformed CONTROL', () => [control(0, new Uint8Array(8).fill(255))], 'E_PROTOCOL'],
  ['an oversized CONTROL', () => [control(0, new Uint8Array(CONTROL_BYTES_MAX + 1))], 'E_PROTOCOL'],
  [
    'too many CONTROLs out of order',
    () => Array.from({ length: CONTROL_WAITING_MAX + 1 }, (_, seq) => control(seq + 1)),
    'E_PROTOCOL',
  ],
  [
    'a malformed HANDSHAKE',
    () => [
      encodeFrame({
        type: FRAME.HANDSHAKE,
        socketId: 0,
        seq: UNORDERED_SEQ,
        payload: new Uint8Array(8).fill(255),
      }),
    ],
    'E_PROTOCOL',
  ],
  ['a new HELLO', () => [encodeHandshake({ case: 'hello', value: HELLO }, 3)], 'E_PROTOCOL'],
  ['a HELLO without order', () => [encodeHandshake({ case: 'hello', value: HELLO })], 'E_PROTOCOL'],
  [
    'a CONFIRM where nothing was compared',
    () => [encodeHandshake({ case: 'confirm', value: create(ConfirmSchema, { match: true }) }, 3)],
    'E_PROTOCOL',
  ],
  [
    'a handshake that never ends',
    () => Array.from({ length: 1000 }, () => HANDSHAKE[0] as Uint8Array),
    'E_PROTOCOL',
  ],
  ...(
    [
      ['RESUME number 0', { number: 0 }],
      ['a RESUME in no part', { parts: 0 }],
      ['a RESUME in too many parts', { parts: RESUME_PARTS_MAX + 1 }],
      ['a part of RESUME beyond the last', { part: 1 }],
      ['a RESUME of no process', { instance: new Uint8Array(7) }],
      ['a RESUME with a short session id', { session: new Uint8Array(11) }],
      ['a RESUME with a short carrier id', { carriers: [new Uint8Array(7)] }],
      ['a RESUME with a long carrier id', { adopted: [new Uint8Array(9)] }],
      ['a RESUME with too many carriers', { carriers: lanes(CARRIERS_MAX + 1) }],
      ['a RESUME that adopts too many carriers', { adopted: lanes(CARRIERS_MAX + 1) }],
      ['a RESUME with half a socket', { sockets: new Uint8Array(15) }],
      ['a RESUME with a credit beyond 2^53', { sockets: socketState(2, 0, 2n ** 53n) }],
      ['a RESUME of another session', { session: new Uint8Array(12).fill(2) }],
      ['a RESUME of no session', { session: NOTHING }],
      ['a RESUME with a socket never opened', { sockets: socketState(1, 0, 0n) }],
      ['a RESUME that has what was never sent', { sockets: socketState(2, 9, 0n) }],
      ['a RESUME that has a CONTROL never sent', { controlNext: 9 }],
    ] satisfies [string, Parameters<typeof resume>[1]][]
  ).map(
    ([name, change]) =>
      [name, () => [connect(2), resume('begins', { number: 2, ...change })], 'E_PROTOCOL'] as const,
  ),
  [
    'RESUME without end',
    () =>
      Array.from({ length: RESUMES_PER_MINUTE_MAX + 1 }, (_, index) =>
        resume('begins', { number: 2 + index }),
      ),
    'E_PROTOCOL',
  ],
  [
    'a scan for shares',
    () =>
      Array.from({ length: REFUSED_OPENS_PER_MINUTE_MAX + 1 }, (_, index) =>
        connect(2 + 2 * index),
      ),
    'E_PROTOCOL',
  ],
  [
    'rapid resets',
    () =>
      Array.from({ length: RAPID_RESETS_PER_10_S_MAX + 1 }, (_, index) => [
        connect(2 + 2 * index),
        closeAtOnce(2 + 2 * index),
      ]).flat(),
    'E_PROTOCOL',
  ],
];

/** The same before the handshake is over. */
export const EARLY_CRIMES: readonly (readonly [
  name: string,
  messages: () => Uint8Array[],
  code: ErrorCode,
])[] = [
  ['a frame before authentication', () => [connect(2)], 'E_PROTOCOL'],
  ['a frame between HELLO and AUTH', () => [HANDSHAKE[0] as Uint8Array, connect(2)], 'E_PROTOCOL'],
  ['nothing at all', () => [NOTHING], 'E_PROTOCOL'],
  [
    'READY before AUTH',
    () => [
      HANDSHAKE[0] as Uint8Array,
      encodeHandshake({ case: 'ready', value: create(ReadySchema) }, 1),
    ],
    'E_PROTOCOL',
  ],
  ['AUTH before HELLO', () => [encodeHandshake({ case: 'auth', value: AUTH }, 0)], 'E_PROTOCOL'],
  [
    'HELLO twice',
    () => [HANDSHAKE[0] as Uint8Array, encodeHandshake({ case: 'hello', value: HELLO }, 1)],
    'E_PROTOCOL',
  ],
  [
    'PING before authentication',
    () => [encodeHandshake({ case: 'ping', value: create(PingSchema, { id: 1 }) })],
    'E_PROTOCOL',
  ],
  [
    'PONG before authentication',
    () => [encodeHandshake({ case: 'pong', value: create(PongSchema, { id: 1 }) })],
    'E_PROTOCOL',
  ],
  ['RESUME before authentication', () => [resume('begins')], 'E_PROTOCOL'],
  [
    'too much RESUME ahead of READY',
    () => [
      ...HANDSHAKE.slice(0, 2),
      ...Array.from({ length: BEFORE_READY_BYTES_MAX / 48_000 + 1 }, (_, index) =>
        resume('begins', { number: 1 + index, sockets: new Uint8Array(48_000) }),
      ),
    ],
    'E_PROTOCOL',
  ],
  [
    'a handshake over 8 KiB',
    () => [
      encodeHandshake(
        {
          case: 'hello',
          value: create(HelloSchema, { ...HELLO, name: 'x'.repeat(HANDSHAKE_BYTES_MAX) }),
        },
        0,
      ),
    ],
    'E_PROTOCOL',
  ],
  [
    'a handshake frame over 64 KiB',
    () => [
      encodeFrame({
        type: FRAME.HANDSHAKE,
        socketId: 0,
        seq: 0,
        payload: new Uint8Array(FRAME_BYTES_MAX),
      }),
    ],
    'E_PROTOCOL',
  ],
  [
    'too much ahead of READY',
    () => [
      ...HANDSHAKE.slice(0, 2),
      ...Array.from({ length: BEFORE_READY_BYTES_MAX / 60_000 + 1 }, () => data(2, 1, 60_000)),
    ],
    'E_PROTOCOL',
  ],
  ['frames of nothing ahead of READY', () => [...HANDSHAKE.slice(0, 2), NOTHING], 'E_PROTOCOL'],
  [
    'a wrong AUTH',
    () => [
      HANDSHAKE[0] as Uint8Array,
      encodeHandshake({ case: 'auth', value: create(AuthSchema) }, 1),
    ],
    'E_IDENTITY',
  ],
  [
    'another version',
    () => [
      encodeHandshake(
        { case: 'hello', value: create(HelloSchema, { ...HELLO, version: PROTOCOL_VERSION + 1 }) },
        0,
      ),
    ],
    'E_VERSION',
  ],
];
