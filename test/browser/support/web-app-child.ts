/** The process of web-app.ts: listens at the address and port of its arguments; any port for 0. */
import { createServer } from 'node:http';
import type { ServerResponse } from 'node:http';
import { WebSocketServer } from 'ws';

const TICK_MS = 20;

const PAGE = `<!doctype html><html lang="en"><title>Ship's log</title><h1>Ship's log</h1>
<p id="echo"></p><script>
const socket = new WebSocket('ws://' + location.host + '/echo');
socket.onopen = () => socket.send('ahoy');
socket.onmessage = ({ data }) => { document.querySelector('#echo').textContent = 'heard: ' + data; };
</script></html>`;

/** What is due by the clock, however late a tick is. */
function pour(response: ServerResponse, rate: number): void {
  const startedAt = performance.now();
  let sent = 0;
  const timer = setInterval(() => {
    const due = Math.floor(((performance.now() - startedAt) / 1000) * rate);
    if (due > sent) response.write(Buffer.alloc(due - sent));
    sent = Math.max(sent, due);
  }, TICK_MS);
  response.once('close', () => clearInterval(timer));
}

const server = createServer((request, response) => {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://app');
  if (pathname === '/steady') {
    response.writeHead(200, { 'content-type': 'application/octet-stream' });
    return pour(response, Number(searchParams.get('rate')));
  }
  if (pathname !== '/') return void response.writeHead(404).end();
  response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(PAGE);
});
const echo = new WebSocketServer({ server, path: '/echo' });
echo.on('connection', (socket) => {
  socket.on('message', (data) => {
    if (Buffer.isBuffer(data)) socket.send(data.toString());
  });
});
const [, , host, port] = process.argv;
server.listen(Number(port), host, () => {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('not listening');
  process.stdout.write(`${JSON.stringify({ event: 'listening', port: address.port })}\n`);
});
