// What can be taken away: a file, and a link that holds the settings of the page.

const TEXTS = ["seed", "instrument", "speed", "language"];
export const LEAST_TOP_P = 0.001; // 0 would leave no token
const NUMBERS = { // least, most, whole
  temperature: [0, 100, false],
  top_k: [0, 1e6, true], // 0: all tokens
  top_p: [LEAST_TOP_P, 1, false],
  min_p: [0, 1, false],
  random_seed: [0, Number.MAX_SAFE_INTEGER, true],
  length: [0, 1e6, true],
  samples: [1, 1000, true],
  tempo: [20, 400, false],
  volume: [0, 1, false],
};
const SWITCHES = ["loop"];
const MOST_CHARACTERS = 100_000;

// Returns the part of a link after "#"; settings that are null or undefined are left out.
export function hashOf(settings) {
  const pairs = new URLSearchParams();
  for (const name of [...TEXTS, ...Object.keys(NUMBERS), ...SWITCHES]) {
    const value = settings[name];
    if (value === null || value === undefined) continue;
    pairs.set(name, SWITCHES.includes(name) ? String(Number(value)) : String(value));
  }
  return `#${pairs}`;
}

// Returns the settings that a link holds; what cannot be read, or is out of range, is left out.
export function settingsOf(hash) {
  const pairs = new URLSearchParams(hash.replace(/^#/, ""));
  const settings = {};
  for (const name of TEXTS) if (pairs.has(name)) settings[name] = pairs.get(name).slice(0, MOST_CHARACTERS);
  for (const [name, [least, most, whole]] of Object.entries(NUMBERS)) {
    const text = pairs.get(name)?.trim();
    const number = Number(text);
    if (text && number >= least && number <= most && (!whole || Number.isInteger(number))) settings[name] = number;
  }
  for (const name of SWITCHES) if (["0", "1"].includes(pairs.get(name))) settings[name] = pairs.get(name) === "1";
  return settings;
}

// Returns a file name without what file systems refuse.
export function fileName(name, suffix) {
  const plain = name.replace(/[^\p{L}\p{N}_-]+/gu, "-").replace(/^-+|-+$/g, "").slice(0, 80);
  return `${plain || "network"}.${suffix}`;
}

// Offers bytes or a text as a file.
export function offer(content, name, type) {
  const address = URL.createObjectURL(new Blob([content], {type}));
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}
