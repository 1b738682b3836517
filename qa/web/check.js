// A pasted quote and what is known of it. Gradio runs this once, with `element`, `props` and `server` (a function of ours
// in Python). Words of articles and people come as data and become text nodes, never markup.

const { make, button } = window.whosaid;
const find = selector => element.querySelector(selector);
const QUOTE = find('#ws-quote'), SPEAKER = find('#ws-speaker'), GO = find('.ws-go'), VERDICT = find('.ws-verdict');
const LONGEST = props.value.longest;
const SIGNS = { 'word for word': '✓', altered: '≠', 'said by somebody else': '⇄', 'digest only': '◌', 'not in the corpus': '∅' };
QUOTE.maxLength = LONGEST;

// ---- differences

const unseen = words => make('span', 'ws-unseen', words);

// Both texts, each with what only it has marked: the pasted one above, the article's below.
function compared(found) {
  const pasted = make('p', 'ws-side'), article = make('p', 'ws-side');
  for (const { kind, said, claimed } of found.steps) {
    const only = kind === 'changed' || kind === 'added' ? claimed : '';
    const lacks = kind === 'changed' || kind === 'missing' ? said : '';
    if (kind === 'same') {
      pasted.append((claimed || said) + ' ');
      article.append(said + ' ');
    }
    if (only) pasted.append(make('del', '', unseen('not in the article: '), only), ' ');
    if (lacks) article.append(make('ins', '', unseen('only in the article: '), lacks), ' ');
    if (kind === 'omitted') pasted.append('… ');
    if (kind === 'omitted' || kind === 'aside') article.append(make('span', 'ws-aside', said), ' ');
  }
  return make('div', 'ws-sides', make('h4', '', 'Pasted'), pasted, make('h4', '', 'In the article'), article);
}

function card(found) {
  const opens = button('ws-plain ws-open-passage', 'Open the passage');
  opens.dataset.cite = found.link;
  opens.setAttribute('aria-label', 'Open the passage in ' + found.title);
  const made = make('li', found.digest ? 'ws-found ws-found-digest' : 'ws-found');
  const how = make('span', found.exact ? 'ws-badge ws-how-exact' : 'ws-badge ws-how-altered', found.how);
  made.append(make('p', 'ws-found-who', make('strong', '', found.who), ' ', how));
  made.append(found.steps.some(step => step.kind !== 'same') ? compared(found) : make('blockquote', '', found.quote));
  for (const remark of found.remarks) made.append(make('p', 'ws-hint', remark));
  made.append(make('div', 'ws-found-foot', opens, make('span', 'ws-meta', found.title)));
  return made;
}

// ---- states

function show(state, checked) {
  find('.ws-check-work').hidden = state !== 'working';
  GO.disabled = state === 'working';
  VERDICT.hidden = state !== 'done';
  find('.ws-check-alert').replaceChildren(...(state === 'failed' ? [make('p', 'ws-complaint', checked.problem)] : []));
  find('.ws-clear').hidden = state === 'empty' || state === 'working';
  if (state !== 'done') return;
  const found = make('ol', 'ws-finds', ...checked.found.map(card));
  found.setAttribute('aria-label', 'Where it stands');
  const sign = make('span', 'ws-sign', SIGNS[checked.verdict] || '');
  sign.setAttribute('aria-hidden', 'true');
  VERDICT.dataset.verdict = checked.verdict;
  VERDICT.replaceChildren(
    make('div', 'ws-ruling', sign, make('div', '', make('h3', '', checked.heading), make('p', '', checked.lead))),
    checked.found.length ? found : '',
    ...checked.notes.map(note => make('p', 'ws-hint', note)),
  );
  VERDICT.focus({ preventScroll: true });
  VERDICT.scrollIntoView({ block: 'nearest' });
}

let turn = 0; // a reply to an older check is not shown

async function check() {
  if (GO.disabled) return;
  const mine = ++turn;
  show('working');
  let checked;
  try {
    checked = await server.check_quote({ quote: QUOTE.value, speaker: SPEAKER.value });
  } catch (error) {
    checked = null;
  }
  checked ||= { problem: 'The server does not answer. Is whosaid still running?' }; // Gradio gives nothing rather than an error
  if (mine === turn) show(checked.problem ? 'failed' : 'done', checked);
}

function countLeft() {
  const left = LONGEST - QUOTE.value.length;
  find('.ws-left').textContent = left < 1000 ? left.toLocaleString('en') + ' characters left' : '';
}

find('.ws-check-form').noValidate = true;
find('.ws-check-form').addEventListener('submit', event => {
  event.preventDefault();
  check();
});
find('.ws-clear').addEventListener('click', () => {
  turn++;
  QUOTE.value = SPEAKER.value = '';
  countLeft();
  show('empty');
  QUOTE.focus();
});
QUOTE.addEventListener('input', countLeft);
QUOTE.addEventListener('keydown', event => {
  if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    check();
  }
});
