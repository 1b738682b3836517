// What groups say on a topic: a table, and a plot of who said what when. Gradio runs this once, with `element`, `props`
// and `server` (functions of ours in Python). Words of articles and people come as data and are put in as plain text.
// The template never changes, so nothing that is built here is overwritten. The panel opens whatever has a data-cite.

const find = selector => element.querySelector(selector);
const make = (...all) => window.whosaid.make(...all);
const GONE = 'The server does not answer. Is whosaid still running?';
const SVG = 'http://www.w3.org/2000/svg';
const DAY = 86_400_000;
const SILENT_SHOWN = 8; // rows of groups of whom nothing was found, before the others are folded away
const FORMS = [['.csv', 'CSV', 'Table (CSV)'], ['.md', 'Markdown', 'Markdown'], ['.html', 'HTML', 'Web page (HTML)'], ['.json', 'JSON', 'Evidence record (JSON)']];

let ready = false;
let working = false;
let result = null;
let drawnWidth = 0;

async function asked(call, what) {
  try {
    return (await call(what)) || { problem: GONE }; // what can't be reached gives nothing rather than an error
  } catch (error) {
    return { problem: GONE };
  }
}

function alert(text) {
  find('.ws-compare-alert').replaceChildren(...(text ? [make('p', 'ws-complaint', text)] : []));
}

// ---- what is asked

const boxes = () => [...element.querySelectorAll('.ws-compare-boxes input')];

async function listGroups() {
  const known = await asked(server.list_groups, null);
  if (!element.isConnected) return;
  if (!known.ready) {
    say(known.problem ? 'The articles could not be opened.' : 'The articles are not open yet. You can compare as soon as they are.');
    if (known.problem !== GONE) setTimeout(listGroups, 1000);
    else alert(GONE);
    return;
  }
  const off = new Set(boxes().filter(box => !box.checked).map(box => box.value));
  find('.ws-compare-boxes').replaceChildren(...known.groups.map(group => {
    const box = make('input', '');
    box.type = 'checkbox';
    box.value = group.name;
    box.checked = !off.has(group.name);
    return make('label', '', box, make('span', '', group.name, make('span', 'ws-meta', ' ' + group.articles)));
  }));
  find('.ws-compare-rest').textContent = known.more ? `${known.more} more groups have fewer articles; they are compared too while all are chosen.` : '';
  find('.ws-compare-rest').hidden = !known.more;
  if (!ready) say('');
  ready = true;
  find('.ws-compare-go').disabled = working;
  nameLimits();
}

function say(text) {
  const place = find('.ws-compare-empty .ws-hint');
  place.dataset.before ||= place.textContent;
  place.textContent = text || place.dataset.before;
}

function nameLimits() {
  const all = boxes(), on = all.filter(box => box.checked);
  const words = [on.length === all.length ? 'all groups' : on.length === 1 ? on[0].value : on.length + ' of ' + all.length + ' groups'];
  if (find('#ws-since').value.trim()) words.push('from ' + find('#ws-since').value.trim());
  if (find('#ws-until').value.trim()) words.push('to ' + find('#ws-until').value.trim());
  find('.ws-compare-limits').textContent = all.length ? 'Groups and dates: ' + words.join(', ') : 'Groups and dates';
}

async function compare() {
  if (!ready || working) return;
  const all = boxes(), on = all.filter(box => box.checked), topic = find('#ws-topic').value;
  if (!topic.trim()) return refuse('Type a topic to compare.');
  if (topic.length > props.value.longest) return refuse('The topic is longer than ' + props.value.longest.toLocaleString('en') + ' characters; a few words are enough.');
  if (!on.length) {
    find('.ws-compare-fold').open = true;
    alert('Choose at least one group.');
    return;
  }
  const groups = on.length === all.length ? [] : on.map(box => box.value);
  alert('');
  work(true, on.length);
  const found = await asked(server.compare, {
    topic, groups, since: find('#ws-since').value, until: find('#ws-until').value, by_date: find('#ws-by-date').checked,
  });
  work(false);
  if (found.problem) {
    alert(found.problem);
    find('.ws-compare-empty').hidden = Boolean(result);
    find('.ws-compare-result').hidden = !result;
    return;
  }
  result = found;
  draw();
}

function refuse(text) {
  alert(text);
  find('#ws-topic').focus();
}

