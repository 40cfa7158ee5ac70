/** What `app://porthole/` serves: a list of files, whatever a request says. */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { answerPage, listPageFiles } from '../../../src/main/window/page-files.ts';

const folder = mkdtempSync(join(tmpdir(), 'porthole-page-'));
const page = join(folder, 'renderer');
mkdirSync(join(page, 'assets'), { recursive: true });
writeFileSync(join(folder, 'secret.js'), 'secret');
writeFileSync(join(page, 'index.html'), '<!doctype html>');
writeFileSync(join(page, 'assets', 'a.js'), 'let a;');
writeFileSync(join(page, 'assets', 'inter.woff2'), 'font');
writeFileSync(join(page, 'assets', 'a.js.map'), 'map');
writeFileSync(join(page, '.tsbuildinfo'), 'info');
symlinkSync(join(folder, 'secret.js'), join(page, 'link.js'));
const files = listPageFiles(page);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function get(url: string, method = 'GET'): Promise<[number, string]> {
  const { status, body } = await answerPage(files, { url, method });
  return [status, Buffer.from(body ?? []).toString()];
}

test('serves the page, with the types of its files', async () => {
  expect(await get('app://porthole/')).toEqual([200, '<!doctype html>']);
  expect(await get('app://porthole/?from=tray#ports')).toEqual([200, '<!doctype html>']);
  expect(await get('app://porthole/assets/a.js')).toEqual([200, 'let a;']);
  expect(await get('app://porthole/assets/a.js', 'HEAD')).toEqual([200, '']);
  const { headers } = await answerPage(files, {
    url: 'app://porthole/assets/inter.woff2',
    method: 'GET',
  });
  expect(headers['content-type']).toBe('font/woff2');
});

test.each([
  'app://porthole/../secret.js',
  'app://porthole/..%2fsecret.js',
  'app://porthole/%2e%2e/secret.js',
  'app://porthole/assets/..%5c..%5csecret.js',
  'app://porthole/assets/../../secret.js',
  'app://porthole//etc/passwd',
  'app://porthole/etc/passwd',
  'app://porthole/link.js',
  'app://porthole/.tsbuildinfo',
  'app://porthole/assets/a.js.map',
  'app://porthole/assets/',
  'app://porthole/assets/a.js%00.html',
  'app://porthole/INDEX.HTML',
  'app://porthole/__proto__',
  'app://porthole/constructor',
  'app://other/index.html',
  'app://porthole.example.com/index.html',
  'app://porthole@evil/index.html',
  'file:///etc/passwd',
  'app://porthole',
  '',
])('finds nothing at %s', async (url) => {
  expect(await get(url)).toEqual([404, '']);
});

test.each(['POST', 'PUT', 'DELETE', 'OPTIONS', 'TRACE'])('refuses %s', async (method) => {
  expect(await get('app://porthole/', method)).toEqual([405, '']);
});
