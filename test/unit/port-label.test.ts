/** Guesses about ports. */
import { describe, expect, it } from 'vitest';
import { looksLikeWeb, portLabel } from '../../src/shared/port-label.ts';

describe('a port', () => {
  it.each<[number, string, string, boolean]>([
    [3000, 'node', 'Web app', true],
    [5173, '', 'Web app', true],
    [8080, 'java', 'Web app', true],
    [22, '', 'SSH', false],
    [5432, 'postgres', 'PostgreSQL', false],
    [6379, '', 'Redis', false],
    [3306, '', 'MySQL', false],
    [27_017, '', 'MongoDB', false],
    [25_565, 'java', 'Minecraft', false],
    [45_678, 'node', '', false],
    [45_678, '', '', false],
    [-1, '', '', false],
    [Number.NaN, '', '', false],
  ])('%i of %j is %j', (port, process, label, web) => {
    expect([portLabel(port, process), looksLikeWeb(port, process)]).toEqual([label, web]);
  });
});

describe('a program that is known goes before its port', () => {
  it.each<[number, string, string, boolean]>([
    [8080, 'postgres', 'PostgreSQL', false],
    [5433, 'Postgres', 'PostgreSQL', false],
    [2222, 'sshd', 'SSH', false],
    [6380, 'redis-server', 'Redis', false],
    [3306, 'mariadbd', 'MariaDB', false],
    [5000, 'ControlCenter', 'AirPlay', false],
    [5000, 'python3', 'Web app', true],
    [9999, 'apache2', 'Web app', true],
    [9999, 'nginx.exe', 'Web app', true],
    [9999, 'next-server (v1', 'Web app', true],
    [9999, 'constructor', '', false],
    [9999, '__proto__', '', false],
    [9999, 'nginx'.repeat(2000), '', false],
  ])('%i of %j is %j', (port, process, label, web) => {
    expect([portLabel(port, process), looksLikeWeb(port, process)]).toEqual([label, web]);
  });
});
