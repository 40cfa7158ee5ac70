/**
 * Where menus and lists of choices are put: into `main`, whose content they belong to, so that
 * whoever goes through the page by its landmarks finds them. Nothing there cuts them off.
 */
export const popupRoot = {
  get current(): HTMLElement | null {
    return document.querySelector('main');
  },
};
