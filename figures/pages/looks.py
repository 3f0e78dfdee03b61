"""How every page looks: the style sheet. Light and dark, from a phone to a projector, and on paper."""

CSS = """
:root { color-scheme: light dark; --ground: #fbfbf9; --card: #ffffff; --soft: #f1f1ec; --ink: #202224; --quiet: #5a5d61;
  --line: #dcdcd6; --good: #00694a; --bad: #a33c00; --link: #005a94; --mark: #b84f00; }
@media (prefers-color-scheme: dark) { :root { --ground: #131518; --card: #1b1e22; --soft: #22262b; --ink: #e6e6e3;
  --quiet: #a6abb0; --line: #363b41; --good: #4fc79b; --bad: #ff9a5c; --link: #79bdf0; --mark: #f0813a; } }
* { box-sizing: border-box; }
html { scroll-behavior: smooth; scroll-padding-top: 1rem; -webkit-text-size-adjust: 100%; }
@media (prefers-reduced-motion: reduce) { html { scroll-behavior: auto; } }
body { margin: 0; background: var(--ground); color: var(--ink); font: 1rem/1.6 system-ui, sans-serif;
  overflow-wrap: break-word; }
.page { max-width: 60rem; margin: 0 auto; padding: 1.5rem clamp(1rem, 4vw, 2.5rem) 5rem; }
h1 { font-size: clamp(1.55rem, 4vw, 2.1rem); line-height: 1.2; margin: .5rem 0 1rem; text-wrap: balance; }
h2 { font-size: 1.5rem; line-height: 1.25; margin: 0 0 .8rem; }
h3 { font-size: 1.1rem; line-height: 1.4; margin: 0 0 .8rem; text-wrap: balance; }
p { margin: 0 0 .9rem; }
.prose p { max-width: 42rem; }
a { color: var(--link); }
a:focus-visible, summary:focus-visible, [tabindex]:focus-visible { outline: 3px solid var(--mark); outline-offset: 2px;
  border-radius: 2px; }
.skip { position: absolute; left: -100rem; }
.skip:focus { left: 1rem; top: 1rem; background: var(--card); padding: .5rem 1rem; z-index: 2; }
.problem { background: var(--soft); border-left: 3px solid var(--mark); padding: .9rem 1.1rem; margin: 1.2rem 0;
  font-size: 1.1rem; line-height: 2; }
math { font-family: "STIX Two Math", "Latin Modern Math", "Cambria Math", "Libertinus Math", math; font-size: 1.08em; }
nav ol { list-style: none; margin: 0; padding: 0; counter-reset: chapter; }
nav li { counter-increment: chapter; padding: .3rem 0; display: flex; line-height: 1.4; }
nav li::before { content: counter(chapter); color: var(--quiet); flex: 0 0 1.6rem;
  font-variant-numeric: tabular-nums; }
nav a { text-decoration: none; }
nav a:hover { text-decoration: underline; }
.chapter { border-top: 1px solid var(--line); margin-top: 4rem; padding-top: 2rem; }
.number { color: var(--mark); margin-right: .6rem; }
.exhibit { margin: 2.8rem 0 0; }
figure { margin: 0; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: .8rem; overflow-x: auto; }
.card img { display: block; width: 100%; min-width: 660px; height: auto; }
.panels { display: none; }
.panel { width: 100%; margin: 0 auto 1rem; background-image: var(--picture); background-repeat: no-repeat; }
.panel:last-child { margin-bottom: 0; }
.swipe { display: none; color: var(--quiet); font-size: .85rem; margin: .35rem 0 0; }
@media (max-width: 740px) { .swipe { display: block; } .card { padding: .4rem; }
  .split .card img[data-panels] { display: none; } .split .panels { display: block; }
  .split .fits .swipe { display: none; } }
figcaption { margin: .8rem 0; max-width: 46rem; }
.statements { margin: 1rem 0; padding: .1rem 1rem; background: var(--soft); border-radius: 8px; }
.statements div { padding: .55rem 0; }
.statements div + div { border-top: 1px solid var(--line); }
.statements dt { font-weight: 600; font-size: .92rem; }
.statements dt span { font-weight: 400; color: var(--quiet); }
.statements dd { margin: .1rem 0 0; padding-bottom: .35rem; line-height: 1.9; overflow-x: auto; }
.facts { display: grid; grid-template-columns: max-content 1fr; gap: .25rem 1rem; margin: .8rem 0 0; font-size: .9rem; }
.facts dt { color: var(--quiet); } .facts dd { margin: 0; min-width: 0; }
.facts a { margin-right: .7rem; }
@media (max-width: 480px) { .facts { grid-template-columns: 1fr; gap: 0; } .facts dd { margin-bottom: .4rem; } }
code { font: .88em ui-monospace, monospace; background: var(--soft); padding: .1rem .3rem; border-radius: 4px; }
.further { background: var(--soft); border-radius: 8px; padding: .9rem 1.1rem; margin: 1.4rem 0 0; }
.further p:last-child { margin: 0; }
.quiet { color: var(--quiet); font-size: .92rem; }
details { margin: .6rem 0; } summary { cursor: pointer; padding: .2rem 0; }
.scroll { overflow-x: auto; }
.scroll + p { margin-top: .8rem; }
table { border-collapse: collapse; font-size: .85rem; font-variant-numeric: tabular-nums; white-space: nowrap; }
th, td { padding: .15rem .9rem .15rem 0; text-align: left; border-bottom: 1px solid var(--line); }
.holds { color: var(--good); } .fails { color: var(--bad); font-weight: 600; }
@media (min-width: 1180px) { .page:has(> nav) { display: grid; grid-template-columns: 13rem minmax(0, 1fr);
  column-gap: 3rem; max-width: 78rem; } .top, main { grid-column: 2; } nav { grid-column: 1; grid-row: 1 / span 2; }
  nav ol { position: sticky; top: 2rem; padding-top: .6rem; font-size: .95rem; } }
@media print { nav, .swipe, .skip, details:not([open]) { display: none; } .card img { min-width: 0; }
  .exhibit { break-inside: avoid; } }
"""
