// How the network learned: the page with its weights at earlier epochs.

/** Build the part of a page that goes through the epochs of its training, in `page.places.learn`. */
export function learning(page) {
  page.places.learn.hidden = true;
}
