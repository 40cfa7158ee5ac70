/**
 * What looks at a page from inside: `probe`, put into it before its own script. Source text, because
 * the tests are compiled without the types of a document.
 */

/** An element that is not as it should be. */
export interface Finding {
  /** Where it is, by tag, role and text. */
  readonly where: string;
  readonly what: string;
}

export const PROBE = String.raw`
globalThis.probe = (() => {
  const isShown = (element) =>
    element.checkVisibility({ opacityProperty: true, visibilityProperty: true }) &&
    element.getClientRects().length > 0;

  /** There for a screen reader only: one pixel, clipped. */
  const isForReaders = (element) => {
    for (let each = element; each !== null; each = each.parentElement) {
      const { width, height } = each.getBoundingClientRect();
      const { position, overflow } = getComputedStyle(each);
      if (width <= 1 && height <= 1 && position === 'absolute' && overflow === 'hidden') return true;
      if (each.getAttribute('aria-hidden') === 'true' && each.matches('input')) return true;
    }
    return false;
  };

  const describe = (element) => {
    const name = element.getAttribute('aria-label') ?? element.textContent ?? '';
    const { x, y, width, height } = element.getBoundingClientRect();
    const at = [x, y, width, height].map(Math.round).join(' ');
    return element.tagName.toLowerCase() + '.' + String(element.className).slice(0, 40) +
      ' "' + name.trim().slice(0, 60) + '" at ' + at;
  };

  const hasOwnText = (element) =>
    [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim() !== '');

  /** What the element is the title of, or is inside. */
  const isTitled = (element) => element.closest('[title], [aria-label], label, summary') !== null;

  /** Text that an element cuts off without saying so. */
  const cuts = () => {
    const findings = [];
    for (const element of document.querySelectorAll('body *')) {
      if (element.closest('svg') || !hasOwnText(element) || !isShown(element) || isForReaders(element)) continue;
      const what = cutOf(element);
      if (what !== undefined) findings.push({ where: describe(element), what });
    }
    return findings;
  };

  const cutOf = (element) => {
    const range = document.createRange();
    range.selectNodeContents(element);
    const text = range.getBoundingClientRect();
    const { writingMode } = getComputedStyle(element);
    if (writingMode !== 'horizontal-tb') return undefined;
    for (let each = element; each !== null && each !== document.body; each = each.parentElement) {
      const style = getComputedStyle(each);
      if (each !== element && style.position === 'fixed') return outsideOfWindow(text);
      const box = each.getBoundingClientRect();
      const hidesX = style.overflowX === 'hidden' || style.overflowX === 'clip';
      const hidesY = style.overflowY === 'hidden' || style.overflowY === 'clip';
      const isCutX = text.right > box.right + 1.5 || text.left < box.left - 1.5;
      if (hidesX && isCutX) {
        const ellipsis = style.textOverflow === 'ellipsis' || style.webkitLineClamp !== 'none';
        if (!ellipsis) return 'cut at the side';
        if (!isTitled(element)) return 'an ellipsis, and no title';
        return undefined;
      }
      const isCutY = text.bottom > box.bottom + 3 || text.top < box.top - 3;
      if (hidesY && isCutY) {
        if (style.webkitLineClamp === 'none') return 'cut at the bottom';
        if (!isTitled(element)) return 'clamped, and no title';
        return undefined;
      }
      if (/auto|scroll/.test(style.overflowY) || /auto|scroll/.test(style.overflowX)) {
        return isCutX && !/auto|scroll/.test(style.overflowX) ? 'beside what scrolls' : undefined;
      }
    }
    return outsideOfWindow(text);
  };

  const outsideOfWindow = (box) =>
    box.left < -1 || box.right > innerWidth + 1 ? 'outside of the window' : undefined;

  /** Whatever can be scrolled to the side, the window too. */
  const sideways = () =>
    [document.scrollingElement, ...document.querySelectorAll('body *')]
      .filter((element) => element.scrollWidth > element.clientWidth + 1 && isShown(element))
      .filter((element) => {
        const { overflowX } = getComputedStyle(element);
        return element === document.scrollingElement
          ? overflowX !== 'hidden' || element.scrollWidth > innerWidth + 1
          : overflowX === 'auto' || overflowX === 'scroll';
      })
      .filter((element) => !element.matches('textarea, pre, code, [data-sideways]'))
      .map((element) => ({
        where: describe(element),
        what: element.scrollWidth + ' wide in ' + element.clientWidth,
      }));

  const CONTROLS =
    'button, a[href], input:not([type=hidden]), select, textarea, summary, [role=button], ' +
    '[role=tab], [role=checkbox], [role=switch], [role=radio], [role=combobox], [role^=menuitem]';

  /** What is pressed to use a control: itself, and its label. */
  const boxOf = (element) => {
    // A box that is drawn has its label in aria-labelledby: the label's own control is the hidden input.
    const names = (element.getAttribute('aria-labelledby') ?? '').split(' ').filter((id) => id !== '');
    const labels = [
      ...(element.id === '' ? [] : document.querySelectorAll('label[for="' + CSS.escape(element.id) + '"]')),
      ...names.map((id) => document.getElementById(id)).filter((each) => each?.matches('label')),
    ];
    const boxes = [element, element.closest('label'), ...labels].filter(Boolean).map((each) => each.getBoundingClientRect());
    const [left, top] = [Math.min(...boxes.map(({ left }) => left)), Math.min(...boxes.map(({ top }) => top))];
    const right = Math.max(...boxes.map(({ right }) => right));
    return { width: right - left, height: Math.max(...boxes.map(({ bottom }) => bottom)) - top };
  };

  /** A box to tick may be smaller when nothing else is near (WCAG 2.5.8, spacing); axe looks at that. */
  const SPACED = '[role=checkbox], [role=radio], [role=switch]';

  /** Controls smaller than 24 by 24 with their labels; links within a sentence may be. */
  const smallTargets = () =>
    reachable()
      .filter((element) => getComputedStyle(element).display !== 'inline')
      .filter((element) => {
        const { width, height } = boxOf(element);
        return width < 23.9 || (height < 23.9 && !element.matches(SPACED));
      })
      .map((element) => ({ where: describe(element), what: 'smaller than 24 by 24' }));

  /** Controls that nobody can get at: neither by scrolling nor by the keyboard. */
  const lostControls = () =>
    reachable()
      .filter((element) => {
        element.scrollIntoView({ block: 'nearest', inline: 'nearest' });
        if (isInWindow(element)) return false;
        // The way past the links is there for the keyboard alone.
        element.focus();
        return !isInWindow(element);
      })
      .map((element) => ({ where: describe(element), what: 'cannot be brought into sight' }));

  const isInWindow = (element) => {
    const { left, right, top, bottom } = element.getBoundingClientRect();
    return right > 1 && left < innerWidth - 1 && bottom > 1 && top < innerHeight - 1;
  };

  /** Controls that can be used now: what lies over the page keeps the rest from being. */
  const reachable = () => {
    const over = document.querySelector('[role=dialog], [role=alertdialog], [role=menu], [role=listbox]');
    return [...(over ?? document).querySelectorAll(CONTROLS)].filter(
      (element) => isShown(element) && !isForReaders(element),
    );
  };

  const running = () =>
    document.getAnimations()
      .filter(({ playState, effect }) => playState === 'running' && effect?.getComputedTiming().duration > 1)
      .map(({ effect }) => ({ where: describe(effect.target), what: 'moves' }));

  /** A level that is left out on the way down; in a dialog and behind it on their own. */
  const headingJumps = () => {
    const findings = [];
    const roots = [document.querySelector('main'), ...document.querySelectorAll('[role=dialog], [role=alertdialog]')];
    for (const root of roots) {
      let last = 0;
      for (const heading of root?.querySelectorAll('h1, h2, h3, h4, h5, h6') ?? []) {
        const level = Number(heading.tagName[1]);
        if (last !== 0 && level > last + 1) findings.push({ where: describe(heading), what: 'behind h' + last });
        last = level;
      }
    }
    return findings;
  };

  /** What only markup in a text could have made: the page itself has one script and none of the rest. */
  const foreign = () => {
    const made = document.querySelectorAll(
      'iframe, object, embed, img:not([src^="blob:"]), form[action], base, meta[http-equiv], ' +
        'script:not([type=module][src*="/assets/"]), a[href^="javascript:" i], body style',
    );
    const handled = [...document.querySelectorAll('*')].filter((element) =>
      element.getAttributeNames().some((name) => name.startsWith('on')),
    );
    return [...made, ...handled].map((element) => ({ where: describe(element), what: 'made of a text' }));
  };

  const TURNS = /[\u202a-\u202e\u2066-\u2069\u0590-\u08ff]/;

  /** Text that turns its surroundings: what isolates it has more in it than that text alone. */
  const spills = (texts) => {
    const alone = new Set(texts.map((text) => text.replaceAll(/\s+/g, ' ').trim()));
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    const findings = [];
    for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
      if (!TURNS.test(node.data) || isForReaders(node.parentElement)) continue;
      let around = node.parentElement;
      while (getComputedStyle(around).unicodeBidi === 'normal' && getComputedStyle(around).display.startsWith('inline')) {
        around = around.parentElement;
      }
      const whole = around.textContent.replaceAll(/\s+/g, ' ').trim();
      if (!alone.has(whole)) findings.push({ where: describe(around), what: 'turned by a text in it' });
    }
    return findings;
  };

  /** Rows of lists that are higher than so many pixels. */
  const tallRows = (most) =>
    [...document.querySelectorAll('main li, [role=dialog] label, [role=menuitem]')]
      .filter((element) => element.getBoundingClientRect().height > most)
      .map((element) => ({ where: describe(element), what: 'higher than ' + most }));

  /** The four links that are not wholly inside of the window. */
  const lostLinks = () =>
    [...document.querySelectorAll('nav a')]
      .filter((link) => {
        const { left, right, top, bottom } = link.getBoundingClientRect();
        return left < 0 || top < 0 || right > innerWidth + 1 || bottom > innerHeight + 1 || right - left < 24;
      })
      .map((link) => ({ where: describe(link), what: 'not in the window' }));

  return { foreign, lostLinks, spills, tallRows, cuts, sideways, smallTargets, lostControls, running, headingJumps };
})();
`;
