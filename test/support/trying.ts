/** Tries again what fails now and then when both ends share one busy computer (see `accept`). */
import { PortholeError } from '../../src/shared/errors.ts';

const ATTEMPTS = 3;

/** Calls `connect` until it does not reject with E_UNREACHABLE, three times at most. */
export async function trying<T>(connect: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await connect();
    } catch (error) {
      const again = error instanceof PortholeError && error.code === 'E_UNREACHABLE';
      if (!again || attempt === ATTEMPTS) throw error;
    }
  }
}
