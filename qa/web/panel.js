// The panel beside the chat: a list of sources that becomes a reader. Gradio runs this once, with `element` (the
// panel), `props`, `server` (functions of ours in Python) and `watch`. Words of articles come as data and are put in
// as plain text, never as markup. The template never changes, so nothing that is built here is overwritten.

const { make } = window.whosaid;
const SHEET = window.matchMedia('(max-width: 767px)');
const find = selector => element.querySelector(selector);
const SOURCES = find('.ws-sources'), READER = find('.ws-reader'), SCROLL = find('.ws-scroll');

let opener = null; // what was activated to open the reader, and gets the focus back
let links = []; // the citations beside the one that is open: of its message or its list
let current = '';
let page = null; // what the reader shows
let cited = ''; // the citation from which other places of its article were opened
let asked = 0; // a slow reply to an older click is not shown

// ---- the list

function card(source) {
  const button = make('button', source.digest ? 'ws-card ws-digest' : 'ws-card');
  button.type = 'button';
  button.dataset.cite = source.link;
  const body = make('span', 'ws-body');
  if (source.speaker) body.append(make('span', 'ws-line', make('span', 'ws-label', 'Said by '), make('strong', '', source.speaker)));
  const published = make('span', 'ws-line', make('span', 'ws-label', source.speaker ? 'Published by ' : 'By '));
  published.append(source.speaker ? source.publisher : make('strong', '', source.publisher), make('span', 'ws-label', ' · ' + source.date));
  body.append(published, make('span', 'ws-line ws-title', source.title));
  if (source.voice) body.append(make('span', 'ws-badge', source.voice));
  body.append(make('span', 'ws-words', source.words));
  button.append(...(source.number ? [make('span', 'ws-number', String(source.number))] : []), body);
  return make('li', '', button);
}

function draw() {
  const value = props.value || { cards: [], also: [], hint: '', opened: '' };
  close(false);
  find('.ws-empty').textContent = value.hint;
  find('.ws-empty').hidden = !value.hint;
  find('.ws-cited-cards').replaceChildren(...value.cards.map(card));
  find('.ws-also').hidden = !value.also.length;
  find('.ws-also').open = false;
  find('.ws-also-cards').replaceChildren(...value.also.map(card));
  SOURCES.scrollTop = 0;
  if (value.opened) open(value.opened, null, []);
  else showLastQuestion();
}

// Gradio labels each message with its Markdown source, which is no reading for anybody, and leaves some parts nameless.
function nameParts() {
  for (const message of document.querySelectorAll('#chat [data-testid="user"], #chat [data-testid="bot"]')) {
    message.setAttribute('aria-label', message.dataset.testid === 'user' ? 'Your question' : 'Answer');
  }
  for (const chip of document.querySelectorAll('#chat a[href*="#without-"]:not([role])')) {
    chip.setAttribute('role', 'button');
    chip.setAttribute('aria-label', 'Ask again without: ' + chip.textContent.replace(/\s*×$/, ''));
  }
  for (const begin of document.querySelectorAll('#chat .examples[role="list"]')) { // a list whose entries are buttons is none
    begin.setAttribute('role', 'group');
    begin.setAttribute('aria-label', 'Questions to begin with');
  }
  for (const box of document.querySelectorAll('#question textarea')) box.setAttribute('aria-label', 'Question');
  for (const send of document.querySelectorAll('#question button')) send.setAttribute('aria-label', send.matches('.stop-button') ? 'Stop' : 'Ask');
}
new MutationObserver(nameParts).observe(element.closest('.gradio-container') || document.body, { childList: true, subtree: true });

// It scrolls a long answer to its end, where people want to read it from its question. It does so a little after the
// value comes, so this looks a few times, and stops as soon as somebody scrolls, types or opens a source.
let looks = 0;
for (const moved of ['wheel', 'touchmove', 'keydown']) document.addEventListener(moved, () => { looks = 0; }, { passive: true });

function showLastQuestion() {
  const running = looks > 0;
  looks = 8;
  if (!running) look();
}

function look() {
  const chat = document.querySelector('#chat .panel-wrap'), questions = document.querySelectorAll('#chat .user-row');
  if (chat && questions.length && READER.hidden) {
    const last = questions[questions.length - 1];
    chat.scrollTop += last.getBoundingClientRect().top - chat.getBoundingClientRect().top - 4;
  }
  if (--looks > 0) setTimeout(look, 80);
}

// ---- the reader

