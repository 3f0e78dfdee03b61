// What is wrong with the layout of this page: a list of sentences, empty if nothing is.
() => {
  const problems = [], edge = document.documentElement.clientWidth;
  const name = (e) => `<${e.localName}${e.id ? " #" + e.id : ""}> ${(e.textContent || e.alt || "").trim().slice(0, 50)}`;
  const scrolls = (e) => { for (; e && e !== document.body; e = e.parentElement)
    if (/auto|scroll/.test(getComputedStyle(e).overflowX)) return e; return null; };
  const seen = (e) => e.checkVisibility({ visibilityProperty: true, opacityProperty: true });
  const light = (rgb) => { const [r, g, b] = rgb.slice(0, 3).map((v) => v / 255)
    .map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)); return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
  const colour = (text) => (text.match(/[\d.]+/g) || []).map(Number);
  const ground = (e) => { for (; e; e = e.parentElement) { const c = colour(getComputedStyle(e).backgroundColor);
    if (c.length === 3 || c[3] > 0) return c; } return [255, 255, 255]; };

  if (document.documentElement.scrollWidth > edge) problems.push("the page scrolls sideways");
  const boxes = [];  // of every line of text, formula and image that is shown
  const add = (e, rects) => {
    const held = scrolls(e)?.getBoundingClientRect();  // what scrolls shows what its holder does
    for (const { left, right, top, bottom } of rects) {
      const r = !held ? { left, right, top, bottom } : { left: Math.max(left, held.left), right: Math.min(right, held.right),
        top: Math.max(top, held.top), bottom: Math.min(bottom, held.bottom) };
      if (r.right - r.left > 0.5 && r.bottom - r.top > 0.5) boxes.push({ e, r });
    }
  };
  for (const e of document.body.querySelectorAll("*")) {
    if (!seen(e) || e.closest(".skip")) continue;
    const style = getComputedStyle(e);
    if (e.localName === "img") {
      if (!e.complete || !e.naturalWidth) problems.push(`not drawn: ${name(e)}`);
      if (!e.alt) problems.push(`no alternative text: ${e.src.slice(0, 60)}`);
    }
    if (e.localName === "merror") problems.push(`formula in error: ${name(e)}`);
    if (["img", "math", "canvas", "svg"].includes(e.localName)) { add(e, e.getClientRects()); continue; }
    if (e.closest("math, svg")) continue;
    for (const node of e.childNodes) if (node.nodeType === 3 && node.data.trim()) {
      const range = document.createRange(); range.selectNodeContents(node); add(e, range.getClientRects());
      if (parseFloat(style.fontSize) < 12) problems.push(`type of ${style.fontSize}: ${name(e)}`);
      const [a, b] = [light(colour(style.color)), light(ground(e))].sort((x, y) => y - x);
      if ((a + 0.05) / (b + 0.05) < 4.5) problems.push(`contrast ${((a + 0.05) / (b + 0.05)).toFixed(1)}: ${name(e)}`);
    }
    // what scrolls sideways should not have to scroll up and down as well
    if ((e.scrollHeight > e.clientHeight + 1 && style.overflowY !== "visible" && e.clientHeight)
        || (e.scrollWidth > e.clientWidth + 1 && /hidden|clip/.test(style.overflowX))) problems.push(`cut off: ${name(e)}`);
  }
  for (const { e, r } of boxes) {
    const holder = scrolls(e);
    if (holder) {
      if (holder.scrollWidth > holder.clientWidth + 1 && holder.tabIndex < 0)
        problems.push(`scrolls, but not by keyboard: ${name(holder)}`);
    } else if (r.left < -0.5 || r.right > edge + 0.5) problems.push(`beyond the edge: ${name(e)}`);
  }
  boxes.sort((x, y) => x.r.top - y.r.top);
  for (let i = 0; i < boxes.length; i++) for (let k = i + 1; k < boxes.length; k++) {
    const [p, q] = [boxes[i], boxes[k]];
    if (q.r.top >= p.r.bottom) break;
    if (p.e === q.e || p.e.contains(q.e) || q.e.contains(p.e)) continue;
    const wide = Math.min(p.r.right, q.r.right) - Math.max(p.r.left, q.r.left);
    const high = Math.min(p.r.bottom, q.r.bottom) - q.r.top;
    if (wide > 2 && high > 4) problems.push(`overlap: ${name(p.e)} and ${name(q.e)}`);
  }
  return [...new Set(problems)];
}
