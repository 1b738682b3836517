
// ---- the corpus at a glance

const SVG = 'http://www.w3.org/2000/svg';

function drawn(tag, attributes) {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
}

// Bars without words in them, so that they may be stretched to any width: labels stand beside them in HTML.
function bars(series, most, words, periods) {
  const wide = 10, tall = 100, total = series.counts.length * wide;
  const svg = drawn('svg', { viewBox: '0 0 ' + total + ' ' + tall, preserveAspectRatio: 'none', role: 'img', 'aria-label': words });
  series.counts.forEach((number, at) => {
    const bar = drawn('g', { class: number ? 'ws-column' : 'ws-column ws-none', 'data-at': at });
    const height = number ? Math.max(4, (number / most) * tall) : 0;
    const gap = series.counts.length > 1 ? 1 : 3;
    bar.append(drawn('rect', { class: 'ws-hit', x: at * wide, y: 0, width: wide, height: tall }));
    bar.append(drawn('rect', { class: 'ws-column-fill', x: at * wide + gap, y: tall - height, width: wide - 2 * gap, height }));
    const title = drawn('title', {});
    title.textContent = periodName(periods[at]) + ': ' + count(number, 'article');
    bar.append(title);
    svg.append(bar);
  });
  return svg;
}

const periodName = period => (period.since === period.until || period.label.includes(' ') ? period.label : period.since + ' to ' + period.until);

function inWords(series, periods) {
  const most = Math.max(...series.counts);
  const peak = periods[series.counts.indexOf(most)];
  return series.name + ': ' + count(series.total, 'article') + ' from ' + periodName(periods[0]) + ' to ' + periodName(periods[periods.length - 1])
    + ', most in ' + periodName(peak) + ' (' + most + ')';
}

function plot(now) {
  const grid = find('.ws-glance-plot'), periods = now.periods;
  grid.replaceChildren();
  grid.hidden = find('.ws-figures').hidden = periods.length < 2;
  if (grid.hidden) return;
  const most = Math.max(...now.all.counts), ofGroups = Math.max(1, ...now.largest.flatMap(one => one.counts));
  for (const series of [now.all, ...now.largest]) {
    const whole = series === now.all;
    const name = whole ? make('span', 'ws-series', series.name) : button('ws-series', series.name, () => filterBy({ group: series.name }));
    if (!whole) name.title = 'List the articles by ' + series.name;
    const holder = make('div', whole ? 'ws-bars ws-bars-all' : 'ws-bars');
    holder.append(bars(series, whole ? most : ofGroups, inWords(series, periods), periods));
    if (whole) holder.append(make('span', 'ws-peak', most + ' in a ' + (now.unit === 'month' ? 'month' : periods[0].since === periods[0].until ? 'year' : 'stretch')));
    holder.addEventListener('click', event => {
      const column = event.target.closest('[data-at]');
      if (column) filterBy({ group: whole ? '' : series.name, ...periods[column.dataset.at] });
    });
    grid.append(name, make('span', 'ws-total', series.total.toLocaleString('en')), holder);
  }
  const axis = make('div', 'ws-axis');
  axis.setAttribute('aria-hidden', 'true');
  const step = Math.ceil(periods.length / 4);
  periods.forEach((period, at) => {
    if (at % step) return;
    const tick = make('span', '', period.label);
    tick.style.left = ((at + .5) / periods.length) * 100 + '%';
    axis.append(tick);
  });
  grid.append(axis);
}

function table(now) {
  const series = [now.all, ...now.largest];
  const heads = [now.unit === 'month' ? 'Month' : 'Years', ...series.map(one => one.name)].map(name => {
    const cell = make('th', '', name);
    cell.scope = 'col';
    return cell;
  });
  const rows = now.periods.map((period, at) => {
    const cell = make('th', '', button('ws-quiet', periodName(period), () => filterBy({ group: '', ...period })));
    cell.scope = 'row';
    return make('tr', '', cell, ...series.map(one => make('td', '', String(one.counts[at]))));
  }).filter((_, at) => now.all.counts[at]);
  const made = make('table', '', make('thead', '', make('tr', '', ...heads)), make('tbody', '', ...rows));
  find('.ws-table').replaceChildren(make('p', 'ws-hint', 'Times without an article are left out.'), made);
}

function glance(now) {
  const facts = [count(now.articles, 'article'), count(now.groups, 'group'), now.dates].filter(Boolean);
  find('.ws-facts').replaceChildren(...facts.flatMap((fact, at) => [at ? make('span', 'ws-dot', ' · ') : '', make('strong', '', fact)]).filter(Boolean));
  plot(now);
  table(now);
  const notes = [now.digests && count(now.digests, 'digest') + ' in our words', now.unclaimed && now.unclaimed.toLocaleString('en') + ' of an unknown group'];
  const among = notes.filter(Boolean).join(' and ');
  find('.ws-glance-note').textContent = [among && 'Among them ' + among + '.', now.left_out].filter(Boolean).join(' ');
}

// ---- the filter and the list

const fields = { words: '#ws-words', group: '#ws-of-group', since: '#ws-since', until: '#ws-until' };
const ticks = { unknown: '#ws-unknown', inferred: '#ws-inferred' };

function wanted() {
  const told = {};
  for (const [name, at] of Object.entries(fields)) told[name] = find(at).value;
  for (const [name, at] of Object.entries(ticks)) told[name] = find(at).checked;
  return told;
}

function say(part) {
  find('.ws-filter-problem').textContent = part.problem || '';
  find('.ws-filter-problem').hidden = !part.problem;
  const filtered = Object.values(wanted()).some(Boolean);
  find('.ws-count').textContent = part.problem ? '' : part.total || !filtered ? count(part.total, 'article') : 'No article fits.';
  find('.ws-reset').hidden = !filtered;
}

const relist = paged(find('.ws-articles'), find('.ws-more'), say, start => asked('list_articles', { ...wanted(), start }), articleRow);

function filterBy(told) {
  if (told.group !== undefined) choose(told.group);
  for (const name of ['since', 'until']) if (told[name] !== undefined) find(fields[name]).value = told[name];
  relist();
  find('.ws-counted').scrollIntoView({ block: 'nearest' });
}

function choose(group) {
  const list = find(fields.group);
  if (group && ![...list.options].some(option => option.value === group)) list.append(new Option(group, group));
  list.value = group;
}

function draw() {
  const now = props.value;
  if (!now || now.stamp === null || now.stamp === undefined) return;
  find('.ws-not-yet').hidden = true;
  find('.ws-glance').hidden = find('.ws-filter').hidden = find('.ws-counted').hidden = false;
  const chosen = find(fields.group).value;
  find(fields.group).replaceChildren(new Option('All groups', ''), ...now.offered.map(name => new Option(name, name)));
  choose(chosen);
  glance(now);
  relist();
}

const relistSoon = soon(relist, 180);
find('.ws-filter').addEventListener('input', event => (event.target.matches('[type="checkbox"], select') ? relist() : relistSoon()));
find('.ws-filter').addEventListener('submit', event => {
  event.preventDefault();
  relist();
});
find('.ws-reset').addEventListener('click', () => {
  find('.ws-filter').reset();
  relist();
  find(fields.words).focus();
});
watch('value', draw);
draw();
