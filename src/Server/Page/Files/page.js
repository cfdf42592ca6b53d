// The page of the gateway: asks /-/status once a second and for the picture of the chosen array every two, and draws both.
const $ = id => document.getElementById(id);
const ask = async question => {
  const response = await fetch('-/' + question, { cache: 'no-store' });
  if (!response.ok) throw new Error((await response.text()).trim());
  return response.json();
};

// ---- figures for people

const digits = value => value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2);
function bytes(count) {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];
  let unit = 0;
  while (count >= 1024 && unit < units.length - 1) { count /= 1024; unit++; }
  return unit === 0 ? `${count} B` : `${digits(count)} ${units[unit]}`;
}
function seconds(time) {
  if (time >= 172800) return `${digits(time / 86400)} d`;
  if (time >= 7200) return `${digits(time / 3600)} h`;
  if (time >= 120) return `${digits(time / 60)} min`;
  if (time >= 1) return `${digits(time)} s`;
  return time >= 0.001 ? `${digits(time * 1e3)} ms` : `${digits(time * 1e6)} µs`;
}
const whole = new Intl.NumberFormat('en');
const percent = share => share >= 0.9995 || share === 0 ? `${Math.round(share * 100)} %` : `${(share * 100).toFixed(1)} %`;
function figure(element, text) {
  const space = text.lastIndexOf(' ');
  element.replaceChildren(text.slice(0, space), Object.assign(document.createElement('small'), { textContent: text.slice(space) }));
}
function node(name, properties, ...children) {
  const element = Object.assign(document.createElement(name), properties);
  element.append(...children);
  return element;
}
const color = name => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

// ---- light and dark

const dark = matchMedia('(prefers-color-scheme: dark)');
let theme = localStorage.getItem('theme') ?? 'Auto';
function dress() {
  document.documentElement.dataset.theme = theme === 'Auto' ? (dark.matches ? 'dark' : 'light') : theme.toLowerCase();
  $('theme').textContent = theme;
  draw();
}
$('theme').onclick = () => {
  theme = { Auto: 'Light', Light: 'Dark', Dark: 'Auto' }[theme];
  localStorage.setItem('theme', theme);
  dress();
};
dark.onchange = dress;

// ---- sums and rates

const past = []; // the latest statuses, one a second
const sum = (status, name) => status.stores.reduce((total, store) => total + store[name], 0);
const trails = { ratio: [], rate: [], latency: [] };
const Trail = 120;

function show(status) {
  const before = past.at(-1);
  past.push({ status, at: performance.now() });
  if (past.length > 10) past.shift();
  const hits = sum(status, 'hits') + sum(status, 'absentHits');
  const reads = hits + sum(status, 'misses');
  $('about').textContent = `${status.directory} · ${status.index} · ${status.policy} · up ${seconds(status.uptime)}`;
  $('version').textContent = `ZarrCache ${status.version}`;
  if (reads > 0) figure($('ratio'), percent(hits / reads));
  $('ratio-note').textContent = reads > 0 ? `${whole.format(hits)} of ${whole.format(reads)} reads` : 'no reads yet';

  const oldest = past[0];
  const span = (past.at(-1).at - oldest.at) / 1000;
  const rate = name => span > 0 ? Math.max(0, status.requests[name] - oldest.status.requests[name]) / span : 0;
  figure($('rate'), `${bytes(Math.round(rate('bytes')))}/s`);
  $('rate-note').textContent = `${whole.format(Math.round(rate('total')))} requests/s · ${status.requests.active} under way · ${bytes(status.requests.bytes)} in all`;

  const latencies = status.stores.map(store => store.latency).filter(latency => latency);
  if (latencies.length > 0) {
    const requests = latencies.reduce((total, latency) => total + latency.requests, 0);
    const p50 = latencies.reduce((total, latency) => total + latency.p50 * latency.requests, 0) / requests;
    figure($('latency'), seconds(p50));
    $('latency-note').textContent = `median of the latest; p95 up to ${seconds(Math.max(...latencies.map(latency => latency.p95)))} · ${whole.format(sum(status, 'originRequests'))} requests`;
    push(trails.latency, p50);
  }

  figure($('disk'), bytes(status.totals.allocatedBytes));
  const full = status.totals.allocatedBytes / status.maxSize;
  $('disk-note').textContent = `${percent(full)} of ${bytes(status.maxSize)} · ${whole.format(status.totals.entries)} entries · ${whole.format(status.counters.evicted)} given up`;
  $('disk-fill').style.width = `${Math.min(100, full * 100)}%`;
  $('disk-meter').classList.toggle('full', full > 0.95);
  $('disk-meter').setAttribute('aria-valuenow', Math.round(full * 100));

  if (before) {
    const was = before.status;
    const newReads = reads - (sum(was, 'hits') + sum(was, 'absentHits') + sum(was, 'misses'));
    const newHits = hits - (sum(was, 'hits') + sum(was, 'absentHits'));
    push(trails.ratio, newReads > 0 ? newHits / newReads : null);
    push(trails.rate, Math.max(0, status.requests.bytes - was.requests.bytes) / ((past.at(-1).at - before.at) / 1000));
  }

  const fault = status.stores.filter(store => store.lastFault && Date.now() - Date.parse(store.lastFault.at) < 60000)[0];
  $('trouble').hidden = !fault;
  if (fault) $('trouble').textContent = `${fault.id}: ${fault.lastFault.reason}`;
  listStores(status.stores);
  draw();
}

