/**
 * A private OpenSSH server in a network, and its client in another: nothing of the computer's own.
 *
 * Invariant: keys and settings are in one folder, which goes with `stop()`.
 */
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import type { Network } from '../../test/support/networks.ts';
import type { Child } from '../../test/support/processes.ts';
import { findProgram, runProgram } from '../../test/support/programs.ts';
import { freePort } from '../../test/support/tcp.ts';

export class SshServer {
  readonly port: number;
  readonly #folder: string;
  readonly #server: Child;

  private constructor(folder: string, server: Child, port: number) {
    this.#folder = folder;
    this.#server = server;
    this.port = port;
  }

  static async start(network: Network): Promise<SshServer> {
    const folder = mkdtempSync(join(tmpdir(), 'porthole-lab-ssh-'));
    for (const name of ['host', 'user']) {
      const key = ['-q', '-t', 'ed25519', '-N', '', '-f', join(folder, name)];
      const made = await runProgram('ssh-keygen', key);
      if (made.code !== 0) throw new Error(made.stderr);
    }
    // Free here; the network has nobody else.
    const port = await freePort(createServer());
    writeFileSync(join(folder, 'sshd_config'), settingsOf(folder, port).join('\n'));
    // As root sshd insists on its privilege separation folder.
    if (userInfo().uid === 0 && !existsSync('/run/sshd')) mkdirSync('/run/sshd', { mode: 0o755 });
    const sshd = [findProgram('sshd') ?? 'sshd', '-D', '-e', '-f', join(folder, 'sshd_config')];
    const server = network.child('sshd', ...sshd);
    await server.printed(/Server listening/);
    return new SshServer(folder, server, port);
  }

  /** Runs `command` there, through `port` of this network's loopback interface. */
  client(network: Network, port: number, command: string): Child {
    const options = [
      'StrictHostKeyChecking=no',
      `UserKnownHostsFile=${join(this.#folder, 'known')}`,
      'IdentitiesOnly=yes',
      'BatchMode=yes',
      `IdentityFile=${join(this.#folder, 'user')}`,
    ].flatMap((option) => ['-o', option]);
    const host = `${userInfo().username}@127.0.0.1`;
    const to = ['-p', String(port), host, command];
    return network.child('ssh', 'ssh', '-F', 'none', ...options, ...to);
  }

  async stop(): Promise<void> {
    await this.#server.stop();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

function settingsOf(folder: string, port: number): readonly string[] {
  return [
    'ListenAddress 127.0.0.1',
    `Port ${port}`,
    `HostKey ${join(folder, 'host')}`,
    `AuthorizedKeysFile ${join(folder, 'user.pub')}`,
    `PidFile ${join(folder, 'pid')}`,
    'UsePAM no',
    'StrictModes no',
    'PasswordAuthentication no',
    'PermitRootLogin prohibit-password',
    '',
  ];
}
