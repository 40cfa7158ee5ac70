/**
 * IP addresses as text and as bytes, both ways. Pure.
 *
 * Invariant: `addressText(addressBytes(text))` is the one canonical text of the address.
 */

export const IPV4_BYTES = 4;
export const IPV6_BYTES = 16;

/** Reads an IPv4 or IPv6 address (no zone) into its 4 or 16 bytes; `undefined` for anything else. */
export function addressBytes(text: string): Uint8Array | undefined {
  if (/^\d{1,3}(\.\d{1,3}){3}$/.test(text)) return ipv4Bytes(text);
  if (!/^[0-9a-f:.]*:[0-9a-f:.]*$/i.test(text)) return undefined;
  const canonical = canonicalIpv6(text);
  return canonical === undefined ? undefined : ipv6Bytes(canonical);
}

/** Writes 4 or 16 bytes as an address; IPv6 in its shortest form. */
export function addressText(bytes: Uint8Array): string {
  if (bytes.length === IPV4_BYTES) return bytes.join('.');
  const groups = Array.from({ length: 8 }, (_, index) =>
    (((bytes[2 * index] ?? 0) << 8) | (bytes[2 * index + 1] ?? 0)).toString(16),
  );
  return canonicalIpv6(groups.join(':')) ?? groups.join(':');
}

function ipv4Bytes(text: string): Uint8Array | undefined {
  const parts = text.split('.').map(Number);
  return parts.every((part) => part < 256) ? Uint8Array.from(parts) : undefined;
}

/** The URL parser checks IPv6 addresses and writes them in their shortest form (RFC 5952). */
function canonicalIpv6(text: string): string | undefined {
  const url = `http://[${text}]`;
  return URL.canParse(url) ? new URL(url).hostname.slice(1, -1) : undefined;
}

function ipv6Bytes(canonical: string): Uint8Array {
  const [left = [], right = []] = canonical
    .split('::')
    .map((side) => side.split(':').filter((group) => group !== ''));
  const gap = Array.from({ length: 8 - left.length - right.length }, () => '0');
  return Uint8Array.from(
    [...left, ...gap, ...right].flatMap((group) => {
      const value = Number.parseInt(group, 16);
      return [value >> 8, value & 255];
    }),
  );
}
