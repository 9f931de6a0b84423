'use strict';
const data = JSON.parse(document.getElementById('data').textContent);
const runs = data.runs;
const colours = ['#0b6e99', '#c2571a', '#0a7d3c', '#8b3fb0', '#b3261e', '#7a6a00', '#3b5bd6', '#00786f', '#a3336b', '#5d6770'];
const $ = id => document.getElementById(id);
const make = (tag, text, cls) => { const e = document.createElement(tag); if (text !== undefined) e.textContent = text; if (cls) e.className = cls; return e; };
const number = (v, digits) => v === null || v === undefined ? 'n/a' : v === 'inf' ? '\u221e' : v === '-inf' ? '\u2212\u221e' : v.toFixed(digits);
const digitsOf = m => m.unit === 'dB' || m.unit === '/255' ? 2 : 4;
const value = v => v === 'inf' ? Infinity : v === '-inf' ? -Infinity : v;
const short = name => name.length > 36 ? name.slice(0, 16) + '\u2026' + name.slice(-19) : name;
const colour = i => colours[i % colours.length];
const label = i => { const s = make('span'); const w = make('span', undefined, 'swatch'); w.style.background = colour(i); s.title = runs[i].label; s.append(w, runs[i].label); return s; };

$('title').textContent = data.title;
document.title = data.title;
$('lead').textContent = data.lead;
for (const n of data.notes) $('notes').append(make('div', n, 'note'));

