/** The order of two device ids, the same on every computer: that of their characters in ASCII. */
export function compareDeviceIds(a: string, b: string): -1 | 0 | 1 {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
