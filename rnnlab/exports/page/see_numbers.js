// The equation of one unit with the numbers of one time step, written as `rnnlab trace` writes it.
// The template is made by rnnlab/models/template.py; the rules of filling it are those of `filled_template` there.

const MOST_SUMMANDS = 4; // of more summands, the 3 largest are shown, and the others added up
const EPSILON_OF_NORMALIZATION = 1e-5;

/** Return a number as text: whole below 10,000, else 4 decimals below 1000, else 6 significant digits. */
export function shownNumber(value) {
  if (!Number.isFinite(value)) return String(value);
  if (Number.isInteger(value) && Math.abs(value) < 1e4) return String(value + 0);
  if (Math.abs(value) >= 1e3) return String(Number(value.toPrecision(6)));
  const shown = value.toFixed(4);
  return Number(shown) === 0 ? shown.replace("-", "") : shown;
}

/** Return texts and blanks as one text; `number(blank)` returns the number of a blank. */
export function filledTemplate(pieces, number) {
  let text = "";
  pieces.forEach((piece, place) => {
    if (typeof piece === "string") {
      text += piece;
      return;
    }
    let shown = shownNumber(number(piece));
    if (shown.startsWith("-")) {
      const following = pieces[place + 1];
      const isFactor = text.endsWith("·") || (typeof following === "string" && following.startsWith("·"));
      if (isFactor || text.endsWith(" - ")) shown = `(${shown})`;
      else if (text.endsWith(" + ")) {
        text = `${text.slice(0, -2)}- `;
        shown = shown.slice(1);
      }
    }
    text += shown;
  });
  return text;
}

/** Return a sum of products as text, and how many of its summands are added up in its last number. */
export function weightedSum(values, weight) {
  const products = Float64Array.from(values, (value, place) => value * weight(place));
  let places = [...values.keys()].filter((place) => values[place] !== 0);
  const count = places.length;
  if (count > MOST_SUMMANDS) {
    places.sort((a, b) => Math.abs(products[b]) - Math.abs(products[a]) || a - b);
    places = places.slice(0, MOST_SUMMANDS - 1).sort((a, b) => a - b);
  }
  const others = count - places.length;
  const numbers = places.flatMap((place) => [values[place], weight(place)]);
  const pieces = places.flatMap((_, place) => [...(place ? [" + "] : []), [2 * place], "·", [2 * place + 1]]);
  if (others) {
    const shown = places.reduce((sum, place) => sum + products[place], 0);
    numbers.push(products.reduce((sum, product) => sum + product, 0) - shown);
    pieces.push(" + ", [numbers.length - 1]);
  }
  return {text: pieces.length ? filledTemplate(pieces, ([place]) => numbers[place]) : "0", others};
}

/**
 * Return the lines of one unit with their numbers: {name, symbols, numbers, value, others, values}.
 *
 * layer    a layer of the engine, whose `terms` have the values of the step
 * shown    the layer's `shown` of the page's data: the template
 * input    the layer's input in the step
 * before   the parts of the state before the step
 * `others` is the number of summands that are added up; `values` is that of normalised numbers.
 */
export function equationLines(layer, shown, input, before, unit) {
  const units = layer.units;
  const isBefore = new Map(shown.before.map((term, place) => [term, before[place]]));
  const vector = (term) => isBefore.get(term) ?? layer.terms[term];
  const number = ([term, block]) => vector(term)[block * units + unit];

  function numbersOfLine(line) {
    const column = line.column * units + unit;
    if (line.kind === "equation") return {text: filledTemplate(line.numbers, number)};
    if (line.kind === "product") {
      const row = column * units; // the recurrent kernel is kept transposed: (G·H, H)
      return weightedSum(vector(line.reads), (place) => layer.recurrent[row + place]);
    }
    if (line.kind === "normalized") return normalizedNumbers(vector(line.reads), line.value[1] * units + unit);
    const columns = layer.gates.length * units;
    const sum = weightedSum(input, (place) => layer.kernel[place * columns + column]);
    if (line.bias) sum.text = filledTemplate([`${sum.text} + `, [0]], () => layer.bias[column]);
    return sum;
  }

  return shown.lines.map((line) => {
    const {text, others = 0, values = 0} = numbersOfLine(line);
    return {name: line.name, symbols: line.symbols, numbers: text, value: number(line.value), others, values};
  });
}

function normalizedNumbers(values, place) {
  let mean = 0;
  for (const value of values) mean += value / values.length;
  let variance = 0;
  for (const value of values) variance += (value - mean) ** 2 / values.length;
  const own = shownNumber(values[place]);
  const difference = filledTemplate([`${own} - `, [0]], () => mean);
  const deviation = shownNumber(Math.sqrt(variance + EPSILON_OF_NORMALIZATION));
  return {text: `(${difference}) / ${deviation}`, values: values.length};
}