/* Tables: a click on a head sorts; best and second are marked among methods that do not see the truth. Columns of one group get a head together. */
function table(element, columns, rows) {
  let by = columns.findIndex(c => c.metric), down = by >= 0 && columns[by].metric.higher_is_better;
  const ranked = columns.map(c => { // as printed: equal prints share a rank, as in table.tex and table.md
    if (!c.metric) return [];
    const order = rows.filter(r => !r.oracle && typeof c.get(r) === 'number').sort((a, b) => c.metric.higher_is_better ? c.get(b) - c.get(a) : c.get(a) - c.get(b));
    return [...new Set(order.map(c.text))].slice(0, 2);
  });
  const opens = columns.map((c, k) => Boolean(c.group) && (k === 0 || c.group !== columns[k - 1].group));
  const over = make('tr', undefined, 'groups');
  columns.forEach((c, k) => {
    if (c.group && !opens[k]) { over.lastChild.colSpan++; return; }
    const th = make('th', undefined, opens[k] ? 'opens' : ''); th.append(make('span', c.group || '')); if (c.group) th.scope = 'colgroup'; over.append(th);
  });
  function draw() {
    element.replaceChildren();
    const head = make('tr');
    columns.forEach((c, k) => {
      const th = make('th', undefined, opens[k] ? 'opens' : ''); const b = make('button', c.name); b.title = c.title || '';
      b.onclick = () => { down = by === k ? !down : c.metric ? c.metric.higher_is_better : false; by = k; draw(); };
      if (by === k) th.setAttribute('aria-sort', down ? 'descending' : 'ascending');
      th.append(b); head.append(th);
    });
    const thead = make('thead'); thead.append(...(opens.includes(true) ? [over] : []), head);
    const body = make('tbody');
    const key = r => columns[by].get(r);
    const sorted = by < 0 ? rows : [...rows].sort((a, b) => {
      const x = key(a), y = key(b);
      if ((x ?? null) === null || (y ?? null) === null) return ((x ?? null) === null) - ((y ?? null) === null);
      const order = typeof x === 'string' ? x.localeCompare(y) : x - y;
      return down ? -order : order;
    });
    for (const r of sorted) {
      const tr = make('tr', undefined, r.oracle ? 'oracle' : '');
      columns.forEach((c, k) => {
        const td = make('td', undefined, opens[k] ? 'opens' : '');
        if (c.node) td.append(c.node(r)); else td.append(make('span', c.text ? c.text(r) : c.get(r)));
        if (c.metric && !r.oracle && rows.length > 1) {
          if (c.text(r) === ranked[k][0]) td.classList.add('best');
          else if (c.text(r) === ranked[k][1]) td.classList.add('second');
        }
        const more = c.more && c.more(r);
        if (more) td.append(make('small', more));
        tr.append(td);
      });
      body.append(tr);
    }
    element.append(thead, body);
  }
  draw();
}
const rows = runs.map((r, i) => ({run: r, i, oracle: r.sees_truth}));
const nameColumn = {name: 'Method', get: r => r.run.label, node: r => label(r.i)};
const inUnit = m => m.name + (m.unit ? ' [' + m.unit + ']' : '');
const metricColumn = m => ({
  name: m.region ? m.region_title : inUnit(m), group: m.set || undefined, title: m.region_rule ? 'Where ' + m.region_rule + '. ' + m.help : m.help, metric: m,
  get: r => value(r.run.mean[m.key]), text: r => number(r.run.mean[m.key], digitsOf(m)),
  more: r => { const i = r.run.interval[m.key]; return i ? span(m, i) : ''; },
});
const rise = (m, d) => (d.delta >= 0 ? '+' : '') + number(d.delta, digitsOf(m));
const span = (m, i) => i.map(v => number(v, digitsOf(m))).join(' \u2013 ');
const whole = data.metrics.filter(m => !m.region && !m.layer);
const first = whole[0];
const unit = data.unit;
const chance = p => p < 0.001 ? '< 0.001' : number(p, 3);
const againstColumn = m => {
  const of = r => r.run.against[m.key];
  return {
    group: '\u0394 to ' + short(runs[data.against].label), name: '\u0394 ' + m.name, title: 'difference of the means, better is positive; its 95 % interval; p by sign flips over ' + unit + 's, W by Wilcoxon\'s signed ranks, both corrected by Holm; effect size d',
    get: r => of(r) ? value(of(r).delta) : null,
    text: r => of(r) ? rise(m, of(r)) : '\u2013',
    more: r => of(r) ? (of(r).interval ? span(m, of(r).interval) + '\n' : '') + 'p ' + chance(of(r).p) + ', W ' + chance(of(r).p_wilcoxon) + ', d ' + number(of(r).dz, 1) : '',
  };
};
const againstColumns = data.against === null ? [] : whole.filter(m => runs.some(r => r.against[m.key])).map(againstColumn);
const timed = runs.some(r => r.seconds_per_frame);
table($('table'), [nameColumn, ...whole.map(metricColumn), ...againstColumns, ...(timed ? [{
  name: 'ms/frame', title: 'time of the method alone', get: r => r.run.seconds_per_frame || null,
  text: r => r.run.seconds_per_frame ? (1000 * r.run.seconds_per_frame).toFixed(r.run.seconds_per_frame < 0.1 ? 1 : 0) : '\u2013'}] : [])], rows);
$('table-hint').textContent = data.table_hint;

/* Pages of several data sets. */
$('sets').hidden = !data.sets.length;
for (const s of data.sets) { const item = make('li'), link = make('a', s.name); link.href = s.page; item.append(link, ': ' + s.lead); $('set-list').append(item); }

/* Regions: of one metric at a time, and what each region of these data is. */
const ofRegions = data.metrics.filter(m => m.region);
const withRegions = data.metrics.filter(m => ofRegions.some(r => r.base === m.key));
const regions = [...new Map(ofRegions.map(m => [m.region, m])).values()];
$('regions').hidden = regions.length === 0;
for (const m of regions.filter(r => r.region_rule)) { const d = make('div'); d.append(make('dt', m.region_title), make('dd', m.region_rule)); $('region-rules').append(d); }
/* Small print: the mean's interval, then the difference to the reference method with its own. */
const regionColumn = m => ({...metricColumn(m), more: r => {
  const i = r.run.interval[m.key], d = r.run.against[m.key];
  return [i ? span(m, i) : '', d ? '\u0394 ' + rise(m, d) + (d.interval ? '\n(' + span(m, d.interval) + ')' : '') : ''].filter(Boolean).join('\n');
}});
const regionTable = () => table($('region-table'), [nameColumn, ...ofRegions.filter(m => m.base === $('region-metric').value).map(regionColumn)], rows);
$('region-hint').textContent = 'The same frames, region by region. Small print: 95 % intervals of the means' + (data.against === null ? '.' : '; \u0394: difference to ' + runs[data.against].label + ', better is positive, with its interval. Regions are not tested.');
choices($('region-metric'), withRegions.map(m => [m.key, inUnit(m)]));
if (regions.length) { $('region-metric').onchange = regionTable; regionTable(); }