function text(paragraphs) {
  return paragraphs.map(pieces => {
    const made = make('p', '');
    let mark = null;
    for (const piece of pieces) {
      if (!piece.cited) mark = null;
      else if (!mark) made.append((mark = make('mark', 'ws-cited')));
      (mark || made).append(piece.part ? make('span', 'ws-' + piece.part, piece.words) : piece.words);
    }
    return made;
  });
}

function head() {
  const made = [make('h2', '', page.title)];
  const facts = [page.group, page.date, page.author && 'by ' + page.author, page.publication, page.page && 'page ' + page.page].filter(Boolean).join(' · ');
  const line = make('p', 'ws-meta', facts, ' · ', make('span', 'ws-kind', page.kind));
  if (page.url) {
    const original = make('a', 'ws-original', 'Original', make('span', 'ws-unseen', ' (opens in a new tab)'));
    original.href = page.url;
    original.target = '_blank';
    original.rel = 'noopener noreferrer';
    line.append(' · ', original);
  }
  made.push(line);
  if (page.inferred) made.push(make('p', 'ws-hint', page.inferred));
  if (page.digest) made.push(make('p', 'ws-notice', page.digest));
  if (page.note) made.push(make('p', 'ws-notice', page.note));
  if (page.who) made.push(make('p', 'ws-who', page.number ? make('span', 'ws-number', String(page.number)) : '', make('span', '', page.who)));
  return made;
}

// Who says what in the article, and references to it.
function foot(same) {
  const folds = element.querySelectorAll('.ws-fold'), others = page.remarks.filter(one => !one.shown).length;
  const some = page.remarks.length > others;
  folds[0].hidden = !page.remarks.length;
  folds[0].textContent = (some ? 'Other statements' : 'Statements') + ' (' + others + ')';
  find('.ws-copy-link').textContent = find('.ws-cited') ? 'Copy link to this passage' : 'Copy link';
  find('.ws-markdown').textContent = page.markdown;
  find('.ws-bibtex').textContent = page.bibtex;
  if (!same) {
    for (const one of folds) fold(one, false);
    find('.ws-remarks').replaceChildren(...page.remarks.map(remark));
  }
  page.remarks.forEach((one, at) => {
    const button = find('.ws-remarks').children[at].firstElementChild;
    if (one.shown) button.setAttribute('aria-current', 'true');
    else button.removeAttribute('aria-current');
  });
}

function remark(one) {
  const who = make('span', 'ws-line', make('strong', '', one.who), make('span', 'ws-label', ' · ' + one.how));
  const button = make('button', 'ws-remark', who, make('span', 'ws-words', one.words));
  button.type = 'button';
  button.dataset.place = one.link;
  return make('li', '', button);
}

function fold(button, out) {
  button.setAttribute('aria-expanded', String(out));
  document.getElementById(button.getAttribute('aria-controls')).hidden = !out;
}

async function open(link, from, beside) {
  const turn = ++asked;
  let found;
  try {
    found = await server.open_place(link);
  } catch (error) {
    found = null;
  }
  found ||= { problem: 'The server does not answer. Is whosaid still running?' }; // Gradio gives nothing rather than an error
  await leaving;
  if (turn !== asked) return;
  const problem = found.problem, same = !READER.hidden && Boolean(page) && !problem && page.id === found.id;
  if (from) opener = from;
  else if (READER.hidden) opener = null;
  if (beside) links = beside;
  if (links.includes(link)) cited = link;
  current = link;
  page = problem ? null : found;
  find('.ws-head').replaceChildren(...(problem ? [make('p', 'ws-notice', problem)] : head()));
  find('.ws-text').replaceChildren(...(problem ? [] : text(page.paragraphs)));
  find('.ws-foot').hidden = Boolean(problem);
  if (page) foot(same);
  step();
  SOURCES.hidden = true;
  READER.hidden = false;
  remember();
  cover(true);
  const mark = find('.ws-cited');
  SCROLL.scrollTop = 0;
  if (mark) {
    const room = Math.max(0, SCROLL.clientHeight - mark.offsetHeight);
    SCROLL.scrollTop = mark.getBoundingClientRect().top - SCROLL.getBoundingClientRect().top - room / 3;
    mark.tabIndex = -1;
  }
  (mark || SCROLL).focus({ preventScroll: true });
  if (!SHEET.matches) READER.scrollIntoView({ block: 'nearest' });
  find('.ws-announce').textContent = problem || 'Opened: ' + page.title + ', ' + page.group;
}

