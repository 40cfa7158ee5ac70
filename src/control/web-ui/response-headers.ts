/** What the web UI says of each of its files to the browser that asked for it. */
import type { OutgoingHttpHeaders } from 'node:http';
import { pagePolicy } from '../../shared/page-policy.ts';
import type { PageFile } from './page-files.ts';

/** The camera scans codes, the clipboard takes links; the page asks for nothing else. */
const PERMISSIONS = [
  'camera=(self)',
  'clipboard-read=(self)',
  'clipboard-write=(self)',
  ...[
    'accelerometer',
    'display-capture',
    'encrypted-media',
    'fullscreen',
    'geolocation',
    'gyroscope',
    'hid',
    'magnetometer',
    'microphone',
    'midi',
    'payment',
    'picture-in-picture',
    'publickey-credentials-get',
    'screen-wake-lock',
    'serial',
    'usb',
    'xr-spatial-tracking',
  ].map((feature) => `${feature}=()`),
].join(', ');

export function headersOf({ type, caching, script, bytes }: PageFile): OutgoingHttpHeaders {
  return {
    'content-type': type,
    'content-length': bytes.length,
    'cache-control': caching === 'hashed' ? 'private, max-age=31536000, immutable' : 'no-store',
    'content-security-policy': pagePolicy(script),
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    // Pages of other ports of 127.0.0.1 are of the same site, and would share its process.
    'origin-agent-cluster': '?1',
    'permissions-policy': PERMISSIONS,
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
  };
}