/* What methods predict beside the clean frame. */
const claims = data.metrics.filter(m => m.layer), claimants = rows.filter(r => r.run.claims_layers);
$('claims').hidden = claims.length === 0;
const layerName = layer => ({drop: 'stage 1', mask: 'drop mask', streak: 'streak map'})[layer] || layer;
const claimColumn = m => ({...metricColumn(m), group: layerName(m.layer), name: m.name.replace(/^\S+ /, '') + (m.unit ? ' [' + m.unit + ']' : '')});
const claimHints = {
  mask: 'Raindrops are where the mask is at least 128 of 255; IoU, F1, precision and recall of all pixels of a ' + unit + ' together, undefined (n/a) where there is nothing to divide by.',
  streak: 'Streak maps: error in code values, PSNR of all pixels of a ' + unit + ' together.',
  drop: 'Stage 1: the frame without streaks, its drops still there.'};
$('claim-hint').textContent = [...new Set(claims.map(m => m.layer))].map(l => claimHints[l] || '').join(' ') + ' Each is the mean over ' + unit + 's.';
if (claims.length) table($('claim-table'), [nameColumn, ...claims.map(claimColumn)], claimants);

/* Plots. */
const svg = (tag, attributes, text) => { const e = document.createElementNS('http://www.w3.org/2000/svg', tag); for (const k in attributes) e.setAttribute(k, attributes[k]); if (text !== undefined) e.textContent = text; return e; };
function ticks(low, high, count) {
  const raw = (high - low) / count, power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map(f => f * power).find(s => s >= raw);
  const out = []; for (let t = Math.ceil(low / step) * step; t <= high + 1e-9 * step; t += step) out.push(+t.toPrecision(12));
  return out;
}
/* series: [{name, colour, points: [[x, y]], dots}]; options.names: of clips at 0, 1, ...; options.whole: nothing lies between two of x */
function plot(series, options) {
  const box = make('div'); const w = 860, right = 14, top = 12;
  // Names that would run into each other lean.
  const names = options.names && options.names.map(short);
  const longest = Math.max(0, ...(names || []).map(n => n.length)) * 6.5;
  const leaning = names && longest > (w - 72) / Math.min(14, names.length);
  const left = leaning ? Math.max(58, 0.87 * longest) : 58, bottom = leaning ? 42 + 0.5 * longest : 42, h = 258 + bottom;
  const all = series.flatMap(s => s.points).filter(p => Number.isFinite(p[1]));
  if (!all.length) { box.append(make('p', 'Nothing to show.', 'hint')); return box; }
  let [x0, x1] = [Math.min(...all.map(p => p[0])), Math.max(...all.map(p => p[0]))];
  let [y0, y1] = [Math.min(...all.map(p => p[1])), Math.max(...all.map(p => p[1]))];
  if (x0 === x1) { x0 -= 0.5; x1 += 0.5; }
  // What differs in its last digits alone is drawn as equal: ticks between would be the same number.
  const size = Math.max(Math.abs(y0), Math.abs(y1));
  const room = (y1 - y0 > 1e-6 * size ? y1 - y0 : size || 1) * 0.06; y0 -= room; y1 += room;
  const pad = names ? 0.5 : 0; x0 -= pad; x1 += pad;
  const X = x => left + (x - x0) / (x1 - x0) * (w - left - right), Y = y => h - bottom - (y - y0) / (y1 - y0) * (h - top - bottom);
  const s = svg('svg', {viewBox: `0 0 ${w} ${h}`, role: 'img', 'aria-label': options.y + ' by ' + options.x});
  for (const t of ticks(y0, y1, 5)) { s.append(svg('line', {class: 'grid', x1: left, x2: w - right, y1: Y(t), y2: Y(t)}), svg('text', {x: left - 6, y: Y(t) + 4, 'text-anchor': 'end'}, t)); }
  const marks = names ? names.map((n, k) => [k, n]) : ticks(x0, x1, 8).filter(t => !options.whole || Number.isInteger(t)).map(t => [t, t]);
  const every = Math.ceil(marks.length / (leaning ? 40 : 14));
  const lean = x => leaning ? {'text-anchor': 'end', transform: `rotate(-30 ${X(x)} ${h - bottom + 14})`} : {'text-anchor': 'middle'};
  marks.forEach(([x, n], k) => { if (k % every === 0) s.append(svg('text', {x: X(x), y: h - bottom + 17, ...lean(x)}, n)); });
  s.append(svg('text', {x: (left + w - right) / 2, y: h - 6, 'text-anchor': 'middle'}, options.x), svg('text', {x: 14, y: (h - bottom) / 2, transform: `rotate(-90 14 ${(h - bottom) / 2})`, 'text-anchor': 'middle'}, options.y));
  for (const one of series) {
    const points = one.points.filter(p => Number.isFinite(p[1]));
    if (!one.dots) s.append(svg('polyline', {points: points.map(p => X(p[0]).toFixed(1) + ',' + Y(p[1]).toFixed(1)).join(' '), fill: 'none', stroke: one.colour, 'stroke-width': 1.8}));
    if (one.dots || points.length < 30) for (const p of points) {
      const c = svg('circle', {cx: X(p[0]), cy: Y(p[1]), r: one.dots ? 4 : 2.6, fill: one.colour}); c.append(svg('title', {}, `${one.name}: ${+p[1].toFixed(4)}`)); s.append(c);
    }
  }
  const legend = make('div', undefined, 'legend');
  for (const one of series) { const e = make('span'); const sw = make('span', undefined, 'swatch'); sw.style.background = one.colour; e.append(sw, one.name); legend.append(e); }
  box.append(s, legend); return box;
}
function choices(select, list) { select.replaceChildren(...list.map(([v, t]) => { const o = make('option', t); o.value = v; return o; })); }
const named = m => m.name + (m.region ? ', ' + m.region_title : '') + (m.unit ? ' [' + m.unit + ']' : '');
const metricChoices = data.metrics.map(m => [m.key, named(m)]);
const metricOf = key => data.metrics.find(m => m.key === key);
const clipNames = [...new Set(runs.flatMap(r => r.clips.map(c => c.id)))];
if (unit === 'picture') { // stacks of equal sizes: nothing to compare, and nothing moves
  $('clips').hidden = true; $('time-head').textContent = 'Picture by picture'; $('time-clip').parentNode.firstChild.textContent = 'Stack ';
}
choices($('clip-metric'), metricChoices);
if (data.sets.length) $('clips').hidden = true; // on the sets' own pages
const clipPlot = () => $('clip-plot').replaceChildren(plot(runs.map((r, i) => ({
  name: r.label, colour: colour(i), dots: true,
  points: r.clips.map(c => [clipNames.indexOf(c.id), value(c.mean[$('clip-metric').value])])})), {x: 'clip', y: named(metricOf($('clip-metric').value)), names: clipNames}));
