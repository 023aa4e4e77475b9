// Building blocks of the views that show the inside of the network.

import {visibleToken} from "./seed.js";

const SVG_SPACE = "http://www.w3.org/2000/svg";

/** Return an element with attributes and children; a text child is text, never markup. */
export function made(name, attributes = {}, ...children) {
  return filledElement(document.createElement(name), attributes, children);
}

/** Return an SVG element with attributes and children. */
export function drawn(name, attributes = {}, ...children) {
  return filledElement(document.createElementNS(SVG_SPACE, name), attributes, children);
}

function filledElement(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === false || value === null || value === undefined) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children);
  return element;
}

/** Return a token with visible signs for what cannot be seen, at most `most` characters of it. */
export function shownToken(token, most = 12) {
  const characters = Array.from(token);
  if (characters.length <= most) return visibleToken(token);
  return `${visibleToken(characters.slice(0, most - 1).join(""))}…`;
}

/** Return symbols as nodes: `[t-1]` and what follows `_` stand lower. */
export function symbolNodes(symbols) {
  return symbols.split(/(\[t(?:-1)?\]|_.)/u).filter(Boolean).map((piece) => {
    if (piece === "[t]") return made("sub", {}, "t");
    if (piece === "[t-1]") return made("sub", {}, "t−1");
    if (piece.startsWith("_") && piece.length > 1) return made("sub", {}, piece.slice(1));
    return document.createTextNode(minus(piece));
  });
}

/** Return a text in which a minus sign stands for each hyphen. */
export function minus(text) {
  return text.replaceAll("-", "−");
}

/** Return a value with 3 decimals and its sign; an en dash if it is not known. */
export function signed(value, decimals = 3) {
  if (!Number.isFinite(value)) return "–";
  const shown = minus(value.toFixed(decimals));
  return /[1-9]/.test(shown) && value > 0 ? `+${shown}` : shown.replace(/^−(?=[0.]*$)/, "");
}

/** Return the level of a value, from −5 to 5: 0 for 0, and 5 for `scale` or more. */
export function levelOf(value, scale) {
  if (!Number.isFinite(value)) return 0;
  return Math.sign(value) * Math.min(5, Math.round(5 * Math.abs(value) / scale)) || 0;
}

/** Return the class of a level: a colour, and a line below (positive) or above (negative). */
export function classOfLevel(level) {
  if (level === 0) return "see-level";
  return `see-level see-${level > 0 ? "adds" : "takes"}-${Math.abs(level)}`;
}
