"""How an interactive page looks and behaves in the browser: its style sheet and its script.

The bench (sliders, settings to try, what is seen, numbers, pictures) fills one window from 1280 x 720 up and does not
scroll; what there is to read lies below it. On a phone the sliders stay at the lower edge under the thumb, and pictures
scroll above them.
"""

# beyond the looks of every page
STYLE = """
html { scroll-padding-bottom: 9rem; }
.page { max-width: none; padding: .7rem clamp(.7rem, 2vw, 2.5rem) 4rem; }
h1 { font-size: 1.35rem; margin: 0 0 .5rem; } h2 { font-size: 1.1rem; margin: 1.6rem 0 .4rem; } p { margin: .4rem 0; }
.controls { display: grid; gap: .25rem; padding: .5rem .7rem; background: var(--card); border: 1px solid var(--line);
  border-radius: 8px; }
.controls label { display: block; font-size: .88rem; line-height: 1.3; } .controls output { font-weight: 700;
  font-variant-numeric: tabular-nums; }
input[type=range] { width: 100%; height: 1.35rem; accent-color: #0072B2; margin: 0; display: block; }
:focus-visible { outline: 3px solid var(--mark); outline-offset: 2px; }
.presets, .tools { display: flex; flex-wrap: wrap; gap: .3rem; margin: .5rem 0; padding: 0; list-style: none; }
button { font: inherit; font-size: .8rem; line-height: 1.3; padding: .2rem .6rem; border: 1px solid var(--line);
  border-radius: 1rem; background: var(--card); color: var(--ink); cursor: pointer; text-align: left; }
#says { font-weight: 600; font-size: .95rem; line-height: 1.35; min-height: 4em; margin: .5rem 0; }
.numbers { display: flex; flex-wrap: wrap; gap: 0 2.5rem; align-content: start; min-width: 0; }
.numbers .scroll { min-width: 0; } .numbers dl { flex: 1 1 0; min-width: 17rem; align-content: start; }
.numbers code { font-size: .76rem; } .numbers table, .numbers dl { font-size: .8rem; line-height: 1.45; }
dl { display: grid; grid-template-columns: max-content minmax(0, 1fr); gap: .05rem .8rem; margin: .4rem 0; }
dt { font-weight: 600; } dd { margin: 0; color: var(--quiet); font-variant-numeric: tabular-nums; }
.read { max-width: 50rem; } .read dl { gap: .3rem .8rem; }
.plots { display: grid; gap: .5rem .8rem; grid-template-columns: repeat(2, minmax(0, 1fr)); align-content: start; }
.plots figure { min-width: 0; margin: 0; } .plots figcaption { font-weight: 600; font-size: .9rem; line-height: 1.3;
  margin: 0 0 .2rem; max-width: none; color: var(--ink); }
.plots .card { background: #fff; padding: .2rem; overflow: visible; }
.three .plots { grid-template-columns: repeat(3, minmax(0, 1fr)); }
@media (min-width: 60rem) {
  html { font-size: clamp(16px, min(1.25vw, 2.22vh), 24px); scroll-padding-bottom: 0; }
  .bench { display: grid; grid-template-columns: 19rem minmax(0, 1fr); grid-template-rows: auto 1fr; gap: .6rem 1.2rem;
    grid-template-areas: "side plots" "side numbers"; min-height: calc(100vh - 3.5rem); }
  .bench.four { grid-template-areas: "side plots" "numbers plots"; }
  .side { grid-area: side; } .plots { grid-area: plots; } .numbers { grid-area: numbers; }
  .bench.three { grid-template: "side" auto "plots" auto "numbers" 1fr / minmax(0, 1fr); }
  .three .side { display: grid; grid-template-columns: 24rem minmax(0, 1fr); gap: 0 1.2rem; align-items: start; }
  .three .controls { grid-row: 1 / span 3; } .three .presets { margin-top: 0; } .three #says { min-height: 2.7em; }
  .three .side > * { grid-column: 2; } .three .controls { grid-column: 1; }
  /* as wide as keeps the pictures, and the numbers under them, within the window */
  .plots { max-width: calc((100vh - 14rem) * 2); } .three .plots { max-width: calc((100vh - 20rem) * 3); }
  .four .plots { max-width: calc((100vh - 9rem) / .77); }
}
@media (max-width: 59.99rem) {
  h1 { font-size: 1.1rem; } #says { min-height: 2.7em; font-size: .9rem; order: 1; }
  .bench { display: flex; flex-direction: column; } .side { display: contents; }
  .plots { order: 2; } .numbers { order: 3; } .tools { order: 4; }
  .page { padding-bottom: 9rem; }
  .controls { position: fixed; left: 0; right: 0; bottom: 0; z-index: 5; border-width: 1px 0 0; border-radius: 0;
    padding: .3rem .8rem .5rem; box-shadow: 0 -2px 8px #0003; }
  .controls > div { display: grid; grid-template-columns: 11.5rem minmax(0, 1fr); align-items: center; gap: .6rem; }
  .controls label { font-size: .8rem; }
  input[type=range] { height: 1.9rem; }
  .presets { flex-wrap: nowrap; overflow-x: auto; padding: 3px; } .presets button { white-space: nowrap; }
}
@media (max-width: 47rem) { .plots, .three .plots { grid-template-columns: minmax(0, 1fr); } }
@media (max-height: 30rem) { .controls { position: static; } }
@media print { .presets, .tools { display: none; } }
"""