$('clip-metric').onchange = clipPlot; clipPlot();
choices($('time-clip'), clipNames.map(c => [c, c])); choices($('time-metric'), metricChoices.filter(([k]) => runs.some(r => r.clips.some(c => c.frames[k]))));
const timePlot = () => $('time-plot').replaceChildren(plot(runs.map((r, i) => {
  const c = r.clips.find(clip => clip.id === $('time-clip').value);
  return {name: r.label, colour: colour(i), dots: unit === 'picture', points: c && c.frames[$('time-metric').value] ? c.frames[$('time-metric').value].map((v, t) => [t, value(v)]) : []};
}), {x: unit === 'picture' ? 'picture' : 'frame', whole: true, y: named(metricOf($('time-metric').value) || first)}));
if ($('time-metric').options.length) { $('time-clip').onchange = $('time-metric').onchange = timePlot; timePlot(); } else $('time').hidden = true;
$('sweeps').hidden = !data.sweeps.length;
for (const s of data.sweeps) { const d = make('div', undefined, 'plot'); d.append(make('h3', s.title), plot(s.series.map(one => ({...one, colour: colour(one.run)})), {x: s.x, y: s.y})); $('sweep-plots').append(d); }
$('training').hidden = !data.training.length;
for (const s of data.training) { const d = make('div', undefined, 'plot'); d.append(make('h3', s.title), plot(s.series.map(one => ({...one, colour: colour(one.run)})), {x: s.x, y: s.y})); $('training-plots').append(d); }

