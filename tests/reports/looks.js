// What a designer would find on a page: an object of lists, each empty if there is no fault. Playwright runs it.
() => {
  const shown = (element) => element.getClientRects().length > 0;
  // Elements that only screen readers find are cut to a point on purpose.
  const spoken = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const style = getComputedStyle(at);
      if (style.position === "absolute" && (style.clip !== "auto" || style.clipPath !== "none")) return true;
    }
    return false;
  };
  const name = (element) => {
    const kind = element.getAttribute("class");
    return `${element.tagName.toLowerCase()}${kind ? "." + kind.replaceAll(" ", ".") : ""}: ${element.textContent.trim().slice(0, 40)}`;
  };

  // An element whose content is wider than itself scrolls sideways, or is cut off. Elements that scroll count too.
  const wide = [...document.querySelectorAll("*")].filter((each) =>
    each.scrollWidth > each.clientWidth + 1 && each.clientWidth > 0 && !each.closest("svg, audio") && shown(each)
      && getComputedStyle(each).display !== "inline" && !spoken(each));

  // Content that leaves its element or the window without scrolling.
  const outside = [...document.querySelectorAll("body *")].filter((each) => {
    if (!shown(each) || each.closest("svg, audio, script") || spoken(each)) return false;
    const box = each.getBoundingClientRect();
    return box.right > document.documentElement.clientWidth + 1 || box.left < -1;
  });

  // A text of a picture that leaves the picture is cut off. The inner picture of a chart cuts its lines on purpose.
  const cut = [...document.querySelectorAll("svg text")].filter((each) => {
    const picture = each.closest("svg:not(.plot)");
    let outer = picture;
    while (outer.parentElement.closest("svg")) outer = outer.parentElement.closest("svg");
    if (!shown(outer) || !each.textContent.trim()) return false;
    const [own, all] = [each.getBoundingClientRect(), outer.getBoundingClientRect()];
    return own.left < all.left - 1 || own.right > all.right + 1 || own.top < all.top - 2 || own.bottom > all.bottom + 2;
  });

  function luminance(colour) {
    const numbers = colour.match(/[\d.]+/g).slice(0, 3).map(Number);
    const shares = colour.startsWith("color(") ? numbers : numbers.map((one) => one / 255);
    const [r, g, b] = shares.map((one) => one <= 0.04045 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  }
  function ground(element) {
    const cell = element.closest(".cell");
    if (cell && element.tagName === "text") return getComputedStyle(cell.querySelector("rect")).fill;
    for (let at = element; at; at = at.parentElement) {
      const colour = getComputedStyle(at).backgroundColor;
      if (!/(, 0\)|\/ 0\))$/.test(colour)) return colour;
    }
    return "rgb(255, 255, 255)";
  }
  const faint = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const element = node.parentElement;
    const inPicture = element.closest("svg");
    if (!node.data.trim() || !shown(element) || element.closest("script, title")) continue;
    if (inPicture && !(element.tagName === "text" && element.closest(".map"))) continue;
    const style = getComputedStyle(element);
    const both = [inPicture ? style.fill : style.color, ground(element)].map(luminance);
    const ratio = (Math.max(...both) + 0.05) / (Math.min(...both) + 0.05);
    if (ratio < 4.5) faint.push(`${name(element)} ${ratio.toFixed(2)}`);
  }
  return { wide: wide.map(name), outside: outside.map(name), cut: cut.map(name), faint };
}
