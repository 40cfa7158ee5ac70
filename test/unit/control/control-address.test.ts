/** Where the control socket listens, on every platform. */
import { expect, test } from 'vitest';
import { addressesOf } from '../../../src/control/control-address.ts';
import { CONTROL_PATH_BYTES_MAX } from '../../../src/shared/limits.ts';

const linux = {
  platform: 'linux',
  uid: 1000,
  temporaryFolders: ['/run/user/1000', '/tmp', '/tmp'],
} as const;
const windows = { platform: 'win32', uid: undefined, temporaryFolders: [] } as const;

test('a short path is used as it is', () => {
  expect(addressesOf('/home/a/.local/share/porthole', linux)).toEqual([
    '/home/a/.local/share/porthole/control.sock',
  ]);
});

test('a path that is too long goes to the folders for temporary files, each once', () => {
  const folder = `/home/${'a'.repeat(100)}`;
  const addresses = addressesOf(folder, linux);
  expect(addresses).toEqual([
    expect.stringMatching(/^\/run\/user\/1000\/porthole-1000\/[\da-f]{32}\.sock$/),
    expect.stringMatching(/^\/tmp\/porthole-1000\/[\da-f]{32}\.sock$/),
  ]);
  expect(addressesOf(folder, linux)).toEqual(addresses);
  expect(addressesOf(`${folder}b`, linux)).not.toEqual(addresses);
});

test('the bound counts bytes and is met exactly', () => {
  const room = CONTROL_PATH_BYTES_MAX - '/'.length - '/control.sock'.length;
  const fits = `/${'é'.repeat(Math.floor(room / 2))}${'a'.repeat(room % 2)}`;
  expect(addressesOf(fits, linux)[0]).toBe(`${fits}/control.sock`);
  expect(addressesOf(`${fits}a`, linux)[0]).toMatch(/^\/run\/user/);
});

test('temporary folders that are too long themselves are left out', () => {
  const temporaryFolders = [`/${'t'.repeat(80)}`, '/tmp'];
  const addresses = addressesOf(`/${'a'.repeat(100)}`, { ...linux, temporaryFolders });
  expect(addresses).toEqual([expect.stringMatching(/^\/tmp\//)]);
});

test('on Windows a pipe, whatever the length', () => {
  const [pipe, ...more] = addressesOf(`C:\\Users\\${'a'.repeat(200)}`, windows);
  expect(pipe).toMatch(/^\\\\\.\\pipe\\porthole-[\da-f]{32}$/);
  expect(more).toEqual([]);
  expect(addressesOf('C:\\Users\\b', windows)[0]).not.toBe(pipe);
});