function step() {
  const at = links.indexOf(current);
  find('.ws-steps').hidden = links.length < 2 || at < 0;
  find('.ws-again').hidden = at >= 0 || !links.includes(cited);
  find('.ws-where').textContent = at + 1 + ' of ' + links.length;
  find('.ws-previous').disabled = at <= 0;
  find('.ws-next').disabled = at >= links.length - 1;
}

// ---- the Back key: an open reader is a step of its own in the browser's history

let leaving = Promise.resolve(); // while the step is being taken back
const isStep = () => Boolean(history.state && history.state.whosaidReader);

function remember() {
  if (!isStep()) history.pushState({ ...history.state, whosaidReader: true }, '');
}

function forget() {
  if (!isStep()) return;
  leaving = new Promise(resolve => {
    window.addEventListener('popstate', resolve, { once: true });
    setTimeout(resolve, 400);
  });
  history.back();
}

window.addEventListener('popstate', () => {
  if (!READER.hidden && !isStep() && element.isConnected) close(true);
});

function close(refocus) {
  asked++;
  if (READER.hidden) return;
  READER.hidden = true;
  SOURCES.hidden = false;
  cover(false);
  forget();
  if (!refocus || !opener) return;
  // An answer that was drawn again has new links: the one that leads to the same place stands for the old one.
  const again = opener.isConnected ? opener : document.querySelector(selectorOf(linkOf(opener)));
  if (again) again.focus();
}

// On a small screen the reader covers the page, and what it covers can't be reached.
function cover(on) {
  const sheet = on && SHEET.matches;
  READER.setAttribute('role', sheet ? 'dialog' : 'region');
  READER.toggleAttribute('aria-modal', sheet);
  if (sheet) READER.setAttribute('aria-modal', 'true');
  document.documentElement.classList.toggle('ws-covered', sheet);
  for (const part of document.querySelectorAll('#left, #masthead')) part.inert = sheet;
}

// ---- what people do

const LINKS = 'a[href*="#cite-"], [data-cite]';
const linkOf = target => target.dataset.cite || target.getAttribute('href').split('#cite-')[1];
const selectorOf = link => `a[href$="#cite-${CSS.escape(link)}"], [data-cite="${CSS.escape(link)}"]`;

document.addEventListener('click', event => {
  const target = event.target.closest && event.target.closest(LINKS);
  if (!target || !element.isConnected) return;
  event.preventDefault();
  event.stopPropagation();
  const home = target.closest('.ws-cards, .ws-cites, .message') || target;
  open(linkOf(target), target, [...new Set([...home.querySelectorAll(LINKS)].map(linkOf))]);
}, true);

// A reading that is taken back goes to Python through a hidden box, as "TIME.TURN-KEY": the time makes each one new.
function takeBack(chip) {
  window.whosaid.tell('without', Date.now() + '.' + chip.getAttribute('href').split('#without-')[1]);
}

document.addEventListener('click', event => {
  const chip = event.target.closest && event.target.closest('a[href*="#without-"]');
  if (!chip || !element.isConnected) return;
  event.preventDefault();
  event.stopPropagation();
  takeBack(chip);
}, true);

document.addEventListener('keydown', event => {
  const chip = event.key === ' ' && event.target.closest && event.target.closest('a[href*="#without-"]');
  if (!chip || !element.isConnected) return;
  event.preventDefault();
  takeBack(chip);
});

document.addEventListener('keydown', event => {
  if (event.key === 'Escape' && !READER.hidden && element.isConnected) close(true);
});

element.addEventListener('click', event => {
  const button = event.target.closest('button');
  if (!button) return;
  if (button.matches('.ws-back')) close(true);
  if (button.matches('.ws-previous')) open(links[links.indexOf(current) - 1], null, null);
  if (button.matches('.ws-next')) open(links[links.indexOf(current) + 1], null, null);
  if (button.matches('.ws-again')) open(cited, null, null);
  if (button.matches('.ws-remark')) open(button.dataset.place, null, null);
  if (button.matches('.ws-fold')) {
    const out = button.getAttribute('aria-expanded') !== 'true';
    for (const one of element.querySelectorAll('.ws-fold')) fold(one, out && one === button);
  }
  if (button.matches('.ws-copy')) window.whosaid.copy(page[button.dataset.of], button);
  if (button.matches('.ws-copy-link')) window.whosaid.copy(location.origin + location.pathname + page.address, button);
});

SHEET.addEventListener('change', () => cover(!READER.hidden));
watch('value', draw);
draw();
