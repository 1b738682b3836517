
// ---- the list

function say(part) {
  find('.ws-count').textContent = part.problem || (part.total ? count(part.total, 'group') : 'No group goes by that name.');
}

function groupRow(row) {
  const opens = button('ws-row', '');
  opens.dataset.group = row.name;
  opens.append(make('span', 'ws-row-title', row.name), make('span', 'ws-meta', [row.kind, count(row.articles, 'article'), row.years].filter(Boolean).join(' · ')));
  if (row.aliases) opens.append(make('span', 'ws-meta ws-aliases', 'Also called ' + row.aliases));
  return make('li', '', opens);
}

const relist = paged(
  find('.ws-groups'), find('.ws-more'), say, start => asked('list_groups', { words: find('#ws-find-group').value, start }), groupRow,
);

// ---- one group

const times = one => [one.direct && count(one.direct, 'direct quote'), one.reported && one.reported.toLocaleString('en') + ' reported'].filter(Boolean).join(', ');

function speakers(title, none, listed) {
  const made = make('section', 'ws-speakers', make('h3', '', title));
  if (!listed.length) made.append(make('p', 'ws-hint', none));
  for (const one of listed) {
    const folded = make('details', 'ws-group');
    folded.append(make('summary', '', make('span', 'ws-row-title', one.name), ' ', make('span', 'ws-meta', times(one))));
    folded.append(make('ul', 'ws-list', ...one.rows.map(articleRow)));
    if (one.more) folded.append(make('p', 'ws-hint', 'and ' + count(one.more, 'more place')));
    made.append(folded);
  }
  return made;
}

function other(name, listed) {
  return listed ? button('ws-quiet', name, () => open(name)) : make('span', '', name);
}

function facts(page) {
  const made = make('dl', 'ws-group-facts');
  const fact = (name, ...values) => made.append(make('dt', '', name), make('dd', '', ...values));
  if (page.kind) fact('Kind', page.kind);
  if (page.aliases.length) fact('Also called', page.aliases.join(', '));
  if (page.publications.length) fact('Publishes', page.publications.join(', '));
  if (page.parent) fact('Part of', other(page.parent, page.parent_listed));
  if (page.parts.length) fact('Its parts', ...page.parts.flatMap((name, at) => [at ? ', ' : '', other(name, true)]));
  fact('Here', count(page.total, 'article') + (page.years ? ', ' + page.years : ''));
  return made;
}

function drawPage(page) {
  const heading = make('h2', '', page.name);
  heading.tabIndex = -1;
  const own = make('ul', 'ws-list', ...page.rows.map(articleRow));
  own.setAttribute('aria-label', 'Articles by ' + page.name);
  const more = button('ws-plain', 'Show more');
  const fetch = async start => (start ? asked('list_articles', { group: page.name, start }) : { total: page.total, start: 0, rows: page.rows });
  const first = paged(own, more, () => {}, fetch, articleRow);
  first();
  const titles = make('section', 'ws-speakers', make('h3', '', 'Its articles'), own, more);
  find('.ws-group-page').replaceChildren(
    heading,
    facts(page),
    button('ws-main', 'Ask about this group', () => ask(page.name)),
    titles,
    speakers('Who quotes it', 'Nobody else here quotes it, as far as whosaid can tell.', page.quoted_by),
    speakers('Whom it quotes', 'It quotes nobody else, as far as whosaid can tell.', page.quotes),
    ...(page.left_out ? [make('p', 'ws-hint', page.left_out)] : []),
  );
}

let opening = 0; // a slow reply to an older click is not shown
let shown = '';

async function open(name, silent) {
  const mine = ++opening;
  const page = (await asked('group_page', name)) || { problem: 'This group has no articles here any more.' };
  if (mine !== opening) return;
  shown = name;
  if (page.problem) find('.ws-group-page').replaceChildren(make('p', 'ws-notice', page.problem));
  else drawPage(page);
  find('.ws-all-groups').hidden = true;
  find('.ws-one-group').hidden = false;
  if (silent) return;
  find('.ws-one-group').scrollIntoView({ block: 'nearest' });
  const heading = find('.ws-group-page h2') || find('.ws-to-all');
  heading.focus({ preventScroll: true });
  for (let part = element; part; part = part.parentElement) if (part.scrollTop) part.scrollTop = 0;
}

function toAll() {
  opening++;
  const from = shown;
  shown = '';
  find('.ws-one-group').hidden = true;
  find('.ws-all-groups').hidden = false;
  (find('[data-group="' + CSS.escape(from) + '"]') || find('#ws-find-group')).focus();
}

// The question is begun, not asked: what of the group is wanted only the person knows.
function ask(name) {
  const tab = [...document.querySelectorAll('#tabs [role="tab"]')].find(one => one.textContent.trim() === 'Chat');
  if (tab) tab.click();
  setTimeout(() => {
    const box = document.querySelector('#question textarea');
    if (!box) return;
    Object.getOwnPropertyDescriptor(HTMLTextAreaElement.prototype, 'value').set.call(box, 'What does ' + name + ' say about ');
    box.dispatchEvent(new Event('input', { bubbles: true }));
    box.focus();
    box.setSelectionRange(box.value.length, box.value.length);
  }, 60);
}

function draw() {
  const now = props.value;
  if (!now || now.stamp === null || now.stamp === undefined) return;
  find('.ws-not-yet').hidden = true;
  if (!shown) find('.ws-all-groups').hidden = false;
  relist();
  if (shown) open(shown, true);
}

find('.ws-groups').addEventListener('click', event => {
  const row = event.target.closest('[data-group]');
  if (row) open(row.dataset.group);
});
find('.ws-to-all').addEventListener('click', toAll);
element.addEventListener('keydown', event => {
  if (event.key === 'Escape' && !find('.ws-one-group').hidden && document.querySelector('#panel .ws-reader').hidden) toAll();
});
find('#ws-find-group').addEventListener('input', soon(relist, 180));
watch('value', draw);
draw();