function work(on, groups) {
  working = on;
  find('.ws-compare-go').disabled = on;
  find('.ws-compare-work').hidden = !on;
  find('.ws-doing').textContent = on ? 'Comparing ' + (groups === 1 ? '1 group' : groups + ' groups') : '';
  if (!on) return;
  find('.ws-compare-empty').hidden = true;
  find('.ws-compare-result').hidden = true;
}

// ---- the table

const roled = (made, role) => (made.setAttribute('role', role), made);

function table(rows) {
  const head = ['Group', 'Found', 'In its articles'].map(words => {
    const cell = roled(make('th', '', words), 'columnheader');
    cell.scope = 'col';
    return cell;
  });
  const body = rows.map(row => {
    const name = roled(make('th', 'ws-group-name', row.group), 'rowheader');
    name.scope = 'row';
    const finding = roled(make('td', '', make('span', 'ws-finding ws-' + row.stance, row.finding)), 'cell');
    if (!row.quotes.length) {
      finding.colSpan = 2;
      return roled(make('tr', 'ws-row-' + row.stance, name, finding), 'row');
    }
    const quotes = roled(make('td', ''), 'cell');
    quotes.append(make('ul', 'ws-quotes', ...row.quotes.map(quote => make('li', '', entry(quote)))));
    return roled(make('tr', 'ws-row-' + row.stance, name, finding, quotes), 'row');
  });
  const made = roled(
    make('table', '', make('caption', 'ws-unseen', 'What each group says on: ' + result.topic),
      roled(make('thead', '', roled(make('tr', '', ...head), 'row')), 'rowgroup'), roled(make('tbody', '', ...body), 'rowgroup')), 'table');
  return made;
}

function entry(quote) {
  const facts = [quote.date, quote.voice].filter(Boolean).join(' · ');
  const made = window.whosaid.button(quote.digest ? 'ws-quote ws-digest' : 'ws-quote', '');
  made.dataset.cite = quote.link;
  made.append(
    make('span', 'ws-quote-words', quote.words),
    make('span', 'ws-quote-facts', make('span', 'ws-number', String(quote.number)), make('span', '', quote.who ? quote.who + ' · ' + facts : facts)),
  );
  if (quote.also) made.append(make('span', 'ws-quote-also', quote.also[0].toUpperCase() + quote.also.slice(1)));
  return made;
}

function drawTable(everything) {
  const silent = result.rows.filter(row => row.stance === 'silent');
  const folded = everything || silent.length <= SILENT_SHOWN + 1 ? [] : silent.slice(SILENT_SHOWN);
  find('.ws-compare-table').replaceChildren(table(result.rows.filter(row => !folded.includes(row))));
  const more = find('.ws-compare-silent');
  more.hidden = !folded.length;
  more.textContent = 'Show ' + folded.length + ' more groups without a statement';
}

// ---- the plot

const utc = day => Date.parse(day + 'T00:00:00Z');

