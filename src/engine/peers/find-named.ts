/** Finds what a person means by a name, an id or the beginning of an id. Pure. */
import { portholeError } from '../../shared/errors.ts';

/** Shorter beginnings of an id would meet by chance. */
const ID_BEGINNING_CHARS_MIN = 4;

interface Naming {
  readonly id: string;
  readonly name: string;
}

/**
 * The one of `items` that `text` means: an exact id first, then an exact name (whatever its case),
 * then the beginning of an id, dashes left out. `undefined` if there is none. Throws E_AMBIGUOUS.
 */
export function findNamed<T>(
  text: string,
  items: readonly T[],
  naming: (item: T) => Naming,
): T | undefined {
  const wanted = normal(text);
  const rules: ((naming: Naming) => boolean)[] = [
    ({ id }) => normal(id) === wanted,
    ({ name }) => name.toLowerCase() === text.trim().toLowerCase(),
    ({ id }) => wanted.length >= ID_BEGINNING_CHARS_MIN && normal(id).startsWith(wanted),
  ];
  for (const rule of rules) {
    const found = items.filter((item) => rule(naming(item)));
    if (found.length > 1) {
      const choices = found.map((item) => naming(item).id).join(', ');
      throw portholeError('E_AMBIGUOUS', { name: text, choices });
    }
    if (found.length === 1) return found[0];
  }
  return undefined;
}

function normal(id: string): string {
  return id.replaceAll('-', '').trim().toLowerCase();
}