/* Viewer. */
$('looks').hidden = !data.exhibits.length;
const pictures = {};
const load = source => pictures[source] || (pictures[source] = new Promise((done, failed) => { const i = new Image(); i.onload = () => done(i); i.onerror = failed; i.src = source; }));
let split = 0.5, drawn = 0;
const canvas = $('canvas'), context = canvas.getContext('2d');
function sourcesOf(exhibit) {
  const list = [['rainy', 'rainy'], ['truth', 'truth']];
  for (const i of Object.keys(exhibit.predictions)) list.push(['p' + i, runs[i].label]);
  for (const i of Object.keys(exhibit.predictions)) list.push(['e' + i, 'error of ' + runs[i].label]);
  for (const [layer, of] of Object.entries(exhibit.layers || {})) {
    list.push([layer + '/truth', layerName(layer) + ', truth']);
    for (const i of Object.keys(of.claimed)) list.push([layer + '/' + i, layerName(layer) + ' of ' + runs[i].label]);
  }
  return list;
}
const pixels = image => { const c = document.createElement('canvas'); c.width = image.naturalWidth; c.height = image.naturalHeight; const g = c.getContext('2d', {willReadFrequently: true}); g.drawImage(image, 0, 0); return g.getImageData(0, 0, c.width, c.height); };
async function picture(exhibit, what) {
  if (what === 'rainy' || what === 'truth') return load(exhibit[what]);
  if (what.includes('/')) { const [layer, who] = what.split('/'), of = exhibit.layers[layer]; return load(who === 'truth' ? of.truth : of.claimed[who]); }
  if (what[0] === 'p') return load(exhibit.predictions[what.slice(1)]);
  const a = pixels(await load(exhibit.predictions[what.slice(1)])), b = pixels(await load(exhibit.truth)), gain = +$('gain').value;
  for (let k = 0; k < a.data.length; k += 4) {
    const e = Math.min(255, gain * Math.max(Math.abs(a.data[k] - b.data[k]), Math.abs(a.data[k + 1] - b.data[k + 1]), Math.abs(a.data[k + 2] - b.data[k + 2])));
    a.data[k] = e; a.data[k + 1] = e * e / 255; a.data[k + 2] = 64 * Math.sin(e * Math.PI / 255) | 0;
  }
  const c = document.createElement('canvas'); c.width = a.width; c.height = a.height; c.getContext('2d').putImageData(a, 0, 0); return c;
}
async function show() {
  const exhibit = data.exhibits[$('exhibit').value], ticket = ++drawn;
  const [a, b] = await Promise.all([picture(exhibit, $('left').value), picture(exhibit, $('right').value)]);
  if (ticket !== drawn) return;
  const w = a.naturalWidth || a.width, h = a.naturalHeight || a.height;
  if (canvas.width !== w || canvas.height !== h) { canvas.width = w; canvas.height = h; }
  context.drawImage(b, 0, 0); const x = Math.round(split * w);
  if (x > 0) context.drawImage(a, 0, 0, x, h, 0, 0, x, h);
  $('divider').style.left = (100 * split) + '%';
  $('viewer').setAttribute('aria-valuenow', Math.round(100 * split));
  $('left-name').textContent = $('left').selectedOptions[0].textContent; $('right-name').textContent = $('right').selectedOptions[0].textContent;
}
/* What to show beside the rainy frame: of a worst frame the best of the methods whose it is, else the best of all; the rainy
   frame itself only where there is nothing else. */
