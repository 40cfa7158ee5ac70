/**
 * What probably answers on a port, from its number and the name of the process that listens. A guess
 * that helps a person to find an entry in a list; nothing is decided by it.
 */

interface Service {
  /** As its makers write it. */
  readonly label: string;
  readonly kind: 'web' | 'other';
}

const WEB: Service = { label: 'Web app', kind: 'web' };
const SSH = other('SSH');
const POSTGRESQL = other('PostgreSQL');
const MYSQL = other('MySQL');
const MARIADB = other('MariaDB');
const REDIS = other('Redis');
const MONGODB = other('MongoDB');
const MEMCACHED = other('Memcached');
const RABBITMQ = other('RabbitMQ');

/** Usual ports. For the web: what servers and the dev servers of well-known frameworks take first. */
const BY_PORT: ReadonlyMap<number, Service> = new Map([
  [22, SSH],
  [25, other('SMTP')],
  [1433, other('SQL Server')],
  [1883, other('MQTT')],
  [3306, MYSQL],
  [3389, other('Remote Desktop')],
  [5432, POSTGRESQL],
  [5672, RABBITMQ],
  [5900, other('VNC')],
  [6379, REDIS],
  [9092, other('Kafka')],
  [11_211, MEMCACHED],
  [11_434, other('Ollama')],
  [25_565, other('Minecraft')],
  [27_017, MONGODB],
  ...[80, 443, 1313, 3000, 3001, 3002, 3003, 4000, 4173, 4200, 4321, 5000, 5001].map(web),
  ...[5173, 5174, 5175, 6006, 7860, 8000, 8001, 8008, 8080, 8081, 8082, 8443, 8501].map(web),
  ...[8787, 8888, 9000].map(web),
]);

/** Programs that are one thing whatever their port, by the letters their name begins with. */
const BY_PROCESS: ReadonlyMap<string, Service> = new Map([
  ['sshd', SSH],
  ['postgres', POSTGRESQL],
  ['mysqld', MYSQL],
  ['mariadbd', MARIADB],
  ['redis-server', REDIS],
  ['valkey-server', other('Valkey')],
  ['mongod', MONGODB],
  ['memcached', MEMCACHED],
  ['ollama', other('Ollama')],
  // Of macOS, on ports 5000 and 7000.
  ['controlcenter', other('AirPlay')],
  ['controlce', other('AirPlay')],
  ['nginx', WEB],
  ['apache', WEB],
  ['httpd', WEB],
  ['caddy', WEB],
  ['vite', WEB],
  ['next-server', WEB],
  ['jupyter-lab', WEB],
  ['jupyter-noteboo', WEB],
  ['jupyter-notebook', WEB],
  ['gunicorn', WEB],
  ['uvicorn', WEB],
]);

function other(label: string): Service {
  return { label, kind: 'other' };
}

function web(port: number): [number, Service] {
  return [port, WEB];
}

/** `next-server (v1` and `apache2.exe` go by `next-server` and `apache`. */
function serviceOf(port: number, processName: string): Service | undefined {
  const [program = ''] = /^[a-z-]+/.exec(processName.toLowerCase()) ?? [];
  return BY_PROCESS.get(program) ?? BY_PORT.get(port);
}

/** What probably answers, in English: `PostgreSQL`, `Web app`; '' where nothing is known. `processName` may be ''. */
export function portLabel(port: number, processName: string): string {
  return serviceOf(port, processName)?.label ?? '';
}

/** Whether a browser can probably open it. `processName` may be ''. */
export function looksLikeWeb(port: number, processName: string): boolean {
  return serviceOf(port, processName)?.kind === 'web';
}