function push(trail, value) {
  trail.push(value);
  if (trail.length > Trail) trail.shift();
}

function listStores(stores) {
  $('stores').replaceChildren(...stores.map(store => {
    const reads = store.hits + store.absentHits + store.misses;
    const bar = node('div', { title: `${whole.format(store.hits)} hits, ${whole.format(store.absentHits)} known to be absent, ${whole.format(store.misses)} misses` });
    for (const [name, count] of [['hit', store.hits], ['absent', store.absentHits]]) {
      const piece = node('div', { className: name });
      piece.style.width = `${reads ? 100 * count / reads : 0}%`;
      bar.append(piece);
    }
    const share = node('div', { className: 'share' }, bar, node('span', { textContent: reads ? percent((store.hits + store.absentHits) / reads) : '–' }));
    const name = node('td', { className: 'name' }, node('b', { textContent: store.id }), node('small', { textContent: store.origin }));
    if (store.offline) name.firstChild.append(node('span', { className: 'pill', textContent: 'offline' }));
    if (store.staleHits > 0) name.firstChild.append(node('span', { className: 'pill', textContent: `${whole.format(store.staleHits)} stale` }));
    const number = text => node('td', { className: 'n', textContent: text });
    const failures = number(whole.format(store.originFailures));
    failures.classList.toggle('failed', store.originFailures > 0);
    if (store.lastFault) failures.title = store.lastFault.reason;
    return node('tr', {}, name, node('td', {}, share), number(whole.format(store.hits)), number(whole.format(store.misses)), number(whole.format(store.absentHits)),
      number(bytes(store.totals.allocatedBytes) + (store.maximum ? ` of ${bytes(store.maximum)}` : '')), number(bytes(store.hitBytes)),
      number(store.latency ? `${seconds(store.latency.p50)} / ${seconds(store.latency.p95)}` : '–'), failures);
  }));
}

function spark(canvas, values, stroke, most) {
  const ratio = devicePixelRatio;
  const [width, height] = [canvas.clientWidth, canvas.clientHeight];
  canvas.width = width * ratio; canvas.height = height * ratio;
  const pen = canvas.getContext('2d');
  pen.scale(ratio, ratio);
  const known = values.filter(value => value !== null);
  const top = most ?? Math.max(1e-9, ...known) * 1.1;
  const x = index => width - (values.length - 1 - index) * width / (Trail - 1);
  const y = value => height - 2 - (height - 5) * value / top;
  pen.strokeStyle = color('--line');
  pen.beginPath(); pen.moveTo(0, height - 1.5); pen.lineTo(width, height - 1.5); pen.stroke();
  pen.beginPath();
  let first = null, last = null;
  values.forEach((value, index) => {
    if (value === null) return;
    if (first === null) { first = index; pen.moveTo(x(index), y(value)); } else pen.lineTo(x(index), y(value));
    last = index;
  });
  if (first === null) return;
  pen.strokeStyle = stroke; pen.lineWidth = 1.8; pen.lineJoin = 'round'; pen.stroke();
  pen.lineTo(x(last), height - 2); pen.lineTo(x(first), height - 2);
  pen.globalAlpha = 0.13; pen.fillStyle = stroke; pen.fill(); pen.globalAlpha = 1;
  pen.beginPath(); pen.arc(Math.min(width - 3, x(last)), y(values[last]), 2.6, 0, 7); pen.fillStyle = stroke; pen.fill();
}