function bestOf(exhibit) {
  const there = rows.filter(r => exhibit.predictions[r.i]), isNew = r => exhibit.predictions[r.i] !== exhibit.rainy;
  const better = (a, b) => (value(b.run.mean[first.key]) - value(a.run.mean[first.key])) * (first.higher_is_better ? 1 : -1);
  const methods = there.filter(r => !r.oracle).sort(better), theirs = methods.filter(r => exhibit.worst.includes(r.i));
  return 'p' + (theirs.find(isNew) || methods.find(isNew) || methods[0] || there[0]).i;
}
/* Of a worst frame, of what methods it is one; of each, the score of the method shown. */
const scoreText = (exhibit, i) => number(exhibit.scores[i], digitsOf(first)) + (first.unit ? ' ' + first.unit : '');
function kindOf(exhibit) {
  if (!exhibit.worst.length) return 'sample';
  const [i, ...more] = exhibit.worst;
  return 'worst of ' + runs[i].label + ', ' + first.name + ' ' + scoreText(exhibit, i) + (more.length ? ', and of ' + more.length + ' more' : '');
}
function caption() {
  const exhibit = data.exhibits[$('exhibit').value], scores = Object.keys(exhibit.predictions).map(i => runs[i].label + ' ' + scoreText(exhibit, i));
  $('exhibit-kind').textContent = (exhibit.worst.length ? 'Worst frame of ' + exhibit.worst.map(i => runs[i].label).join(', ') : 'Sample, the middle of its clip') + '. ' + first.name + ': ' + scores.join(', ') + '.';
}
function choose() {
  caption();
  const list = sourcesOf(data.exhibits[$('exhibit').value]), keep = ['left', 'right'].map(s => $(s).value);
  ['left', 'right'].forEach((s, k) => { choices($(s), list); $(s).value = list.some(([v]) => v === keep[k]) ? keep[k] : k === 0 ? 'rainy' : bestOf(data.exhibits[$('exhibit').value]); });
  show();
}
if (data.exhibits.length) {
  const groups = [['Worst frames, the worst first', e => e.worst.length], ['Samples', e => !e.worst.length]];
  $('exhibit').replaceChildren(...groups.flatMap(([name, belongs]) => {
    const group = make('optgroup'), list = data.exhibits.map((e, k) => [e, k]).filter(([e]) => belongs(e));
    group.label = name; group.append(...list.map(([e, k]) => { const o = make('option', e.name + ': ' + kindOf(e)); o.value = k; return o; }));
    return list.length ? [group] : [];
  }));
  $('exhibit').selectedIndex = 0;
  $('exhibit').onchange = choose; $('left').onchange = $('right').onchange = show;
  $('gain').oninput = () => { $('gain-value').textContent = 'x' + $('gain').value; show(); };
  const viewer = $('viewer'), scroller = $('scroller'), full = $('full');
  const move = event => { const r = viewer.getBoundingClientRect(); split = Math.min(1, Math.max(0, (event.clientX - r.left) / r.width)); show(); };
  /* A divider that keys move out of the scrolled part is followed. */
  const follow = () => {
    const x = split * viewer.offsetWidth, room = Math.min(60, scroller.clientWidth / 4);
    if (x < scroller.scrollLeft + room) scroller.scrollLeft = x - room;
    if (x > scroller.scrollLeft + scroller.clientWidth - room) scroller.scrollLeft = x - scroller.clientWidth + room;
  };
  /* One pixel of the picture on one of the page, what was under (x, y), as parts of the picture, in the middle. */
  const zoom = (on, x, y) => {
    full.setAttribute('aria-pressed', on); $('stage').classList.toggle('full', on);
    if (on) scroller.tabIndex = 0; else scroller.removeAttribute('tabindex');
    scroller.scrollLeft = x * viewer.offsetWidth - scroller.clientWidth / 2; scroller.scrollTop = y * viewer.offsetHeight - scroller.clientHeight / 2;
  };
  const isFull = () => full.getAttribute('aria-pressed') === 'true';
  full.onclick = () => zoom(!isFull(), split, 0.5);
  viewer.ondblclick = event => { const r = viewer.getBoundingClientRect(); zoom(!isFull(), (event.clientX - r.left) / r.width, (event.clientY - r.top) / r.height); };
  /* At 1:1 a finger that moves scrolls, one that taps sets the divider. */
  let touched = false;
  viewer.onpointerdown = event => { touched = event.pointerType === 'touch'; if (touched && isFull()) return; viewer.setPointerCapture(event.pointerId); move(event); };
  viewer.onclick = event => { if (touched && isFull()) move(event); };
  viewer.onpointermove = event => { if (viewer.hasPointerCapture(event.pointerId)) move(event); };
  viewer.onkeydown = event => {
    const step = {ArrowLeft: -0.02, ArrowRight: 0.02, Home: -1, End: 1}[event.key];
    if (step) { split = Math.min(1, Math.max(0, split + step)); event.preventDefault(); show(); follow(); }
    if (event.key === '1') zoom(!isFull(), split, 0.5);
  };
  choose();
}

