/**
 * Pages of the systems' own settings.
 *
 * Invariant: a page names what it is about, never a URL.
 */
import { portholeError } from '../shared/errors.ts';
import type { CallParams } from '../shared/contract.ts';
import type { Platform } from './desktop/desktop.ts';

type About = CallParams<'openSystemSettings'>['about'];

/** Linux desktops have no common way in. */
const PAGES: Readonly<Record<Exclude<Platform, 'linux'>, Readonly<Record<About, string>>>> = {
  macos: {
    camera: 'x-apple.systempreferences:com.apple.preference.security?Privacy_Camera',
    'local-network': 'x-apple.systempreferences:com.apple.preference.security?Privacy_LocalNetwork',
    firewall: 'x-apple.systempreferences:com.apple.preference.security?Firewall',
    login: 'x-apple.systempreferences:com.apple.LoginItems-Settings.extension',
  },
  windows: {
    camera: 'ms-settings:privacy-webcam',
    'local-network': 'ms-settings:network-status',
    firewall: 'windowsdefender://network',
    login: 'ms-settings:startupapps',
  },
};

/** Throws `E_NOT_HERE` where the system has no such page. */
export function systemSettingsUrl(platform: Platform, about: About): string {
  if (platform === 'linux') throw portholeError('E_NOT_HERE');
  return PAGES[platform][about];
}