// ---- the picture of a chunk grid

const Heat = [[79, 143, 214], [111, 179, 184], [242, 184, 75], [232, 102, 61]];
function heat(share) {
  const place = Math.min(0.9999, Math.max(0, share)) * (Heat.length - 1);
  const [from, to] = [Heat[Math.floor(place)], Heat[Math.floor(place) + 1]];
  return `rgb(${from.map((part, i) => Math.round(part + (to[i] - part) * (place % 1))).join(' ')})`;
}

const view = { store: null, arrays: [], array: null, x: 0, y: -1, at: [], window: null, map: null, drag: null, hover: null };
const thumbs = new Map();
const nameOf = axis => view.array.dimensions?.[axis] ?? `axis ${axis}`;

function paint(pen, map, left, top, cell, gap, mode) {
  const hottest = Math.max(4, ...map.reads); // a few reads are not hot yet
  const [unknown, absent] = [color('--unknown'), color('--absent')];
  for (let point = 0; point < map.width * map.height; point++) {
    const x = left + (point % map.width) * cell.width;
    const y = top + Math.floor(point / map.width) * cell.height;
    const [width, height] = [Math.max(0.5, cell.width - gap), Math.max(0.5, cell.height - gap)];
    pen.fillStyle = unknown;
    pen.fillRect(x, y, width, height);
    if (map.absent[point] > 0) {
      pen.save();
      pen.beginPath(); pen.rect(x, y, width, height); pen.clip();
      pen.strokeStyle = absent; pen.globalAlpha = 0.35 + 0.65 * map.absent[point] / 100;
      pen.lineWidth = Math.max(1, Math.min(2, width / 8));
      const step = Math.max(4, Math.min(8, width / 4));
      pen.beginPath();
      for (let at = -height; at < width; at += step) { pen.moveTo(x + at, y + height); pen.lineTo(x + at + height, y); }
      pen.stroke();
      pen.restore();
    }
    if (map.cached[point] > 0) {
      const warm = mode === 'age'
        ? 1 - Math.log1p(map.age[point]) / Math.log1p(7 * 86400)
        : Math.log1p(map.reads[point]) / Math.log1p(hottest);
      pen.fillStyle = heat(warm);
      const part = height * map.cached[point] / 100;
      pen.fillRect(x, y + height - part, width, part);
    }
  }
}

function layout(map, width, mostHeight, mostCell) {
  const side = Math.min(mostCell, width / map.width, mostHeight / map.height);
  const wide = side < 1 ? Math.min(mostCell, width / map.width) : side;
  return { width: wide, height: side < 1 ? Math.min(mostCell, mostHeight / map.height) : side };
}

function draw() {
  spark($('ratio-spark'), trails.ratio, '#2f9e86', 1.05);
  spark($('rate-spark'), trails.rate, '#4f8fd6');
  spark($('latency-spark'), trails.latency, '#e8863d');
  drawGrid();
  for (const [path, map] of thumbs) {
    const canvas = document.querySelector(`[data-array="${CSS.escape(path)}"] canvas`);
    if (canvas) drawThumb(canvas, map);
  }
}

function drawThumb(canvas, map) {
  const ratio = devicePixelRatio;
  canvas.width = 52 * ratio; canvas.height = 40 * ratio;
  const pen = canvas.getContext('2d');
  pen.scale(ratio, ratio);
  if (map.width === 0) return;
  const cell = layout(map, 52, 40, 40);
  paint(pen, map, (52 - cell.width * map.width) / 2, (40 - cell.height * map.height) / 2, cell, cell.width > 5 ? 1 : 0, 'reads');
}