/* Published numbers: beside ours with the difference where data and protocol are the same, else apart. */
const printed = m => ({name: inUnit(m), metric: m, get: r => r.values[m.key] ?? null, text: r => number(r.values[m.key], digitsOf(m))});
const plain = text => text.toLowerCase().replace(/[^a-z0-9]/g, '');
function besideColumns(t, k) {
  const ours = t.ours[k], difference = r => r.differences[k];
  const sign = (v, digits) => (typeof v === 'number' && v >= 0 ? '+' : '') + number(v, digits);
  return t.metrics.flatMap(m => t.shared.includes(m.key) ? [
    {...printed(m), name: 'published', group: inUnit(m)},
    {name: 'ours', group: inUnit(m), get: () => value(ours.values[m.key]), text: () => number(ours.values[m.key], digitsOf(m))},
    {name: 'difference', group: inUnit(m), title: 'ours - published; ' + (m.higher_is_better ? 'above' : 'below') + ' 0: ours is better', get: r => value(difference(r)[m.key] ?? null), text: r => sign(difference(r)[m.key], digitsOf(m))},
  ] : [{...printed(m), name: 'published', group: inUnit(m) + ', not scored here'}]);
}
function publishedCard(t) {
  const card = make('div', undefined, 'card'), wrap = make('div', undefined, 'wide'), element = make('table');
  wrap.append(element); card.append(make('h3', t.title));
  if (t.comparable) {
    const bar = make('div', undefined, 'bar'), select = make('select'), text = make('label', 'Ours ');
    // A method that is called as one of theirs is the one to compare, else the best.
    const best = [...rows].filter(r => !r.oracle).sort((a, b) => (value(b.run.mean[first.key]) - value(a.run.mean[first.key])) * (first.higher_is_better ? 1 : -1))[0];
    const same = rows.find(r => plain(r.run.label) && t.rows.some(p => plain(p.method) === plain(r.run.label)));
    choices(select, runs.map((r, i) => [i, r.label])); select.value = (same || best || rows[0]).i; text.append(select); bar.append(text); card.append(bar);
    const beside = t.rows.map((r, k) => ({...r, differences: t.ours.map(o => o.differences[k])}));
    select.onchange = () => table(element, [{name: 'Published', get: r => r.method}, ...besideColumns(t, +select.value)], beside);
    select.onchange();
  } else {
    card.append(make('p', t.why, 'hint'));
    table(element, [{name: 'Method', get: r => r.method}, ...t.metrics.map(printed)], t.rows);
  }
  card.append(wrap, make('p', 'Source: ' + t.source + (t.note ? '. ' + t.note : ''), 'hint'));
  return card;
}
for (const [id, comparable] of [['beside', true], ['apart', false]]) {
  const list = data.published.filter(t => t.comparable === comparable);
  $(id).hidden = !list.length; $(id + '-tables').append(...list.map(publishedCard));
}

/* Provenance. */
for (const r of runs) { const d = make('details'); d.append(make('summary', r.label), make('pre', JSON.stringify(r.provenance, null, 2))); $('provenance-list').append(d); }
document.documentElement.dataset.ready = 'yes';