SCRIPT = """
(function start() {
  const doc = window.Bokeh && Bokeh.documents[0];
  if (!doc || !doc.is_idle) { setTimeout(start, 20); return; }
  const chosen = doc.get_model_by_name("chosen");
  const sliders = [...document.querySelectorAll(".controls input")];
  const values = s => JSON.parse(s.dataset.values), text = s => values(s)[s.value].toFixed(+s.dataset.digits);
  const settings = () => sliders.map(s => s.id + "=" + text(s));
  const send = () => {
    for (const s of sliders) {
      s.setAttribute("aria-valuetext", text(s));
      document.getElementById(s.id + "_value").textContent = text(s);
    }
    chosen.data = { i: sliders.map(s => +s.value) };
    history.replaceState(null, "", "#" + settings().join("&"));
  };
  // the address holds the settings: each value that it names, or the nearest there is
  const restore = () => {
    const asked = new URLSearchParams(location.hash.slice(1));
    for (const s of sliders) {
      const want = parseFloat(asked.get(s.id));
      if (!Number.isFinite(want)) continue;
      const off = values(s).map(v => Math.abs(v - want));
      s.value = off.indexOf(Math.min(...off));
    }
    send();
  };
  for (const s of sliders) s.addEventListener("input", send);
  for (const b of document.querySelectorAll("button[data-positions]")) b.addEventListener("click", () => {
    JSON.parse(b.dataset.positions).forEach((value, k) => { sliders[k].value = value; });
    send();
  });
  window.addEventListener("hashchange", restore);

  const models = [...doc._all_models.values()], figures = doc.roots();
  // type in the pictures grows with the page's own, as on a projector
  const typed = models.flatMap(m => ["axis_label_text_font_size", "major_label_text_font_size", "text_font_size"]
    .filter(name => name in m.properties).map(name => [m, name, m.properties[name].get_value()]));
  const grow = () => {
    const by = Math.min(1.5, parseFloat(getComputedStyle(document.documentElement).fontSize) / 16);
    for (const [m, name, size] of typed) {
      const px = t => (by * parseFloat(t)).toFixed(1) + "px";
      m[name] = typeof size == "string" ? px(size) : { ...size, value: px(size.value) };
    }
  };
  window.addEventListener("resize", grow);

  // all pictures as one drawing, under the title and the settings
  const row = figures.length == 4 ? 2 : figures.length, gap = 16, top = 64;
  const drawing = () => {
    const parts = figures.map(f => Bokeh.index.get_by_id(f.id).export("svg").ctx.get_serialized_svg(true));
    const wide = Math.max(...figures.map(f => f.outer_width)), high = Math.max(...figures.map(f => f.outer_height));
    const [width, height] = [row * (wide + gap) + gap, top + Math.ceil(figures.length / row) * (high + gap)];
    const words = t => t.replace(/[&<>]/g, c => "&#" + c.charCodeAt(0) + ";");
    const line = (y, size, t) =>
      `<text x="${gap}" y="${y}" font-family="DejaVu Sans, sans-serif" font-size="${size}">${words(t)}</text>`;
    const placed = parts.map((svg, k) => svg.replace("<svg ",
      `<svg x="${gap + (k % row) * (wide + gap)}" y="${top + Math.floor(k / row) * (high + gap)}" `));
    return [`<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="${width}" ` +
      `height="${height}" viewBox="0 0 ${width} ${height}"><rect width="100%" height="100%" fill="#fff"/>` +
      line(26, 18, document.title) + line(50, 14, settings().join(", ")) + placed.join("") + "</svg>", width, height];
  };
  const save = (blob, suffix) => {
    const a = document.createElement("a");
    a.href = URL.createObjectURL(blob);
    a.download = [document.body.dataset.name, ...settings()].join("_") + suffix;
    a.click();
    setTimeout(() => URL.revokeObjectURL(a.href), 10000);
  };
  const svg = () => new Blob([drawing()[0]], { type: "image/svg+xml" });
  const png = () => new Promise((resolve, reject) => {
    const [text, width, height] = drawing(), image = new Image();
    image.onerror = reject;
    image.onload = () => {
      const canvas = document.createElement("canvas");
      [canvas.width, canvas.height] = [2 * width, 2 * height];
      canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
      canvas.toBlob(resolve, "image/png");
    };
    image.src = "data:image/svg+xml;charset=utf-8," + encodeURIComponent(text);
  });
  document.getElementById("save_svg").addEventListener("click", () => save(svg(), ".svg"));
  document.getElementById("save_png").addEventListener("click", () => png().then(blob => save(blob, ".png")));
  document.getElementById("copy_link").addEventListener("click", event => {
    const done = event.target, told = t => { done.textContent = t; setTimeout(() => { done.textContent = "Copy link"; },
      2000); };
    navigator.clipboard.writeText(location.href).then(() => told("Copied"), () => told("It is in the address bar"));
  });
  window.pictures = { svg, png };
  grow();
  restore();
  document.body.dataset.ready = "yes";
})();
"""