function drawGrid() {
  const canvas = $('grid');
  const map = view.map;
  if (!map || map.width === 0) { canvas.width = canvas.height = 0; return; }
  const room = canvas.parentElement.clientWidth - 26;
  const cell = layout(map, room, 480, 88);
  view.cell = cell;
  const [width, height] = [Math.round(cell.width * map.width), Math.round(cell.height * map.height)];
  const ratio = devicePixelRatio;
  canvas.width = width * ratio; canvas.height = height * ratio;
  canvas.style.width = `${width}px`; canvas.style.height = `${height}px`;
  const pen = canvas.getContext('2d');
  pen.scale(ratio, ratio);
  paint(pen, map, 0, 0, cell, cell.width > 24 ? 2 : cell.width > 5 ? 1 : 0, $('heat').value);
  const outline = (x, y, w, h) => { pen.strokeStyle = color('--text'); pen.lineWidth = 2; pen.strokeRect(x + 1, y + 1, Math.max(1, w - 2), Math.max(1, h - 2)); };
  if (view.drag?.to) {
    const [a, b] = [view.drag.from, view.drag.to];
    outline(Math.min(a.x, b.x) * cell.width, Math.min(a.y, b.y) * cell.height, (Math.abs(a.x - b.x) + 1) * cell.width, (Math.abs(a.y - b.y) + 1) * cell.height);
  } else if (view.hover) {
    outline(view.hover.x * cell.width, view.hover.y * cell.height, cell.width, cell.height);
  }
  const hottest = Math.max(4, ...map.reads);
  const byReads = $('heat').value === 'reads';
  $('cold').textContent = byReads ? 'not again' : 'a week ago';
  $('hot').textContent = byReads ? `${whole.format(hottest)} ×` : 'now';
}

const question = (array, extra = '') => `map?store=${encodeURIComponent(view.store)}&array=${encodeURIComponent(array.path)}${extra}`;

async function refreshMap() {
  const array = view.array;
  if (!array || document.hidden) return;
  const rank = array.grid.length;
  const parts = rank === 0 ? '' : `&x=${view.x}${view.y >= 0 ? `&y=${view.y}` : ''}&at=${view.at.join(',')}${view.window ? `&window=${view.window.join(',')}` : ''}`;
  const map = await ask(question(array, parts));
  if (array !== view.array) return;
  view.map = map;
  $('out').hidden = !view.window;
  const bins = map.binX * map.binY;
  const counts = map.cached.reduce((total, share) => total + share, 0) / Math.max(1, map.cached.length);
  $('array-note').textContent = [
    array.dataType, `shape ${array.shape.join(' × ') || 'scalar'}`, `chunks ${array.chunkShape.join(' × ') || '1'}${array.isSharded ? ' (shards)' : ''}`, `grid ${array.grid.join(' × ') || '1'}`,
    `${digits(counts)} % of this plane cached`, bins > 1 ? `a cell is ${map.binX} × ${map.binY} chunks, ${whole.format(map.lookedAt)} of them looked at` : '',
  ].filter(text => text).join(' · ');
  drawGrid();
}

async function refreshThumbs() {
  for (const array of view.arrays.slice(0, 40)) {
    if (document.hidden) return;
    const store = view.store;
    const map = await ask(question(array, '&side=26'));
    if (store !== view.store) return;
    thumbs.set(array.path, map);
    const canvas = document.querySelector(`[data-array="${CSS.escape(array.path)}"] canvas`);
    if (canvas) drawThumb(canvas, map);
  }
}

function choose(array) {
  view.array = array;
  view.map = null; view.window = null; view.hover = null;
  const rank = array.grid.length;
  view.x = rank - 1;
  view.y = rank - 2;
  view.at = array.grid.map(() => 0);
  $('array-name').textContent = array.path || '/';
  for (const button of document.querySelectorAll('.arrays button')) button.setAttribute('aria-pressed', button.dataset.array === array.path);
  listAxes();
  return attempt(refreshMap);
}

