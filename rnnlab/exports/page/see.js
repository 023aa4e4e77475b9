// What happens inside the network at each step.

/** Build the part of a page that shows the inside of its network, in `page.places.see`. */
export function seeing(page) {
  page.places.see.hidden = true;
}
