// Drawing across a chart shows that stretch of it alone; the button, or a double click, shows all of it again.
for (const figure of document.querySelectorAll("figure.curves")) {
  const chart = figure.querySelector(".chart");
  const plot = figure.querySelector(".plot");
  const marks = figure.querySelector(".marks");
  const [left, top, width, height] = plot.getAttribute("viewBox").split(" ").map(Number);
  const whole = [Number(chart.dataset.low), Number(chart.dataset.high)];
  const drawnMarks = marks.innerHTML;
  let shown = whole;

  const button = document.createElement("button");
  button.type = "button";
  button.textContent = "Show all";
  button.hidden = true;
  button.addEventListener("click", () => show(whole));
  figure.append(button);

  const band = document.createElementNS(chart.namespaceURI, "rect");
  band.setAttribute("class", "band");
  band.setAttribute("y", top);
  band.setAttribute("height", height);

  function show(range) {
    shown = range;
    const scale = width / (whole[1] - whole[0]);
    plot.setAttribute("viewBox", `${left + (range[0] - whole[0]) * scale} ${top} ${(range[1] - range[0]) * scale} ${height}`);
    button.hidden = range === whole;
    marks.innerHTML = drawnMarks;
    if (range === whole) return;
    const y = marks.firstElementChild?.getAttribute("y");
    const rough = (range[1] - range[0]) / 6;
    const power = 10 ** Math.floor(Math.log10(rough));
    const step = [1, 2, 5, 10].map((factor) => factor * power).find((each) => each >= rough);
    marks.replaceChildren();
    for (let at = Math.ceil(range[0] / step) * step; at <= range[1]; at += step) {
      const mark = document.createElementNS(chart.namespaceURI, "text");
      mark.setAttribute("x", left + (at - range[0]) / (range[1] - range[0]) * width);
      mark.setAttribute("y", y);
      mark.setAttribute("text-anchor", "middle");
      mark.setAttribute("fill", "currentColor");
      mark.textContent = Number(at.toPrecision(6)).toLocaleString("en");
      marks.append(mark);
    }
  }

  function place(event) {
    const box = plot.getBoundingClientRect();
    const own = chart.getBoundingClientRect();
    const unit = own.width / chart.viewBox.baseVal.width;
    const x = (event.clientX - own.left) / unit;
    return box.width ? Math.min(Math.max(x, left), left + width) : left;
  }

  let from = null;
  chart.addEventListener("pointerdown", (event) => {
    if (event.button) return;
    from = place(event);
    chart.setPointerCapture(event.pointerId);
  });
  chart.addEventListener("pointermove", (event) => {
    if (from === null) return;
    const to = place(event);
    band.setAttribute("x", Math.min(from, to));
    band.setAttribute("width", Math.abs(to - from));
    chart.append(band);
  });
  chart.addEventListener("pointerup", (event) => {
    if (from === null) return;
    const ends = [from, place(event)].sort((a, b) => a - b);
    const figureAt = (x) => shown[0] + (x - left) / width * (shown[1] - shown[0]);
    band.remove();
    from = null;
    if (ends[1] - ends[0] > 8) show(ends.map(figureAt));
  });
  chart.addEventListener("pointercancel", () => { from = null; band.remove(); });
  chart.addEventListener("dblclick", () => show(whole));
}