function listAxes() {
  const array = view.array;
  const rank = array.grid.length;
  const pick = (name, key) => {
    const select = node('select', { ariaLabel: name });
    for (let axis = 0; axis < rank; axis++) select.append(node('option', { value: axis, textContent: nameOf(axis), selected: axis === view[key] }));
    select.onchange = () => {
      const other = key === 'x' ? 'y' : 'x';
      if (view[other] === +select.value) view[other] = view[key];
      view[key] = +select.value;
      view.window = null;
      listAxes();
      attempt(refreshMap);
    };
    return node('label', {}, name, select);
  };
  $('axes').replaceChildren();
  if (rank > 1) $('axes').append(pick('→', 'x'), pick('↓', 'y'));
  for (let axis = 0; axis < rank; axis++) {
    if (axis === view.x || axis === view.y) continue;
    const value = node('output', {});
    const last = Math.max(0, array.grid[axis] - 1);
    const slider = node('input', { type: 'range', min: 0, max: last, value: view.at[axis], disabled: last === 0, ariaLabel: nameOf(axis) });
    const tell = () => { value.textContent = `${+slider.value + 1} of ${array.grid[axis]}`; };
    slider.oninput = () => { view.at[axis] = +slider.value; tell(); attempt(refreshMap); };
    tell();
    $('axes').append(node('label', { className: 'axis' }, nameOf(axis), slider, value));
  }
}

async function openStore(id, again = false) {
  view.store = id; view.array = null; view.map = null; view.arrays = [];
  thumbs.clear();
  $('arrays').replaceChildren();
  $('arrays-note').textContent = 'reading the metadata …';
  drawGrid();
  try {
    const known = await ask(`arrays?store=${encodeURIComponent(id)}${again ? '&again' : ''}`);
    if (view.store !== id) return;
    view.arrays = known.arrays;
    $('named').hidden = known.isComplete;
    $('arrays-note').textContent = `Zarr v${known.zarrFormat}, ${known.arrays.length} ${known.arrays.length === 1 ? 'array' : 'arrays'}`;
    listArrays();
    const largest = known.arrays.reduce((best, array) => !best || size(array) > size(best) ? array : best, null);
    if (largest) await choose(largest);
    await refreshThumbs();
  } catch (fault) {
    $('arrays-note').textContent = fault.message;
  }
}
const size = array => array.grid.reduce((total, count) => total * count, 1);

function listArrays() {
  $('arrays').replaceChildren(...view.arrays.map(array => {
    const button = node('button', { type: 'button', title: array.path }, node('canvas', {}), node('b', { textContent: array.path || '/' }), node('small', { textContent: `${whole.format(size(array))} ${size(array) === 1 ? 'chunk' : 'chunks'}` }));
    button.dataset.array = array.path;
    button.onclick = () => choose(array);
    return node('li', {}, button);
  }));
}

// ---- pointing at chunks

function cellAt(event) {
  const box = $('grid').getBoundingClientRect();
  const clamp = (value, count) => Math.max(0, Math.min(count - 1, Math.floor(value)));
  return { x: clamp((event.clientX - box.left) / view.cell.width, view.map.width), y: clamp((event.clientY - box.top) / view.cell.height, view.map.height) };
}
const grid = $('grid');
grid.onpointerdown = event => { if (view.map) { view.drag = { from: cellAt(event), to: null }; grid.setPointerCapture(event.pointerId); } };
grid.onpointermove = event => {
  if (!view.map) return;
  const cell = cellAt(event);
  if (view.drag) {
    if (cell.x !== view.drag.from.x || cell.y !== view.drag.from.y) view.drag.to = cell;
    $('tip').hidden = true;
    drawGrid();
  } else if (!view.hover || view.hover.x !== cell.x || view.hover.y !== cell.y) {
    view.hover = cell;
    drawGrid();
    tell(cell);
  }
};
grid.onpointerup = () => {
  const drag = view.drag;
  view.drag = null;
  if (!drag?.to) return drawGrid();
  const map = view.map;
  const [x0, , y0] = map.window;
  const spread = (a, b, from, bin) => [from + Math.min(a, b) * bin, from + (Math.max(a, b) + 1) * bin];
  view.window = [...spread(drag.from.x, drag.to.x, x0, map.binX), ...spread(drag.from.y, drag.to.y, y0, map.binY)];
  view.hover = null;
  attempt(refreshMap);
};
grid.onpointerleave = () => { view.hover = null; $('tip').hidden = true; drawGrid(); };
$('out').onclick = () => { view.window = null; attempt(refreshMap); };
$('heat').onchange = drawGrid;