function shape(tag, attributes, ...children) {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

function ticks(from, to, most) {
  const days = (to - from) / DAY, found = [], date = new Date(from);
  const put = (time, words) => { if (time >= from && time <= to) found.push([time, words]); };
  const year = date.getUTCFullYear(), last = new Date(to).getUTCFullYear();
  if (days / 365 > 2.5) {
    const step = [1, 2, 5, 10, 20, 50, 100, 500].find(size => days / 365 / size <= most) || 1000;
    for (let at = Math.ceil(year / step) * step; at <= last; at += step) put(Date.UTC(at, 0, 1), String(at));
  } else if (days > 70) {
    const step = [1, 2, 3, 6].find(size => days / 30.4 / size <= most) || 12;
    for (let at = 0; at <= (last - year + 1) * 12; at += step) put(Date.UTC(year, at, 1), words(Date.UTC(year, at, 1), { month: 'short', year: 'numeric' }));
  } else {
    const step = [1, 2, 7, 14].find(size => days / size <= most) || 28;
    for (let at = from; at <= to; at += step * DAY) put(at, words(at, { day: 'numeric', month: 'short' }));
  }
  return found;
}

const words = (time, parts) => new Intl.DateTimeFormat('en-GB', { timeZone: 'UTC', ...parts }).format(time);

// Marks of one lane that would cover each other go into lines of their own.
function packed(marks) {
  const ends = [];
  for (const mark of marks) {
    let line = ends.findIndex(end => end + 4 <= mark.left);
    if (line < 0) line = ends.length;
    ends[line] = mark.right;
    mark.line = line;
  }
  return Math.max(1, ends.length);
}

function drawPlot() {
  if (!result) return;
  const lanes = result.rows.map(row => ({ row, marks: row.quotes.filter(quote => quote.first).map(quote => ({ quote, row })) })).filter(lane => lane.marks.length);
  const undated = result.rows.flatMap(row => row.quotes.filter(quote => !quote.first).map(quote => ({ quote, row })));
  find('.ws-timeline').hidden = !lanes.length && !undated.length;
  find('.ws-undated').hidden = !undated.length;
  find('.ws-undated ul').replaceChildren(...undated.map(({ quote, row }) => make('li', '', undatedEntry(quote, row))));
  const plot = find('.ws-timeline-plot');
  plot.hidden = !lanes.length;
  find('.ws-legend').hidden = !lanes.length;
  const width = Math.floor(plot.clientWidth); // 0 while the tab isn't seen; it is drawn once it is
  drawnWidth = width;
  if (!lanes.length || !width) return plot.replaceChildren();

  const all = lanes.flatMap(lane => lane.marks);
  let from = Math.min(...all.map(mark => utc(mark.quote.first))), to = Math.max(...all.map(mark => utc(mark.quote.last) + DAY));
  const around = Math.max((to - from) * 0.04, 12 * DAY);
  [from, to] = [from - around, to + around];
  const edge = 12, x = time => edge + ((time - from) / (to - from)) * (width - 2 * edge);
  let y = 0;
  const back = [], fore = [];
  for (const lane of lanes) {
    for (const mark of lane.marks) {
      const start = x(utc(mark.quote.first)), end = x(utc(mark.quote.last) + DAY);
      mark.span = mark.quote.first !== mark.quote.last;
      const half = Math.max(mark.span ? (end - start) / 2 : 0, 7);
      mark.x = (start + end) / 2;
      [mark.left, mark.right] = [mark.x - half, mark.x + half];
    }
    lane.marks.sort((a, b) => a.left - b.left);
    const lines = packed(lane.marks);
    back.push(shape('text', { x: edge - 8, y: y + 16, class: 'ws-lane-name', 'aria-hidden': 'true' }, fitted(lane.row.group, width)));
    const top = y + 36;
    back.push(shape('line', { x1: edge - 8, x2: width - edge + 8, y1: top + (lines - 1) * 20 / 2, y2: top + (lines - 1) * 20 / 2, class: 'ws-lane' }));
    for (const mark of lane.marks) mark.y = top + mark.line * 20;
    y = top + (lines - 1) * 20 + 18;
  }
  const grid = [];
  for (const [time, label] of ticks(from, to, Math.max(2, Math.floor(width / 90)))) {
    const at = x(time);
    grid.push(shape('line', { x1: at, x2: at, y1: 0, y2: y + 2, class: 'ws-tick' }));
    const anchor = at < 40 ? 'start' : at > width - 40 ? 'end' : 'middle';
    grid.push(shape('text', { x: anchor === 'start' ? Math.max(0, at - 10) : anchor === 'end' ? Math.min(width, at + 10) : at, y: y + 20, 'text-anchor': anchor, class: 'ws-tick-name' }, label));
  }
  all.sort((a, b) => utc(a.quote.first) - utc(b.quote.first) || utc(a.quote.last) - utc(b.quote.last));
  for (const mark of all) fore.push(dot(mark));
  const list = shape('g', { role: 'list', 'aria-label': 'Quotes, the oldest first' }, ...fore);
  const tip = make('div', 'ws-tip');
  tip.hidden = true;
  tip.setAttribute('aria-hidden', 'true');
  const canvas = shape('svg', { width, height: y + 28, viewBox: `0 0 ${width} ${y + 28}`, role: 'group', 'aria-label': 'Who said what when' },
    shape('g', { 'aria-hidden': 'true' }, ...grid, ...back), list);
  plot.replaceChildren(canvas, tip);
}

function fitted(name, width) {
  const most = Math.floor(width / 7.6);
  return name.length <= most ? name : name.slice(0, most - 1) + '…';
}

function dot(mark) {
  const { quote, row } = mark, look = 'ws-mark ws-' + row.stance + (mark.span ? ' ws-span' : '');
  const inner = mark.span
    ? shape('rect', { x: mark.left, y: mark.y - 6, width: mark.right - mark.left, height: 12, rx: 6, class: 'ws-shape' })
    : shape('circle', { cx: mark.x, cy: mark.y, r: 7, class: 'ws-shape' });
  const reach = Math.max(24, mark.right - mark.left);
  const touch = shape('rect', { x: mark.x - reach / 2, y: mark.y - 10, width: reach, height: 20, class: 'ws-touch' });
  const label = `${quote.date}, ${row.group}${row.stance === 'mentions' ? ', only mentions it' : ''}: ${quote.words}`;
  const made = shape('g', { role: 'button', tabindex: '0', class: look, 'aria-label': label, 'data-cite': quote.link }, touch, inner);
  for (const kind of ['pointerenter', 'focus']) made.addEventListener(kind, () => showTip(mark));
  for (const kind of ['pointerleave', 'blur']) made.addEventListener(kind, hideTip);
  return shape('g', { role: 'listitem' }, made);
}

function showTip(mark) {
  const tip = find('.ws-tip'), { quote, row } = mark;
  if (!tip) return;
  const shown = quote.words.length > 200 ? quote.words.slice(0, 200).replace(/\s\S*$/, ' …') : quote.words;
  tip.replaceChildren(make('span', 'ws-tip-head', quote.date + ' · ' + (quote.who || row.group)), make('span', 'ws-tip-words', shown));
  tip.hidden = false;
  const room = drawnWidth - tip.offsetWidth;
  tip.style.left = Math.max(0, Math.min(room, mark.x - tip.offsetWidth / 2)) + 'px';
  tip.style.top = mark.y + 14 + 'px';
}

function hideTip() {
  const tip = find('.ws-tip');
  if (tip) tip.hidden = true;
}

function undatedEntry(quote, row) {
  const made = window.whosaid.button('ws-row ws-undated-row', '');
  made.dataset.cite = quote.link;
  made.append(make('span', 'ws-meta', row.group), make('span', 'ws-undated-words', quote.words));
  return made;
}

find('.ws-timeline-plot').addEventListener('keydown', event => {
  const mark = event.target.closest('.ws-mark');
  if (!mark) return;
  if (event.key === 'Enter' || event.key === ' ') {
    event.preventDefault();
    mark.dispatchEvent(new MouseEvent('click', { bubbles: true, cancelable: true }));
  }
  const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
  if (!step) return;
  event.preventDefault();
  const marks = [...element.querySelectorAll('.ws-mark')], next = marks[marks.indexOf(mark) + step];
  if (next) next.focus();
});

// ---- the whole

function draw() {
  find('.ws-compare-title').textContent = result.topic;
  find('.ws-compare-lead').textContent = result.lead;
  find('.ws-compare-within').textContent = result.within ? 'Searched within: ' + result.within : '';
  find('.ws-compare-within').hidden = !result.within;
  find('.ws-compare-result').hidden = false;
  // What is asked in order of time is seen on the plot first, anything else in the table.
  if (result.by_date) find('.ws-compare-h3').before(find('.ws-timeline'));
  else find('.ws-compare-silent').after(find('.ws-timeline'));
  drawTable(false);
  drawPlot();
  find('.ws-compare-title').focus({ preventScroll: true });
  find('.ws-compare-form').scrollIntoView({ block: 'nearest' });
}

find('.ws-saves').append(...FORMS.map(([form, words, name]) => {
  const made = window.whosaid.button('ws-plain ws-small', words, () => save(form));
  made.setAttribute('aria-label', 'Save as ' + name);
  return made;
}));

async function save(form) {
  alert('');
  const file = await asked(server.save, { token: result.token, form });
  if (file.problem) alert(file.problem);
  else window.whosaid.save(file.name, file.type, file.text);
}

find('.ws-legend').append(
  ...[['says', 'says'], ['mentions', 'only mentions'], ['span', 'only the month or year is known']].map(([key, words]) =>
    make('span', 'ws-legend-key', make('span', 'ws-key ws-key-' + key), words)),
);
find('form').addEventListener('submit', event => {
  event.preventDefault();
  compare();
});
find('form').addEventListener('input', nameLimits);
find('form').addEventListener('click', event => {
  const button = event.target.closest('[data-all]');
  if (!button) return;
  for (const box of boxes()) box.checked = Boolean(button.dataset.all);
  nameLimits();
});
find('.ws-compare-fold').addEventListener('toggle', () => { if (ready && find('.ws-compare-fold').open) listGroups(); });
find('.ws-compare-silent').addEventListener('click', () => {
  drawTable(true);
  find('.ws-compare-table tr:last-child th').scrollIntoView({ block: 'nearest' });
});
find('#ws-topic').maxLength = props.value.longest;
new ResizeObserver(() => { if (Math.floor(find('.ws-timeline-plot').clientWidth) !== drawnWidth) drawPlot(); }).observe(find('.ws-timeline'));
listGroups();
