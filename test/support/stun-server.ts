/**
 * A STUN server (RFC 8489) that says where a request came from, IPv4 only, for a network without the
 * internet; its arguments are the address it has there and its port (any, if none is given). Prints `listening` with its port; ends with its standard input.
 */
import { createSocket } from 'node:dgram';

const BINDING_SUCCESS = 0x0101;
const XOR_MAPPED_ADDRESS = 0x0020;
const COOKIE = 0x2112_a442;
const HEADER_BYTES = 20;

const server = createSocket('udp4');
server.on('message', (request, { address, port }) => {
  const response = Buffer.alloc(HEADER_BYTES + 12);
  response.writeUInt16BE(BINDING_SUCCESS, 0);
  response.writeUInt16BE(12, 2);
  // Cookie and transaction id.
  request.copy(response, 4, 4, HEADER_BYTES);
  response.writeUInt16BE(XOR_MAPPED_ADDRESS, HEADER_BYTES);
  response.writeUInt16BE(8, HEADER_BYTES + 2);
  response.writeUInt16BE(1, HEADER_BYTES + 4);
  response.writeUInt16BE(port ^ (COOKIE >>> 16), HEADER_BYTES + 6);
  const bytes = Buffer.from(address.split('.').map(Number));
  response.writeUInt32BE((bytes.readUInt32BE() ^ COOKIE) >>> 0, HEADER_BYTES + 8);
  server.send(response, port, address);
});
// Bound to one address, it answers from the one it was asked at.
server.bind(Number(process.argv[3] ?? 0), process.argv[2], () => {
  const { port } = server.address();
  process.stdout.write(`${JSON.stringify({ event: 'listening', port })}\n`);
});
process.stdin.resume().on('end', () => server.close());