let telling = 0;
async function tell(cell) {
  const turn = ++telling;
  const map = view.map;
  const place = [...view.at];
  if (view.x >= 0) place[view.x] = map.window[0] + cell.x * map.binX;
  if (view.y >= 0) place[view.y] = map.window[2] + cell.y * map.binY;
  const point = cell.y * map.width + cell.x;
  let title, rows;
  if (map.binX * map.binY > 1) {
    title = `${map.binX} × ${map.binY} chunks from ${place.join(', ')}`;
    rows = [['cached', `${map.cached[point]} %`], ['absent', `${map.absent[point]} %`], ['reads, at most', whole.format(map.reads[point])]];
  } else {
    const chunk = await ask(`chunk?store=${encodeURIComponent(view.store)}&array=${encodeURIComponent(view.array.path)}${place.length ? `&at=${place.join(',')}` : ''}`).catch(() => null);
    if (turn !== telling || !chunk) return;
    title = chunk.key;
    rows = chunk.state === 'unknown' ? [['not fetched yet', '']]
      : chunk.state === 'absent' ? [['absent', 'reads as fill value'], ['known since', new Date(chunk.storedAt).toLocaleString()]]
      : [[chunk.state === 'part' ? 'cached in part' : 'cached', chunk.state === 'part' ? `${bytes(chunk.cachedBytes)} of ${bytes(chunk.size)}` : bytes(chunk.size)],
        ['reads', whole.format(chunk.reads)], ['last read', new Date(chunk.lastRead).toLocaleTimeString()], ['the origin took', seconds(chunk.loadDuration)]];
  }
  if (!view.hover) return;
  const tip = $('tip');
  tip.replaceChildren(node('b', { textContent: title }), node('dl', {}, ...rows.flatMap(([name, value]) => [node('dt', { textContent: name }), node('dd', { textContent: value })])));
  tip.hidden = false;
  const left = grid.offsetLeft + (cell.x + 1) * view.cell.width + 8;
  tip.style.left = `${Math.max(4, left + tip.offsetWidth > grid.parentElement.clientWidth ? grid.offsetLeft + cell.x * view.cell.width - tip.offsetWidth - 8 : left)}px`;
  tip.style.top = `${Math.max(4, Math.min(grid.offsetTop + cell.y * view.cell.height, grid.parentElement.clientHeight - tip.offsetHeight - 6))}px`;
}

// ---- the beat

const attempt = async work => {
  try { await work(); } catch (fault) { $('array-note').textContent = fault.message; }
};
$('store').onchange = () => openStore($('store').value);
$('again').onclick = () => view.store && openStore(view.store, true);
$('named').onsubmit = async event => {
  event.preventDefault();
  try {
    const found = await ask(`arrays?store=${encodeURIComponent(view.store)}&array=${encodeURIComponent($('named-path').value.trim())}`);
    for (const array of found.arrays) if (!view.arrays.some(known => known.path === array.path)) view.arrays.push(array);
    listArrays();
    await choose(view.arrays.find(array => array.path === found.arrays[0].path));
  } catch (fault) { $('arrays-note').textContent = fault.message; }
};
addEventListener('resize', draw);

async function beat() {
  try {
    if (!document.hidden) {
      const status = await ask('status');
      $('live').textContent = 'live';
      $('live').className = 'live on';
      if ($('store').options.length === 0) {
        for (const store of status.stores) $('store').append(node('option', { value: store.id, textContent: store.id }));
        openStore(status.stores[0].id);
      }
      show(status);
    }
  } catch {
    $('live').textContent = 'the gateway does not answer';
    $('live').className = 'live off';
  }
  setTimeout(beat, 1000);
}
async function mapBeat() {
  await attempt(refreshMap);
  setTimeout(mapBeat, 2000);
}
async function thumbBeat() {
  try { await refreshThumbs(); } catch { /* the status line says that nobody answers */ }
  setTimeout(thumbBeat, 6000);
}
dress();
beat();
setTimeout(mapBeat, 2000);
setTimeout(thumbBeat, 6000);
