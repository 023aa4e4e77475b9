// Seeds: a text or notes as token ids, and tokens as they can be shown.

const TYPED = new Map([..."‘’‚“”„«»–—−\u00a0"].map((letter, place) => [letter, "'''\"\"\"\"\"--- "[place]]));
const CONTROLS = "\\p{Cc}\\p{Cf}\\p{Cs}\\p{Co}\\p{Zl}\\p{Zp}";
const BLANKS = "\\u00a0\\u115f\\u1160\\u2000-\\u200a\\u202f\\u205f\\u3000\\u3164\\uffa0";
const INVISIBLE = new RegExp(`[${CONTROLS}${BLANKS}]`, "u");

const OPENINGS = ["The ", "그 ", "나는 ", "Der ", "the ", "그"];

export class Seeds {
  // The vocabulary of one network: finds ids, and the nearest known tokens of an unknown one.
  constructor({kind, tokens, boundary}) {
    this.kind = kind;
    this.tokens = tokens;
    this.boundary = boundary ?? -1;
    this.ids = new Map(tokens.map((token, id) => [token, id]));
  }

  // Returns {ids, unknown: [{token, near}]}; a token that is unknown several times is named once.
  parse(text) {
    const ids = [];
    const unknown = new Map();
    for (const token of this.#split(text)) {
      const id = this.ids.get(token);
      if (id !== undefined) ids.push(id);
      else if (!unknown.has(token)) unknown.set(token, {token, near: unknown.size < 5 ? this.near(token) : []});
    }
    return {ids, unknown: [...unknown.values()]};
  }

  // Returns the text of ids, which parse reads again; without a boundary token at the beginning.
  join(ids) {
    const from = ids.length && ids[0] === this.boundary ? 1 : 0;
    return Array.from(ids.slice(from), (id) => this.tokens[id]).join(this.kind === "notes" ? " " : "");
  }

  near(token) {
    return this.kind === "notes" ? this.#similar(token) : this.#typed(token);
  }

  #split(text) {
    if (this.kind !== "notes") return text;
    const boundary = this.boundary < 0 ? null : this.tokens[this.boundary];
    const words = text.trim().match(/\s+|\||<[^>]*>[^\s|]*|[^\s|]+/g) ?? [];
    return words.flatMap((word) => {
      if (word === "|") return [];
      if (/^\s/.test(word)) return boundary !== null && word.includes(boundary) ? [boundary] : [];
      return [word.replace(/\s+/g, " ")];
    });
  }

  #typed(token) {
    const base = [...token.normalize("NFKD")][0];
    const composed = token.normalize("NFC");
    const meant = [otherCase(token), TYPED.get(token), composed, base, otherCase(base)];
    const known = (each) => each !== undefined && each !== token && this.ids.has(each);
    return [...new Set(meant)].filter(known).slice(0, 3);
  }

  #similar(token) {
    const word = token.slice(0, 40);
    return this.tokens
      .filter((known) => known.trim())
      .map((known) => [distanceOf(word, known) / Math.max(word.length, known.length), known])
      .filter(([distance]) => distance <= 0.67)
      .sort((one, other) => one[0] - other[0])
      .slice(0, 3)
      .map(([, known]) => known);
  }
}

// Returns a beginning for a network that has none in its settings: of a text "The " or the like, if the network knows
// its characters; else its most frequent token.
export function firstSeed({kind, tokens, boundary, song, frequencies}) {
  if (song?.length) return song.filter((id) => id !== boundary).slice(0, 4).map((id) => tokens[id]).join(" ");
  if (boundary !== null && boundary !== undefined) return "";
  const known = new Set(tokens);
  const opening = kind === "text" && OPENINGS.find((text) => [...text].every((character) => known.has(character)));
  if (opening) return opening;
  const fits = (token) => (kind === "notes" ? token.trim() : /^[\p{L}\p{N}]$/u.test(token));
  const ids = [...tokens.keys()].filter((id) => fits(tokens[id]));
  const often = (id) => frequencies?.[id] ?? 0;
  return ids.length ? tokens[ids.reduce((best, id) => (often(id) > often(best) ? id : best))] : tokens[0];
}

// Returns a token as it can be seen: a space is ␣, a line break ↵, another invisible character its code point.
export function visibleToken(token) {
  if (token === "") return "∅";
  return Array.from(token, visibleCharacter).join("");
}

// Returns a token, or tokens, as they stand in a sentence: their direction of writing does not change that of the sentence.
export function isolated(shown) {
  return `\u2068${shown}\u2069`; // first strong isolate, pop directional isolate
}

// Returns whether a token is text that a span may hold as it is: no control and no bidirectional mark.
export function isPlain(token) {
  return !INVISIBLE.test(token);
}

function visibleCharacter(character) {
  if (character === " ") return "␣";
  if (character === "\n") return "↵";
  if (character === "\t") return "⇥";
  if (/^\p{M}$/u.test(character)) return `◌${character}`;
  const code = character.codePointAt(0);
  if (!INVISIBLE.test(character)) return character;
  if (code < 32) return String.fromCodePoint(0x2400 + code);
  return `⟨U+${code.toString(16).toUpperCase().padStart(4, "0")}⟩`;
}

function otherCase(character) {
  const lower = character.toLowerCase();
  return character === lower ? character.toUpperCase() : lower;
}

function distanceOf(one, other) { // Levenshtein
  let row = Array.from({length: other.length + 1}, (_, index) => index);
  for (let i = 1; i <= one.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= other.length; j += 1) {
      next[j] = Math.min(next[j - 1] + 1, row[j] + 1, row[j - 1] + (one[i - 1] === other[j - 1] ? 0 : 1));
    }
    row = next;
  }
  return row[other.length];
}
